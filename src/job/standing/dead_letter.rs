//! Messages that are no valid jobs, or that were received too often.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::problem::Problem;

/// A message that is no valid job, or that was received too often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetter {
    /// SQS's id of the message.
    pub id: String,
    /// The job's id, where one can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub job: Option<String>,
    /// The job's tenant, where one can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub tenant: Option<String>,
    /// The source's host, owner and name, of a message that would be accepted now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub repository: Option<String>,
    /// The dead-letter queue's name.
    pub queue: String,
    /// Why it is here.
    pub kind: DeadLetterKind,
    /// Every problem, as the message was rejected.
    pub problems: Vec<Problem>,
    /// Whether it would be accepted as the configuration is now.
    pub acceptable: bool,
    /// How many times it was received.
    pub receives: u32,
    /// When it was sent: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub sent_at: Option<String>,
    /// Until when the queue keeps it: RFC 3339 in UTC. Absent where the queue does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub kept_until: Option<String>,
    /// The message.
    pub body: String,
}

/// Why a message is among the dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterKind {
    /// It is no valid job.
    Rejected,
    /// It was received too often and never came to its end.
    ReceivedTooOften,
}
