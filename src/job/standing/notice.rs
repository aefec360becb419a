//! States of the daemon that an operator should know of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How urgent a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Jobs do not progress.
    Error,
    /// Some jobs are delayed, or soon will be.
    Warning,
}

/// A state of the daemon that an operator should know of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// How urgent it is.
    pub severity: Severity,
    /// A name of the state, such as `no_credentials`. It does not change while the state lasts.
    pub kind: String,
    /// For people: what is the matter, what still works, and what to do.
    pub text: String,
    /// Since when it lasts: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Option<String>,
}
