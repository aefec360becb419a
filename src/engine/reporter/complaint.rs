//! Refusals of the topic, as a notice and in the log: an operator has to act, because the ends of jobs are not published meanwhile.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    aws::AwsError,
    clock::Clock,
    engine::notices::{Notices, Restart, cure},
    job::event::rfc3339,
    observe::{self, Seldom},
};

/// The refusals of the topic. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Complaints {
    notices: Notices,
    clock: Clock,
    arn: Arc<str>,
    /// The subject of the notice.
    about: Arc<str>,
    /// The number of terminal events that were refused and are tried again.
    untold: Arc<AtomicUsize>,
    /// When to log failures that end by themselves.
    log: Arc<Mutex<Seldom>>,
}

/// One of the refused events. Dropped when the topic has accepted it.
#[derive(Debug)]
pub(super) struct Untold(Arc<AtomicUsize>);

impl Complaints {
    pub(super) fn new(notices: Notices, clock: Clock, arn: &str) -> Self {
        Self { notices, clock, arn: arn.into(), about: format!("topic {arn}").into(), untold: Arc::default(), log: Arc::default() }
    }

    /// Counts a terminal event that was refused for the first time.
    pub(super) fn untold(&self) -> Untold {
        self.untold.fetch_add(1, Ordering::Relaxed);
        Untold(Arc::clone(&self.untold))
    }

    /// An event could not be published, and is tried again. It is logged once for all events, and then every ten minutes.
    pub(super) fn failed(&self, event: &str, error: &AwsError) {
        let kind = error.class.name();
        if !error.class.is_refusal() {
            let is_due = self.log.lock().unwrap_or_else(PoisonError::into_inner).is_due(kind);
            return observe::publish_failed(event, error, is_due);
        }
        let cure = cure(error).unwrap_or_default();
        let text = format!("the topic {} refuses events, so that the results of ended jobs cannot be published: {error}{cure}", self.arn);
        let is_due = self.notices.raise(&self.about, Restart::Harms, kind, text, rfc3339(self.clock.now()));
        observe::publish_refused(event, &format_args!("{error}{cure}"), is_due);
    }

    /// The topic has accepted an event. The notice stays until the refused events are accepted too.
    pub(super) fn accepted(&self) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).is_over();
        if self.untold.load(Ordering::Relaxed) == 0
            && let Some(notice) = self.notices.clear(&self.about)
        {
            observe::mended(&notice.text);
        }
    }
}

impl Drop for Untold {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Class;

    #[tokio::test]
    async fn a_refusing_topic_needs_a_person_until_it_has_accepted_all_that_it_refused() {
        let notices = Notices::default();
        let complaints = Complaints::new(notices.clone(), Clock::system(), "arn:aws:sns:us-east-1:000000000000:events");
        let refused = |class| complaints.failed("app-1/finished", &AwsError::local(class, "sns.PublishBatch", "no"));
        let kinds = || notices.list().into_iter().map(|notice| notice.kind).collect::<Vec<_>>();
        // A best-effort event counts too.
        refused(Class::Denied);
        assert_eq!(kinds(), ["denied"]);
        complaints.accepted();
        assert!(kinds().is_empty());

        let (one, other) = (complaints.untold(), complaints.untold());
        refused(Class::NotFound);
        let [notice] = &notices.list()[..] else { panic!("{:?}", notices.list()) };
        assert!(notice.text.starts_with("the topic arn:aws:sns:us-east-1:000000000000:events refuses events"), "{}", notice.text);
        assert!(notice.text.contains("mend its address"), "{}", notice.text);
        complaints.accepted();
        drop(one);
        complaints.accepted();
        assert_eq!(kinds(), ["not_found"], "one of them is not told yet");
        drop(other);
        complaints.accepted();
        assert!(kinds().is_empty());
    }
}
