//! The notices: states of the daemon that an operator should know of.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use super::Console;
use crate::job::{
    event::rfc3339,
    standing::{Cause, JobStanding, LimitStanding, Limits, Notice, PauseScope, Severity},
};

/// A notice names paused jobs whose messages have so few receives left. It comes before the last one, so that there is time to act.
const FEW: u32 = 1;

impl Console {
    /// All notices, the worst first: states that need an operator, loops without progress, pauses and what they cost, projects that run
    /// fewer builds than the limits allow, starts that CodeBuild refuses (`troubles`), and that the daemon is draining.
    pub(super) fn notices(&self, limits: &Limits, jobs: &[Arc<JobStanding>], troubles: Vec<Notice>, now: Timestamp) -> Vec<Notice> {
        let parts = self.parts();
        let mut notices = parts.notices.list();
        notices.extend(troubles);
        notices.extend(parts.pulses.stale().into_iter().map(|(name, since)| Notice {
            severity: Severity::Error,
            kind: "loop_stands_still".to_owned(),
            text: format!("{name} has not turned over for {} s: jobs may not go on, and the process should be restarted", since.as_secs()),
            since: now.checked_sub(since).ok().map(rfc3339),
        }));
        notices.extend(limits.pauses.iter().map(|pause| Notice {
            severity: Severity::Warning,
            kind: "paused".to_owned(),
            text: {
                let reason = pause.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
                format!("{} paused{reason}: nothing of it starts until somebody resumes it", scope(&pause.scope))
            },
            since: pause.since.clone(),
        }));
        notices.extend(parts.pauses.strange().into_iter().map(|key| Notice {
            severity: Severity::Warning,
            kind: "pause_strange".to_owned(),
            text: format!("the tag {key} of a queue looks like a pause and pauses nothing: is it misspelt?"),
            since: None,
        }));
        notices.extend(self.worn(jobs));
        notices.extend(limits.projects.iter().filter_map(learned));
        if parts.worker.shutdown.drain.is_cancelled() {
            notices.push(Notice {
                severity: Severity::Warning,
                kind: "draining".to_owned(),
                text: "the daemon leaves: it starts nothing more, and what still runs is for the next one".to_owned(),
                since: None,
            });
        }
        notices.sort();
        notices
    }

    /// Paused jobs whose messages will soon go to the dead-letter queue because they were received too often.
    fn worn(&self, jobs: &[Arc<JobStanding>]) -> Option<Notice> {
        let few: BTreeSet<Arc<str>> = self.parts().leases.iter().flat_map(|leases| leases.with_few_left(FEW)).collect();
        let is_paused = |job: &JobStanding| job.wait.iter().flat_map(|wait| &wait.reasons).any(|reason| reason.reason == Cause::Paused);
        let count = if few.is_empty() { 0 } else { jobs.iter().filter(|job| is_paused(job) && few.contains(&job.job.message_id)).count() };
        (count > 0).then(|| Notice {
            severity: Severity::Warning,
            kind: "receives_run_out".to_owned(),
            text: format!(
                "paused jobs whose messages SQS moves to the dead-letter queue after one or two receives more: {count}; a restart of the daemon \
                is a receive, and so are 12 hours: resume them, or raise the queue's maxReceiveCount"
            ),
            since: None,
        })
    }
}

fn scope(scope: &PauseScope) -> String {
    match scope {
        PauseScope::All => "everything is".to_owned(),
        PauseScope::Queue(name) => format!("the queue {name} is"),
        PauseScope::Tenant(name) => format!("the tenant {name} is"),
        PauseScope::Profile(name) => format!("the profile {name} is"),
    }
}

fn learned(project: &LimitStanding) -> Option<Notice> {
    let learned = project.learned?;
    let words = project.refusal.as_deref().map(|words| format!(" (\u{201c}{words}\u{201d})")).unwrap_or_default();
    Some(Notice {
        severity: Severity::Warning,
        kind: "capacity_learned".to_owned(),
        text: format!(
            "CodeBuild takes {learned} builds of {} at once{words}: the others wait; ask AWS for a higher quota on concurrent builds, or lower limits.running",
            project.name
        ),
        since: project.learned_at.clone(),
    })
}
