//! The shape of a message, for the JSON Schema and for senders in Rust. [`super::read`] checks all rules.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{Group, Image, JobId, Priority, Source, Tenant, Variable};

/// A message on the job queue: a job, or a request to cancel one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum QueueMessage {
    /// A job.
    Job(Box<JobMessage>),
    /// A request to cancel a job.
    Cancel(CancelMessage),
}

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobMessage {
    /// The version of this shape: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The job's id; when left out, the id of the SQS message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "JobId")]
    pub id: Option<JobId>,
    /// What to build.
    pub source: Source,
    /// Which images to build from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub images: Vec<Image>,
    /// The name of a profile of the operator's.
    #[serde(default = "default_profile")]
    #[schemars(length(min = 1, max = 64))]
    pub profile: String,
    /// Variables for the build.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub env: Vec<Variable>,
    /// How long the build may take, in minutes; at most the profile's timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 5, max = 2160))]
    pub timeout_minutes: Option<u32>,
    /// The tenant whose limits the job counts towards; the source's host and owner when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Tenant")]
    pub tenant: Option<Tenant>,
    /// The order among the tenant's waiting jobs.
    #[serde(default)]
    pub priority: Priority,
    /// The group whose jobs run one at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Group")]
    pub group: Option<Group>,
    /// Copied into every event.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 10))]
    pub labels: BTreeMap<String, String>,
}

/// A request to cancel a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelMessage {
    /// The version of this shape: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The id of the job to cancel.
    pub cancel: JobId,
    /// The reason, which the events repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 1000))]
    pub reason: Option<String>,
}

/// The profile of a job that names none.
pub fn default_profile() -> String {
    "default".into()
}
