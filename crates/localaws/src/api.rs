//! What the operations of all services share: answers, errors, and decoding of inputs.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// What an operation answers.
pub(crate) type Answer = Result<Value, ApiError>;

/// An error as AWS sends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The error's name, such as `ResourceNotFoundException`.
    pub code: Cow<'static, str>,
    /// The error's name in the query protocol, if it has another there. SQS sends both.
    pub query_code: Option<&'static str>,
    /// The message for people.
    pub message: String,
}

impl ApiError {
    /// An error with HTTP status 400: the caller made a mistake.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.into(), query_code: None, message: message.into() }
    }

    /// An operation that the service does not have (JSON protocols).
    pub(crate) fn unknown_operation() -> Self {
        Self::new("UnknownOperationException", "")
    }

    /// An operation that the service does not have (query protocol).
    pub(crate) fn unknown_action(action: &str) -> Self {
        Self::new("InvalidAction", format!("Could not find operation {action}"))
    }

    /// The same error with another HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

/// Decodes the JSON input of an operation. An input of another shape is AWS's `SerializationException`.
pub(crate) fn decode<T: DeserializeOwned>(input: Value) -> Result<T, ApiError> {
    serde_json::from_value(input).map_err(|error| ApiError::new("SerializationException", error.to_string()))
}

/// A parameter that is required and must not be empty. `missing` makes the service's error from its name.
pub(crate) fn required<'a>(value: Option<&'a str>, name: &str, missing: impl Fn(&str) -> ApiError) -> Result<&'a str, ApiError> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
}

/// Reads a list or a map. The query protocol writes an empty one as an empty string.
pub(crate) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(input: D) -> Result<T, D::Error> {
    match Value::deserialize(input)? {
        Value::String(text) if text.is_empty() => Ok(T::default()),
        value => serde_json::from_value(value).map_err(serde::de::Error::custom),
    }
}
