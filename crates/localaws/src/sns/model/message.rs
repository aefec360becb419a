//! A message to publish, and SNS's rules for it.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    api::{ApiError, lenient},
    sns::{error, model::topic::Topic},
    sqs::model::attribute::{self, Attributes},
};

/// SNS: the largest message or batch with its attributes, in bytes.
pub(crate) const SIZE_MAX: usize = 262_144;
/// SNS: the length that a subject must stay below, in characters.
const SUBJECT_MAX: usize = 100;
/// SNS: the longest group id or deduplication id, in characters.
const ID_MAX: usize = 128;

/// A message to publish.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Message {
    #[serde(default, rename = "Message")]
    pub(crate) text: String,
    pub(crate) subject: Option<String>,
    #[serde(rename = "MessageStructure")]
    structure: Option<String>,
    #[serde(default, rename = "MessageAttributes", deserialize_with = "lenient")]
    pub(crate) attributes: Attributes,
    #[serde(rename = "MessageDeduplicationId")]
    pub(crate) deduplication_id: Option<String>,
    #[serde(rename = "MessageGroupId")]
    pub(crate) group: Option<String>,
}

impl Message {
    /// The size of the text and the attributes, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.text.len() + attribute::size(&self.attributes)
    }

    /// Checks the message by SNS's rules and those of its topic.
    pub(crate) fn check(&self, topic: &Topic) -> Result<(), ApiError> {
        if self.text.is_empty() {
            return Err(error::invalid("Empty message"));
        }
        if let Some(subject) = &self.subject {
            let starts_well = subject.starts_with(|character: char| character.is_ascii_graphic());
            if !starts_well || subject.len() >= SUBJECT_MAX || !subject.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
                return Err(error::invalid("Subject"));
            }
        }
        attribute::check_each(&self.attributes).map_err(|error| error::invalid_attribute(error.message))?;
        if self.size() > SIZE_MAX {
            return Err(error::invalid("Message too long"));
        }
        for (name, id) in [("MessageGroupId", &self.group), ("MessageDeduplicationId", &self.deduplication_id)] {
            if id.as_ref().is_some_and(|id| id.is_empty() || id.len() > ID_MAX || !id.bytes().all(|byte| byte.is_ascii_graphic())) {
                return Err(error::invalid(format!(
                    "{name} Reason: Must be a string of 1 to {ID_MAX} alphanumeric and punctuation characters"
                )));
            }
        }
        match (topic.fifo, &self.group, &self.deduplication_id) {
            (true, None, _) => Err(error::invalid("The MessageGroupId parameter is required for FIFO topics")),
            (true, Some(_), None) if !topic.content_based() => Err(error::invalid(
                "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
            )),
            (false, _, Some(_)) => Err(error::invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
            )),
            _ => Ok(()),
        }
    }

    /// The texts by protocol, if the message is structured.
    pub(crate) fn by_protocol(&self) -> Result<Option<Map<String, Value>>, ApiError> {
        match self.structure.as_deref() {
            None | Some("") => Ok(None),
            Some("json") => match serde_json::from_str(&self.text) {
                Ok(Value::Object(texts)) if texts.get("default").is_some_and(Value::is_string) => Ok(Some(texts)),
                Ok(Value::Object(_)) => Err(error::invalid("Message Structure - No default entry in JSON message body")),
                _ => Err(error::invalid("Message Structure - JSON message body failed to parse")),
            },
            Some(_) => Err(error::invalid("MessageStructure")),
        }
    }
}
