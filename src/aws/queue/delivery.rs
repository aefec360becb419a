//! A received message.

use std::sync::Arc;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName as System};
use jiff::Timestamp;

use super::attribute::{Attribute, Attributes};

/// The system attributes that a receive asks for.
pub(super) const SYSTEM: [System; 5] = [
    System::SentTimestamp,
    System::ApproximateReceiveCount,
    System::AwsTraceHeader,
    System::MessageGroupId,
    System::DeadLetterQueueSourceArn,
];

/// A received message.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub message_id: Arc<str>,
    /// The receipt handle. Valid until the message is received again.
    pub receipt: Arc<str>,
    pub body: String,
    pub sent_at: Option<Timestamp>,
    /// How often it was received, this receive included.
    pub receive_count: u32,
    /// The sender's attributes, of every type.
    pub attributes: Attributes,
    /// The `AWSTraceHeader`.
    pub trace_header: Option<String>,
    /// The `MessageGroupId`; a message on a FIFO queue has one, on a standard queue it may.
    pub group: Option<String>,
    /// The `DeadLetterQueueSourceArn`: the queue that SQS moved it from because it was received too often.
    pub moved_from: Option<String>,
}

impl Delivery {
    /// The text of one of the sender's attributes.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Attribute::text)
    }

    /// Reads a message of SQS's answer.
    pub(super) fn read(message: Message) -> Self {
        let system = message.attributes.unwrap_or_default();
        let number = |name: &System| system.get(name).and_then(|text| text.parse::<i64>().ok());
        let text = |name: &System| system.get(name).cloned();
        let attributes = message.message_attributes.unwrap_or_default().into_iter();
        Self {
            message_id: message.message_id.unwrap_or_default().into(),
            receipt: message.receipt_handle.unwrap_or_default().into(),
            body: message.body.unwrap_or_default(),
            sent_at: number(&System::SentTimestamp).and_then(|millis| Timestamp::from_millisecond(millis).ok()),
            receive_count: number(&System::ApproximateReceiveCount).and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
            trace_header: text(&System::AwsTraceHeader),
            group: text(&System::MessageGroupId),
            moved_from: text(&System::DeadLetterQueueSourceArn),
            attributes: attributes.filter_map(|(name, value)| Some((name, Attribute::read(value)?))).collect(),
        }
    }
}
