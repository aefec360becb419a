//! Everything at one moment, shared by all who look.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::Console;
use crate::{
    config::Config,
    job::{
        event::rfc3339,
        standing::{JobStanding, Snapshot, State, Wait},
    },
};

/// A snapshot is this old at most ...
const FRESH: Duration = Duration::from_secs(1);
/// ... or so many times as old as it took to take, where that is more: whoever looks takes half a percent of a core at most.
const SHARE: u32 = 200;

/// A snapshot that was taken.
#[derive(Debug)]
pub(super) struct Taken {
    snapshot: Arc<Snapshot>,
    /// What held then: whoever has changed it finds the change.
    config: Arc<Config>,
    stale_at: Instant,
}

impl Console {
    /// Everything at one moment, a second ago at most as a rule, and not before the last reload, pause or resume. It is taken when somebody asks, and asks nobody else.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        // Whoever comes meanwhile waits for the one that is being taken.
        let mut taken = self.shared.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let config = self.config();
        let holds = |taken: &&Taken| {
            now < taken.stale_at
                && Arc::ptr_eq(&taken.config, &config)
                && taken.snapshot.limits.pauses == self.parts().worker.scheduler.pauses()
        };
        if let Some(taken) = taken.as_ref().filter(holds) {
            return Arc::clone(&taken.snapshot);
        }
        let snapshot = Arc::new(self.take());
        let cost = now.elapsed();
        *taken = Some(Taken { snapshot: Arc::clone(&snapshot), config, stale_at: now + FRESH.max(cost * SHARE) });
        snapshot
    }

    fn take(&self) -> Snapshot {
        let parts = self.parts();
        let scheduler = &parts.worker.scheduler;
        let standing = scheduler.standing();
        let mut waits: HashMap<u64, Wait> = standing.waiting.into_iter().map(|waiting| (waiting.arrival, waiting.wait)).collect();
        let mut jobs = self.tracker().all(|shown| {
            let wait = shown.arrival.and_then(|arrival| waits.remove(&arrival));
            shown.refresh(wait, scheduler);
        });
        jobs.sort_by(|one, other| key(one).cmp(&key(other)));
        let now = parts.worker.clock.now();
        let limits = standing.limits;
        let notices = self.notices(&limits, now);
        Snapshot { time: rfc3339(now), started_at: rfc3339(self.shared.started_at), jobs, limits, notices }
    }
}

/// What is before what: those that wait in the order of their turn, those that run and are reported, the oldest first, and those that have
/// ended, the newest first.
fn key(job: &JobStanding) -> (State, usize, &str, Reverse<&str>, [Option<&str>; 2]) {
    let position = job.wait.as_ref().and_then(|wait| wait.position).unwrap_or(usize::MAX);
    let started = job.started_at.as_deref().unwrap_or(&job.received_at);
    // CodeBuild tells times in seconds: of those that began in the same one, the first that was sent comes first.
    let sent = [job.job.enqueued_at.as_deref(), job.job.id.as_deref()];
    match job.state {
        State::Waiting => (State::Waiting, position, &job.received_at, Reverse(""), sent),
        State::Running | State::Reporting => (job.state, 0, started, Reverse(""), sent),
        State::Ended => (State::Ended, 0, "", Reverse(job.ended_at.as_deref().unwrap_or_default()), sent),
    }
}
