//! Whose turn it is, as far as the sender has a say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who goes first among the jobs that wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before the others.
    High,
    /// Unless said otherwise.
    #[default]
    Normal,
    /// After the others.
    Low,
}

/// Jobs of one key run one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What the jobs have in common, such as `acme/app@main`.
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
    /// The newer one waits for it.
    #[default]
    Queue,
    /// It is cancelled.
    Supersede,
}
