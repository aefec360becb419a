//! What somebody should know of the daemon as a whole.

use jiff::Timestamp;

use super::Console;
use crate::job::{
    event::rfc3339,
    standing::{LimitStanding, Limits, Notice, PauseScope, Severity},
};

impl Console {
    /// What somebody should know of, the worst first: what needs a person, loops that stand still, what is paused, what CodeBuild was found
    /// to take less of than the operator allows, starts that it does not take (`troubles`), and that the daemon leaves.
    pub(super) fn notices(&self, limits: &Limits, troubles: Vec<Notice>, now: Timestamp) -> Vec<Notice> {
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
