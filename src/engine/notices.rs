//! States that need an operator: what they are, since when, and what to do. Readiness and health show them; the log has them when they
//! begin and every ten minutes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    aws::{AwsError, Class},
    job::standing::{Notice, Severity},
    observe::Seldom,
};

/// After so long a state that a restart may end makes health red.
pub const PATIENCE: Duration = Duration::from_mins(10);

/// The states that hold now. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Notices {
    /// By subject, such as a queue's intake. There is at most one for each part of the daemon.
    held: Arc<Mutex<BTreeMap<String, Held>>>,
}

/// Whether a state that lasts makes health red, so that the process is restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restart {
    /// A restart may help and does no harm.
    MayHelp,
    /// A restart does not help, and costs each held message one of its receives.
    Harms,
}

#[derive(Debug)]
struct Held {
    notice: Notice,
    restart: Restart,
    since: Instant,
    log: Seldom,
}

impl Notices {
    /// Notes a state. The answer is whether it should be logged now.
    pub(crate) fn raise(&self, about: &str, restart: Restart, kind: &str, text: String, time: String) -> bool {
        self.with(|held| {
            if let Some(known) = held.get_mut(about).filter(|known| known.notice.kind == kind) {
                known.notice.text = text;
                return known.log.is_due(kind);
            }
            let notice = Notice { severity: Severity::Error, kind: kind.to_owned(), text, since: Some(time) };
            let mut log = Seldom::default();
            let is_due = log.is_due(kind);
            held.insert(about.to_owned(), Held { notice, restart, since: Instant::now(), log });
            is_due
        })
    }

    /// The state is over. The answer is what it was.
    pub(crate) fn clear(&self, about: &str) -> Option<Notice> {
        self.with(|held| held.remove(about)).map(|held| held.notice)
    }

    /// All states, in the order of their subjects.
    pub fn list(&self) -> Vec<Notice> {
        self.with(|held| held.values().map(|held| held.notice.clone()).collect())
    }

    /// The states that have lasted for [`PATIENCE`] and that a restart may end. An outage of AWS is none of them.
    pub fn overdue(&self) -> Vec<Notice> {
        let is_overdue = |held: &&Held| {
            held.restart == Restart::MayHelp && held.since.elapsed() >= PATIENCE && held.notice.kind != Class::Unreachable.name()
        };
        self.with(|held| held.values().filter(is_overdue).map(|held| held.notice.clone()).collect())
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Held>) -> T) -> T {
        work(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What an operator has to do about a failing call. `None`: nothing, it ends by itself.
pub(crate) fn cure(error: &AwsError) -> Option<&'static str> {
    match error.class {
        // The error's own text says what to do.
        Class::Credentials | Class::Unreachable => Some(""),
        Class::NotFound => Some("; make it, or mend its address in the configuration"),
        Class::Denied => Some("; give the daemon's role the permissions of deploy/policy.json"),
        Class::Invalid => Some("; compare the configuration with what is on AWS: slipway check --online"),
        Class::Throttled | Class::Capacity | Class::Transient => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raise(notices: &Notices, about: &str, kind: &str) -> bool {
        let restart = if about == "topic" { Restart::Harms } else { Restart::MayHelp };
        notices.raise(about, restart, kind, format!("{about}: {kind}"), "2026-11-22T10:22:00.123Z".to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_is_logged_once_then_seldom_and_is_ill_health_when_it_lasts() {
        let notices = Notices::default();
        assert!(raise(&notices, "jobs", "not_found"));
        assert!(!raise(&notices, "jobs", "not_found"), "it is known");
        assert!(raise(&notices, "other", "unreachable") && raise(&notices, "topic", "not_found"));
        assert!(notices.overdue().is_empty());
        tokio::time::advance(Duration::from_mins(10)).await;
        assert!(raise(&notices, "jobs", "not_found"), "it still lasts");
        assert!(!raise(&notices, "jobs", "not_found"));
        let kinds = |list: Vec<Notice>| list.into_iter().map(|notice| notice.kind).collect::<Vec<_>>();
        assert_eq!(kinds(notices.overdue()), ["not_found"]);
        assert!(raise(&notices, "jobs", "denied"), "it is another state");
        assert!(notices.overdue().is_empty(), "which has not lasted");
        assert_eq!(kinds(notices.list()), ["denied", "unreachable", "not_found"]);
        assert!(notices.clear("jobs").is_some() && notices.clear("jobs").is_none());
        assert_eq!(notices.list().len(), 2);
    }
}
