//! What a queue's intake cannot do, for those who have to mend it: receives that fail, and messages that wait and do not come.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    aws::{AwsError, queue::Queue},
    clock::Clock,
    engine::notices::{Notices, cure},
    observe,
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
    /// Since when nothing has come although there was room for it.
    quiet_since: Instant,
    /// How often in a row the queue has said that messages wait.
    counts: u32,
    /// It was told that they do, and none has come since.
    is_unreceived: bool,
}

/// What the notice is called.
const UNRECEIVED: &str = "nothing_received";

impl Complaints {
    pub(super) fn new(notices: Notices, clock: Clock, queue: &str) -> Self {
        Self { notices, clock, about: format!("queue {queue}"), quiet_since: Instant::now(), counts: 0, is_unreceived: false }
    }

    /// A receive has failed.
    pub(super) fn failed(&mut self, queue: &Queue, error: &AwsError) {
        self.quiet_since = Instant::now();
        let Some(cure) = cure(error) else { return observe::receive_failed(queue.url(), error) };
        let text = format!("nothing can be received from {}: {error}{cure}", queue.url());
        if self.raise(error.class.name(), text) {
            observe::receive_failed(queue.url(), &format_args!("{error}{cure}"));
        }
    }

    /// A receive has brought messages, or none.
    pub(super) fn answered(&mut self, brought: usize) {
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
    pub(super) fn is_due(&self, queue: &Queue) -> bool {
        !queue.is_fifo() && self.quiet_since.elapsed() >= QUIET
    }

    /// How many messages wait, as the queue says.
    pub(super) fn counted(&mut self, queue: &Queue, waiting: Option<u64>) {
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
            queue.url()
        );
        if self.raise(UNRECEIVED, text) {
            observe::nothing_received(queue.url(), waiting.unwrap_or_default());
        }
    }

    fn raise(&self, kind: &str, text: String) -> bool {
        let now: Timestamp = self.clock.now();
        self.notices.raise(&self.about, kind, text, format!("{now:.3}"))
    }

    fn clear(&self) {
        if let Some(notice) = self.notices.clear(&self.about) {
            observe::mended(&notice.text);
        }
    }
}
