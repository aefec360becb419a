//! SQS's errors, with the codes and the texts that SQS sends.

use crate::api::ApiError;

fn legacy(code: &'static str, query_code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError { query_code: Some(query_code), ..ApiError::new(code, message) }
}

pub(super) fn no_such_queue() -> ApiError {
    legacy("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
}

pub(super) fn queue_name_exists(attribute: &str) -> ApiError {
    legacy(
        "QueueNameExists",
        "QueueAlreadyExists",
        format!("A queue already exists with the same name and a different value for attribute {attribute}"),
    )
}

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValue", message)
}

/// `InvalidParameterValue` in SQS's text for most parameters.
pub(super) fn invalid_value(value: impl std::fmt::Display, parameter: &str, reason: &str) -> ApiError {
    invalid(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
}

pub(super) fn missing(parameter: &str) -> ApiError {
    ApiError::new("MissingParameter", format!("The request must contain the parameter {parameter}."))
}

pub(super) fn invalid_contents() -> ApiError {
    ApiError::new(
        "InvalidMessageContents",
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    )
}

pub(super) fn bad_handle(handle: &str) -> ApiError {
    ApiError::new("ReceiptHandleIsInvalid", format!("The input receipt handle \"{handle}\" is not a valid receipt handle."))
}

pub(super) fn not_in_flight() -> ApiError {
    legacy("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", "The specified message isn't in flight.")
}

pub(super) fn unknown_attribute(name: &str) -> ApiError {
    ApiError::new("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

pub(super) fn invalid_attribute(name: &str) -> ApiError {
    ApiError::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

pub(super) fn over_limit() -> ApiError {
    ApiError::new("OverLimit", "The number of messages in flight has reached the queue's limit.")
}

pub(super) fn purge_in_progress(queue: &str) -> ApiError {
    legacy(
        "PurgeQueueInProgress",
        "AWS.SimpleQueueService.PurgeQueueInProgress",
        format!("Only one PurgeQueue operation on {queue} is allowed every 60 seconds."),
    )
}

pub(super) fn no_such_resource() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.")
}

pub(super) fn no_such_task() -> ApiError {
    ApiError::new("ResourceNotFoundException", "Task does not exist.")
}
