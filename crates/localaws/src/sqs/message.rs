//! A message in a queue, and the handle that a receive gives out for it.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    api::ApiError,
    sqs::{attribute::Attributes, error},
};

/// A message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) body_md5: String,
    pub(super) attributes: Attributes,
    /// `AWSTraceHeader`, or nothing.
    pub(super) system_attributes: Attributes,
    pub(super) group: Option<String>,
    pub(super) deduplication_id: Option<String>,
    /// Grows from message to message on a FIFO queue.
    pub(super) sequence: Option<String>,
    pub(super) sent_ms: u64,
    pub(super) first_received_ms: Option<u64>,
    pub(super) receives: u64,
    /// The queue that gave the message up, for a message in a dead-letter queue.
    pub(super) dead_letter_source: Option<String>,
    pub(super) standing: Standing,
}

/// Who can see a message. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Visible,
    Delayed { until_ms: u64 },
    InFlight { received_ms: u64, until_ms: u64 },
}

/// What a receipt handle names: one receive of one message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Handle {
    /// The message's place in its queue.
    pub(super) place: u64,
    /// The how-manieth receive it was.
    pub(super) receive: u64,
    pub(super) message_id: String,
    pub(super) queue: String,
}

impl Handle {
    pub(super) fn encode(&self) -> String {
        STANDARD.encode(format!("{} {} {} {}", self.place, self.receive, self.message_id, self.queue))
    }

    /// Reads a handle that `queue` gave out.
    pub(super) fn decode(text: &str, queue: &str) -> Result<Self, ApiError> {
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
