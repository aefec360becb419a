//! What a sender says about the order of jobs: priority and group.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The order of a tenant's waiting jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before the others.
    High,
    /// The default.
    #[default]
    Normal,
    /// After the others.
    Low,
}

/// Jobs with the same key run one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The key that the jobs share, such as `acme/app@main`.
    #[schemars(length(min = 1, max = 256))]
    pub key: String,
    /// What happens to the older job when a newer one of the same key arrives.
    #[serde(default)]
    pub on_conflict: OnConflict,
}

/// What happens to the older job of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// The newer job waits for it.
    #[default]
    Queue,
    /// The older job is cancelled.
    Supersede,
}
