//! A job queue as it is configured.

use std::time::Duration;

/// A job queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The queue's URL.
    pub url: String,
    /// Where rejected messages go. `None`: the queue's own redrive target, if it has one.
    pub dead_letter_url: Option<String>,
    /// How long a message stays ours without an extension; extended at a third of it.
    pub visibility: Duration,
    /// How long one receive waits for messages; at most 20 s (AWS's limit).
    pub wait: Duration,
    /// What messages come wrapped in. `None`: nothing.
    pub envelope: Option<Envelope>,
    /// Whether what SQS moved to the dead-letter queue is told.
    pub report_dead_letters: bool,
    /// The share of build time beside other queues; `None` in all of them: queues make no difference.
    pub weight: Option<u32>,
}

/// What a sender's message may come wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// A topic's, without raw message delivery.
    Sns,
    /// An event bus's, without an input path.
    EventBridge,
}

impl Queue {
    /// A queue of which nothing but the URL is known.
    pub fn of(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            dead_letter_url: None,
            visibility: Duration::from_mins(2),
            wait: Duration::from_secs(20),
            envelope: None,
            report_dead_letters: false,
            weight: None,
        }
    }

    /// The queue's name: the last part of its URL.
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or(&self.url)
    }
}
