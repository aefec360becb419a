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

/// `InvalidParameterValue` in the form that SQS uses for most parameters.
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

pub(super) fn too_many_entries(sent: usize) -> ApiError {
    legacy(
        "TooManyEntriesInBatchRequest",
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        format!("Maximum number of entries per request are 10. You have sent {sent}."),
    )
}

pub(super) fn empty_batch(entry: &str) -> ApiError {
    legacy("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", format!("There should be at least one {entry} in the request."))
}

pub(super) fn repeated_id(id: &str) -> ApiError {
    legacy("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", format!("Id {id} repeated."))
}

pub(super) fn bad_entry_id() -> ApiError {
    legacy(
        "InvalidBatchEntryId",
        "AWS.SimpleQueueService.InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    )
}

pub(super) fn batch_too_long(limit: usize, sent: usize) -> ApiError {
    legacy(
        "BatchRequestTooLong",
        "AWS.SimpleQueueService.BatchRequestTooLong",
        format!("Batch requests cannot be longer than {limit} bytes. You have sent {sent} bytes."),
    )
}

pub(super) fn no_such_task() -> ApiError {
    ApiError::new("ResourceNotFoundException", "Task does not exist.")
}
