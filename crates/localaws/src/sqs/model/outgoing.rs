//! A message that is sent to a queue, and SQS's rules for it.

use serde::Deserialize;

use crate::{
    api::ApiError,
    sqs::{
        error,
        model::{
            attribute::{self, Attribute, Attributes},
            setting::{DELAY_MAX_S, Settings},
        },
    },
};

/// SQS: the longest group id or deduplication id, in characters.
const ID_MAX: usize = 128;
const TRACE_HEADER: &str = "AWSTraceHeader";

/// A message that is sent to a queue.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Outgoing {
    #[serde(default, rename = "MessageBody")]
    pub(crate) body: String,
    #[serde(default, rename = "MessageAttributes")]
    pub(crate) attributes: Attributes,
    #[serde(default, rename = "MessageSystemAttributes")]
    pub(crate) system_attributes: Attributes,
    #[serde(rename = "MessageGroupId")]
    pub(crate) group: Option<String>,
    #[serde(rename = "MessageDeduplicationId")]
    pub(crate) deduplication_id: Option<String>,
    pub(crate) delay_seconds: Option<i64>,
}

impl Outgoing {
    /// The size of the body and the attributes, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.body.len() + attribute::size(&self.attributes)
    }
}

/// Checks a message by SQS's rules and those of its queue.
pub(crate) fn check(message: &Outgoing, settings: &Settings) -> Result<(), ApiError> {
    if message.body.is_empty() {
        return Err(error::missing("MessageBody"));
    }
    if !message.body.chars().all(attribute::allowed) {
        return Err(error::invalid_contents());
    }
    attribute::check(&message.attributes)?;
    if message.size() > settings.message_size_max {
        let reason = format!("Message must be shorter than {} bytes.", settings.message_size_max);
        return Err(error::invalid(format!("One or more parameters are invalid. Reason: {reason}")));
    }
    for (name, header) in &message.system_attributes {
        let Attribute { data_type, string_value, .. } = header;
        if name != TRACE_HEADER || data_type != "String" || string_value.as_deref().is_none_or(str::is_empty) {
            return Err(error::invalid(format!("Message system attribute name '{name}' is invalid.")));
        }
    }
    check_delay(message, settings)?;
    check_ids(message, settings)
}

fn check_delay(message: &Outgoing, settings: &Settings) -> Result<(), ApiError> {
    let Some(delay) = message.delay_seconds else { return Ok(()) };
    if settings.fifo && delay != 0 {
        let reason = "The request include parameter that is not valid for this queue type.";
        return Err(error::invalid_value(delay, "DelaySeconds", reason));
    }
    if !u64::try_from(delay).is_ok_and(|delay| delay <= DELAY_MAX_S) {
        return Err(error::invalid_value(delay, "DelaySeconds", &format!("DelaySeconds must be >= 0 and <= {DELAY_MAX_S}.")));
    }
    Ok(())
}

fn check_ids(message: &Outgoing, settings: &Settings) -> Result<(), ApiError> {
    for (parameter, id) in [("MessageGroupId", &message.group), ("MessageDeduplicationId", &message.deduplication_id)] {
        let Some(id) = id else { continue };
        if id.is_empty() || id.len() > ID_MAX || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = format!("{parameter} can only include alphanumeric and punctuation characters. 1 to {ID_MAX} in length.");
            return Err(error::invalid_value(id, parameter, &reason));
        }
    }
    match (settings.fifo, &message.group, &message.deduplication_id) {
        (false, _, Some(id)) => {
            let reason = "The request includes a parameter that is not valid for this queue type.";
            Err(error::invalid_value(id, "MessageDeduplicationId", reason))
        }
        (true, None, _) => Err(error::missing("MessageGroupId")),
        (true, Some(_), None) if !settings.content_based => Err(error::invalid(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        )),
        _ => Ok(()),
    }
}
