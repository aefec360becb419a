//! Message attributes with their data types, and message groups.

use std::collections::BTreeMap;

use aws_sdk_sqs::{error::BuildError, primitives::Blob, types::MessageAttributeValue};

/// SQS takes at most so many attributes with a message.
pub const ATTRIBUTES: usize = 10;

/// A message's attributes by name.
pub type Attributes = BTreeMap<String, Attribute>;

/// One message attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// `String`, `Number` or `Binary`, with the sender's suffix, such as `Number.int`.
    pub data_type: String,
    pub value: Value,
}

/// An attribute's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A string or a number.
    Text(String),
    Binary(Vec<u8>),
}

impl Attribute {
    /// A string.
    pub fn string(text: impl Into<String>) -> Self {
        Self { data_type: "String".to_owned(), value: Value::Text(text.into()) }
    }

    /// The text of a string or a number.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Binary(_) => None,
        }
    }

    /// The bytes that SQS counts for it, without its name.
    pub fn size(&self) -> usize {
        let value = match &self.value {
            Value::Text(text) => text.len(),
            Value::Binary(bytes) => bytes.len(),
        };
        self.data_type.len() + value
    }

    pub(super) fn read(value: MessageAttributeValue) -> Option<Self> {
        let text = value.string_value.map(Value::Text);
        let read = text.or_else(|| value.binary_value.map(|bytes| Value::Binary(bytes.into_inner())))?;
        Some(Self { data_type: value.data_type, value: read })
    }

    pub(super) fn write(&self) -> Result<MessageAttributeValue, BuildError> {
        let attribute = MessageAttributeValue::builder().data_type(&self.data_type);
        match &self.value {
            Value::Text(text) => attribute.string_value(text).build(),
            Value::Binary(bytes) => attribute.binary_value(Blob::new(bytes.clone())).build(),
        }
    }
}

/// A message's group and deduplication id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The `MessageGroupId`. On a FIFO queue the messages of a group are delivered in order; on a standard queue groups share the queue
    /// fairly.
    pub group: String,
    /// The `MessageDeduplicationId`, for FIFO queues only: within five minutes the same id is the same message.
    pub deduplication: String,
}

/// Whether a text can be a message group's id.
pub fn is_group_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
