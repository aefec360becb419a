//! How limits stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Held, Pause};
use crate::config::WhenFull;

/// A limit: how it is set, and how much of it is used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LimitStanding {
    /// The tenant, profile, repository or project; empty for the limit of all.
    pub name: String,
    /// Builds that run and count towards it.
    pub running: usize,
    /// As the operator set it. Absent: none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub limit: Option<usize>,
    /// Builds at once while nobody else waits, of a tenant that may then go beyond its limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub burst: Option<usize>,
    /// What CodeBuild was found to take, where that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub learned: Option<usize>,
    /// Since when: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub learned_at: Option<String>,
    /// In which words CodeBuild refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub refusal: Option<String>,
    /// Its share beside others, of a tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pub weight: Option<u32>,
    /// Jobs that wait and count towards it.
    pub waiting: usize,
    /// How many of a tenant may wait, where the operator has bounded that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub waiting_limit: Option<usize>,
    /// What becomes of further ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WhenFull")]
    pub when_full: Option<WhenFull>,
    /// For how long the oldest of them has waited since it was sent, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub longest_wait_seconds: Option<u64>,
}

/// All limits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Of all builds.
    pub all: LimitStanding,
    /// Of the tenants that have jobs now, or limits of their own.
    pub tenants: Vec<LimitStanding>,
    /// Of every profile.
    pub profiles: Vec<LimitStanding>,
    /// Of the repositories that have jobs now, where repositories are limited.
    pub repositories: Vec<LimitStanding>,
    /// Of every project.
    pub projects: Vec<LimitStanding>,
    /// What is held of the queues.
    #[serde(default)]
    pub held: Held,
    /// What is paused.
    pub pauses: Vec<Pause>,
}
