//! States of the daemon that somebody should know of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How urgent a state is that somebody should know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing works.
    Error,
    /// Less works.
    Warning,
}

/// A state of the daemon that somebody should know of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// How urgent it is.
    pub severity: Severity,
    /// What it is, in a few words that do not change while it lasts, such as `no_credentials`.
    pub kind: String,
    /// What, what goes on meanwhile, and what to do.
    pub text: String,
    /// Since when: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Option<String>,
}
