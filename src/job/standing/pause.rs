//! Pauses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A pause: jobs that do not start until they are resumed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Pause {
    /// Which jobs are paused.
    pub scope: PauseScope,
    /// Since when: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Option<String>,
    /// The reason that was given for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reason: Option<String>,
}

/// Which jobs a pause stops.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PauseScope {
    /// Every job.
    All,
    /// The jobs of a queue, by its name.
    Queue(String),
    /// The jobs of a tenant.
    Tenant(String),
    /// The jobs of a profile.
    Profile(String),
}
