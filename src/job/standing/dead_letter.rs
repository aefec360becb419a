//! Messages in the dead-letter queues.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::problem::Problem;

/// A message in a dead-letter queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetter {
    /// SQS's id of the message.
    pub id: String,
    /// The job's id, if it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub job: Option<String>,
    /// The job's tenant, if it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub tenant: Option<String>,
    /// The source's host, owner and name, if the message would be accepted now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub repository: Option<String>,
    /// The dead-letter queue's name.
    pub queue: String,
    /// Why it is in this queue.
    pub kind: DeadLetterKind,
    /// Every problem for which the message was rejected.
    pub problems: Vec<Problem>,
    /// Whether the message would be accepted under the present configuration.
    pub acceptable: bool,
    /// How many times it was received.
    pub receives: u32,
    /// When it was sent: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub sent_at: Option<String>,
    /// Until when the queue keeps it: RFC 3339 in UTC. Absent if the queue does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub kept_until: Option<String>,
    /// The message's body.
    pub body: String,
}

/// Why a message is in a dead-letter queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterKind {
    /// The message is no valid job.
    Rejected,
    /// The message was received too often, and its job never ended.
    ReceivedTooOften,
}
