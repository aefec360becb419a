//! A build's log as events show it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{excerpt::Highlight, redact::Redactor};

/// The part of a build's log that matters, and the location of the whole log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Log {
    /// The part of the log that matters.
    pub excerpt: String,
    /// The CloudWatch log group.
    pub group: String,
    /// The CloudWatch log stream.
    pub stream: String,
    /// The page of the log in the AWS console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub url: Option<String>,
    /// How many lines of the log are in the excerpt.
    pub lines: usize,
    /// Whether lines of the log are left out of the excerpt.
    pub truncated: bool,
    /// Whether the log was read to its end.
    pub complete: bool,
    /// How many secrets were removed.
    pub redactions: usize,
    /// The lines that say what broke the build, the most decisive first; at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    pub highlights: Vec<Highlight>,
    /// How many secrets each rule removed, by the rule's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub redacted: BTreeMap<String, usize>,
}

impl Log {
    /// Adds the counts of the secrets that were removed from the log.
    #[must_use]
    pub fn redacted(self, redactor: &Redactor) -> Self {
        let redacted = redactor.rules().iter().map(|(rule, count)| ((*rule).to_owned(), *count)).collect();
        Self { redactions: redactor.count(), redacted, ..self }
    }
}
