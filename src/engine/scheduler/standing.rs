//! What the API and the page show of those that wait and of the limits.

use std::time::Duration;

use super::{Scheduler, State, expected};
use crate::job::{
    estimate::range,
    schedule::Stand,
    standing::{Cause, Limits, Notice, Reason, Wait},
};

/// Where jobs and limits stand at one moment.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Who waits in line, in the order of their turn; those that are paused last.
    pub(crate) waiting: Vec<Waiter>,
    pub(crate) limits: Limits,
    /// What CodeBuild says of starts that it does not take.
    pub(crate) troubles: Vec<Notice>,
}

/// One who waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    /// Its ticket's.
    pub(crate) arrival: u64,
    pub(crate) wait: Wait,
}

impl Scheduler {
    /// Who waits and why, and all limits. Costs as much as jobs wait: to be asked at most once a second.
    pub(crate) fn standing(&self) -> Standing {
        let now_ms = self.now_ms();
        self.with(|state| {
            state.settle();
            let State { schedule, durations, rooms, .. } = state;
            let stands = schedule.stand(now_ms, |repository, profile| expected(durations, repository, profile));
            let waiter = |stand: Stand<'_>| {
                let Stand { ticket, mut wait, starts_in } = stand;
                let words = || rooms.get(&ticket.project)?.refusal.as_ref().map(|(_, words)| words.clone());
                for reason in wait.reasons.iter_mut().filter(|reason| reason.reason == Cause::Capacity) {
                    reason.name = words();
                }
                if state.untold >= state.most_untold {
                    let (running, limit) = (Some(state.untold), Some(state.most_untold));
                    let name = Some("ends that could not be published yet".to_owned());
                    wait.reasons.push(Reason { reason: Cause::Limit, name, running, limit, burst: None, job: None });
                }
                // While nothing is known, a guess would be no estimate.
                wait.estimate_seconds = starts_in.filter(|_| !durations.is_empty()).map(range);
                Waiter { arrival: ticket.arrival, wait }
            };
            let waiting = stands.into_iter().map(waiter).collect();
            let mut limits = schedule.limits(now_ms);
            for project in &mut limits.projects {
                project.learned = project.limit.take();
                if let Some((when, words)) = rooms.get(&project.name).and_then(|room| room.refusal.as_ref()) {
                    project.refusal = Some(words.clone());
                    project.learned_at = project.learned.map(|_| self.shared.clock.at(*when).to_string());
                }
            }
            limits.held = self.shared.backlog.held(state.waiting.iter().filter(|(_, waiting)| waiting.is_counted()).count());
            limits.pauses.clone_from(&state.pauses);
            Standing { waiting, limits, troubles: state.troubles(self.shared.clock) }
        })
    }

    /// What builds of a repository and profile usually take in seconds: the median, and what nine of ten stay below. `None`: nothing is
    /// known.
    pub(crate) fn usual(&self, repository: &str, profile: &str) -> Option<[u64; 2]> {
        self.with(|state| state.durations.usual(repository, profile))
    }

    /// How long a build that has taken `elapsed` still runs, at least and at most, in seconds.
    pub(crate) fn left(&self, repository: &str, profile: &str, elapsed: Duration) -> Option<[u64; 2]> {
        self.with(|state| state.durations.left(repository, profile, elapsed.as_secs_f64()))
    }
}
