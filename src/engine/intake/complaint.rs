//! What a queue's intake cannot do, for those who have to mend it: receives that fail, and messages that wait and do not come.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    aws::{AwsError, queue::is_fifo},
    clock::Clock,
    engine::notices::{Notices, Restart, cure},
    observe::{self, Seldom},
};

/// So long nothing comes before the queue is asked whether messages wait; and so long between two times that it is asked.
const QUIET: Duration = Duration::from_mins(5);
/// So often in a row it must say that they do: its count is late and approximate.
const COUNTS: u32 = 3;

/// The complaints of one intake.
#[derive(Debug)]
pub(super) struct Complaints {
    notices: Notices,
    clock: Clock,
    /// What the notice is about.
    about: String,
    /// The queue's URL.
    url: String,
    is_fifo: bool,
    /// Since when nothing has come although there was room for it.
    quiet_since: Instant,
    /// How often in a row the queue has said that messages wait.
    counts: u32,
    /// It was told that they do, and none has come since.
    is_unreceived: bool,
    /// What passes by itself.
    log: Seldom,
}

/// What the notice is called.
const UNRECEIVED: &str = "nothing_received";

impl Complaints {
    pub(super) fn new(notices: Notices, clock: Clock, url: &str) -> Self {
        let about = format!("queue {url}");
        Self {
            notices,
            clock,
            about,
            url: url.to_owned(),
            is_fifo: is_fifo(url),
            quiet_since: Instant::now(),
            counts: 0,
            is_unreceived: false,
            log: Seldom::default(),
        }
    }

    /// A receive has failed.
    pub(super) fn failed(&mut self, error: &AwsError) {
        self.quiet_since = Instant::now();
        let Some(cure) = cure(error) else {
            if self.log.is_due(error.class.name()) {
                observe::receive_failed(&self.url, error);
            }
            return;
        };
        let text = format!("nothing can be received from {}: {error}{cure}", self.url);
        if self.raise(error.class.name(), text) {
            observe::receive_failed(&self.url, &format_args!("{error}{cure}"));
        }
    }

    /// A receive has brought messages, or none.
    pub(super) fn answered(&mut self, brought: usize) {
        self.log.is_over();
        if brought > 0 {
            self.quiet_since = Instant::now();
            self.counts = 0;
            self.is_unreceived = false;
        }
        if !self.is_unreceived {
            self.clear();
        }
    }

    /// Whether it is time to ask the queue how many messages wait. On a FIFO queue those of a group that has one in flight wait rightly.
    pub(super) fn is_due(&self) -> bool {
        !self.is_fifo && self.quiet_since.elapsed() >= QUIET
    }

    /// How many messages wait, as the queue says.
    pub(super) fn counted(&mut self, waiting: Option<u64>) {
        self.quiet_since = Instant::now();
        self.counts = if waiting.is_some_and(|waiting| waiting > 0) { self.counts + 1 } else { 0 };
        if self.counts < COUNTS {
            self.is_unreceived = false;
            return self.clear();
        }
        self.is_unreceived = true;
        let text = format!(
            "{} messages wait on {}, and none is received: look whether another consumer reads the queue, and restart the daemon",
            waiting.unwrap_or_default(),
            self.url
        );
        if self.raise(UNRECEIVED, text) {
            observe::nothing_received(&self.url, waiting.unwrap_or_default());
        }
    }

    fn raise(&self, kind: &str, text: String) -> bool {
        let now: Timestamp = self.clock.now();
        self.notices.raise(&self.about, Restart::MayHelp, kind, text, format!("{now:.3}"))
    }

    fn clear(&self) {
        if let Some(notice) = self.notices.clear(&self.about) {
            observe::mended(&notice.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Class;

    const URL: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";

    fn complaints(url: &str) -> (Notices, Complaints) {
        let notices = Notices::default();
        (notices.clone(), Complaints::new(notices, Clock::system(), url))
    }

    fn kinds(notices: &Notices) -> Vec<String> {
        notices.list().into_iter().map(|notice| notice.kind).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn messages_that_wait_and_do_not_come_are_told_when_the_queue_says_so_again_and_again() {
        let (notices, mut complaints) = complaints(URL);
        assert!(!complaints.is_due());
        for count in 1..=COUNTS {
            complaints.answered(0);
            tokio::time::advance(QUIET).await;
            assert!(complaints.is_due());
            assert!(kinds(&notices).is_empty(), "{count}");
            complaints.counted(Some(7));
            assert!(!complaints.is_due());
        }
        assert_eq!(kinds(&notices), [UNRECEIVED]);
        assert!(notices.list().iter().all(|notice| notice.text.starts_with(&format!("7 messages wait on {URL}"))));
        complaints.answered(0);
        assert_eq!(kinds(&notices), [UNRECEIVED], "an empty receive mends nothing");
        complaints.answered(1);
        assert!(kinds(&notices).is_empty());
        // One count of none, and it begins anew.
        for waiting in [Some(1), Some(1), Some(0), Some(1), Some(1), None] {
            complaints.counted(waiting);
            assert!(kinds(&notices).is_empty());
        }
        let (_, mut fifo) = self::complaints(&format!("{URL}.fifo"));
        fifo.answered(0);
        tokio::time::advance(QUIET).await;
        assert!(!fifo.is_due(), "messages of a group that has one in flight wait rightly");
    }

    #[tokio::test(start_paused = true)]
    async fn a_receive_that_fails_is_a_notice_where_somebody_has_to_act() {
        let (notices, mut complaints) = complaints(URL);
        for (class, told) in
            [(Class::Throttled, None), (Class::Transient, None), (Class::Denied, Some("denied")), (Class::NotFound, Some("not_found"))]
        {
            complaints.failed(&AwsError::local(class, "sqs.ReceiveMessage", "no"));
            assert_eq!(kinds(&notices), told.into_iter().collect::<Vec<_>>(), "{class:?}");
        }
        complaints.answered(0);
        assert!(kinds(&notices).is_empty());
    }
}
