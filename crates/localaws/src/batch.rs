//! What batch operations share: the rules for entries, and answers in which some entries succeed.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Answer, ApiError};

/// SQS, SNS: the most entries of a batch.
const ENTRIES_MAX: usize = 10;
/// SQS, SNS: the longest id of an entry, in characters.
const ID_MAX: usize = 80;

/// One entry of a batch.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(crate) struct Entry<T> {
    #[serde(default, rename = "Id")]
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) request: T,
}

/// The answers to a batch's entries, each under its entry's id.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) successful: Vec<Value>,
    pub(crate) failed: Vec<Value>,
}

/// Checks the rules for the whole batch. `kind`: the name of the entries in the API.
pub(crate) fn check<T>(entries: &[Entry<T>], kind: &str) -> Result<(), ApiError> {
    if entries.is_empty() {
        let message = format!("There should be at least one {kind} in the request.");
        return Err(error("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", message));
    }
    if entries.len() > ENTRIES_MAX {
        let message = format!("Maximum number of entries per request are {ENTRIES_MAX}. You have sent {}.", entries.len());
        return Err(error("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", message));
    }
    let mut seen = HashSet::new();
    for Entry { id, .. } in entries {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if id.is_empty() || id.len() > ID_MAX || !id.bytes().all(plain) {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
                           It can be at most 80 letters long.";
            return Err(error("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", message.to_owned()));
        }
        if !seen.insert(id.as_str()) {
            let message = format!("Id {id} repeated.");
            return Err(error("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", message));
        }
    }
    Ok(())
}

/// Checks the size of all entries together, in bytes.
pub(crate) fn check_size(sent: usize, limit: usize) -> Result<(), ApiError> {
    if sent > limit {
        let message = format!("Batch requests cannot be longer than {limit} bytes. You have sent {sent} bytes.");
        return Err(error("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", message));
    }
    Ok(())
}

/// Answers each entry separately.
pub(crate) fn answer<T>(entries: Vec<Entry<T>>, mut each: impl FnMut(T) -> Answer) -> Outcome {
    let mut outcome = Outcome::default();
    for Entry { id, request } in entries {
        match each(request) {
            Ok(mut answer) => {
                answer["Id"] = id.into();
                outcome.successful.push(answer);
            }
            Err(error) => outcome.failed.push(json!({
                "Id": id,
                "Code": error.query_code.unwrap_or(&error.code),
                "Message": error.message,
                "SenderFault": error.status < 500,
            })),
        }
    }
    outcome
}

fn error(code: &'static str, query_code: &'static str, message: String) -> ApiError {
    ApiError { query_code: Some(query_code), ..ApiError::new(code, message) }
}
