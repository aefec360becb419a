//! A job queue as it is configured.

use std::time::Duration;

/// A job queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The queue's URL.
    pub url: String,
    /// The URL of the queue for rejected messages. `None`: the target of the queue's redrive policy, if it has one.
    pub dead_letter_url: Option<String>,
    /// The visibility timeout of a message. It is extended after a third of it.
    pub visibility: Duration,
    /// How long one receive waits for messages: at most 20 s, AWS's limit.
    pub wait: Duration,
    /// The envelope of the messages. `None`: there is none.
    pub envelope: Option<Envelope>,
    /// Whether to publish the ends of jobs whose messages SQS moved to the dead-letter queue.
    pub report_dead_letters: bool,
    /// The weight of the queue's share of build time. `None` in all queues: queues make no difference.
    pub weight: Option<u32>,
}

/// The envelope of a sender's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// That of an SNS topic without raw message delivery.
    Sns,
    /// That of an EventBridge bus without an input path.
    EventBridge,
}

impl Queue {
    /// A queue of this URL with the defaults.
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
