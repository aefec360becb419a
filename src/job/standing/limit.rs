//! The state of the limits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Held, Pause};
use crate::config::WhenFull;

/// A limit, and how much of it is used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LimitStanding {
    /// The name of the tenant, profile, repository or project; empty for the limit of all builds.
    pub name: String,
    /// How many running builds count towards it.
    pub running: usize,
    /// The configured limit. Absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub limit: Option<usize>,
    /// How many builds of a tenant may run at once while no other tenant waits, if that is more than its limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub burst: Option<usize>,
    /// How many builds CodeBuild has been found to take at once, if that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub learned: Option<usize>,
    /// When that was learned: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub learned_at: Option<String>,
    /// CodeBuild's message when it refused a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub refusal: Option<String>,
    /// The weight of a tenant's share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pub weight: Option<u32>,
    /// How many waiting jobs count towards it.
    pub waiting: usize,
    /// How many jobs of a tenant may wait, if the operator has limited that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub waiting_limit: Option<usize>,
    /// What happens to further jobs of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WhenFull")]
    pub when_full: Option<WhenFull>,
    /// How long the oldest of the waiting jobs has waited since it was sent, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub longest_wait_seconds: Option<u64>,
}

/// All limits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// The limit of all builds.
    pub all: LimitStanding,
    /// The limits of tenants that have jobs now, or limits of their own.
    pub tenants: Vec<LimitStanding>,
    /// The limits of every profile.
    pub profiles: Vec<LimitStanding>,
    /// The limits of the repositories that have jobs now, if repositories have a limit.
    pub repositories: Vec<LimitStanding>,
    /// The limits of every project.
    pub projects: Vec<LimitStanding>,
    /// The messages that the daemon holds.
    #[serde(default)]
    pub held: Held,
    /// What is paused.
    pub pauses: Vec<Pause>,
}
