//! A message in a queue, and the receipt handle of a receive.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    api::ApiError,
    sqs::{error, model::attribute::Attributes},
};

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) body_md5: String,
    pub(crate) attributes: Attributes,
    /// `AWSTraceHeader`, if the message has one.
    pub(crate) system_attributes: Attributes,
    pub(crate) group: Option<String>,
    pub(crate) deduplication_id: Option<String>,
    /// Increases with each message of a FIFO queue.
    pub(crate) sequence: Option<String>,
    pub(crate) sent_ms: u64,
    pub(crate) first_received_ms: Option<u64>,
    pub(crate) receives: u64,
    /// For a message in a dead-letter queue: the queue from which SQS moved it.
    pub(crate) dead_letter_source: Option<String>,
    pub(crate) standing: Standing,
}

/// Whether a message can be received. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Visible,
    Delayed { until_ms: u64 },
    InFlight { received_ms: u64, until_ms: u64 },
}

impl Message {
    /// The message for its dead-letter queue: the same message, visible.
    pub(crate) fn given_up_by(mut self, queue_arn: &str) -> Self {
        self.dead_letter_source = Some(queue_arn.to_owned());
        self.standing = Standing::Visible;
        self
    }

    /// The message that a redrive moves back: as a new one.
    pub(crate) fn moved_back(mut self, now_ms: u64) -> Self {
        self.id = crate::random::uuid().to_string();
        self.dead_letter_source = None;
        self.sent_ms = now_ms;
        self.first_received_ms = None;
        self.receives = 0;
        self.standing = Standing::Visible;
        self
    }
}

/// The meaning of a receipt handle: one receive of one message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    /// The message's place in its queue.
    pub(crate) place: u64,
    /// The number of the receive, from 1.
    pub(crate) receive: u64,
    pub(crate) message_id: String,
    pub(crate) queue: String,
}

impl Handle {
    pub(crate) fn encode(&self) -> String {
        STANDARD.encode(format!("{} {} {} {}", self.place, self.receive, self.message_id, self.queue))
    }

    /// Reads a handle of `queue`.
    pub(crate) fn decode(text: &str, queue: &str) -> Result<Self, ApiError> {
        let read = || {
            let plain = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
            let mut parts = plain.split(' ');
            let handle = Self {
                place: parts.next()?.parse().ok()?,
                receive: parts.next()?.parse().ok()?,
                message_id: parts.next()?.to_owned(),
                queue: parts.next()?.to_owned(),
            };
            (handle.queue == queue && parts.next().is_none()).then_some(handle)
        };
        read().ok_or_else(|| error::bad_handle(text))
    }
}
