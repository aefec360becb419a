//! SNS's errors, with the codes and the texts that SNS sends.

use std::fmt::Display;

use crate::api::ApiError;

pub(super) fn invalid(what: impl Display) -> ApiError {
    ApiError::new("InvalidParameter", format!("Invalid parameter: {what}"))
}

/// The error for invalid message attributes.
pub(super) fn invalid_attribute(message: String) -> ApiError {
    ApiError::new("ParameterValueInvalid", message)
}

pub(super) fn no_topic() -> ApiError {
    ApiError::new("NotFound", "Topic does not exist").with_status(404)
}

pub(super) fn no_subscription() -> ApiError {
    ApiError::new("NotFound", "Subscription does not exist").with_status(404)
}

/// The error of `TagResource` and similar operations for a topic that does not exist.
pub(super) fn no_resource() -> ApiError {
    ApiError::new("ResourceNotFound", "Resource does not exist").with_status(404)
}

/// The error for a required parameter that was left out.
pub(super) fn missing(parameter: &str) -> ApiError {
    let text = "Value null at '{}' failed to satisfy constraint: Member must not be null";
    let member = parameter.chars().take(1).flat_map(char::to_lowercase).chain(parameter.chars().skip(1)).collect::<String>();
    ApiError::new("ValidationError", format!("1 validation error detected: {}", text.replace("{}", &member)))
}
