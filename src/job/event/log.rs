//! A build's log as events show it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{excerpt::Highlight, redact::Redactor};

/// What a build's log says, and where the whole of it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Log {
    /// The part that matters.
    pub excerpt: String,
    /// The CloudWatch log group.
    pub group: String,
    /// The CloudWatch log stream.
    pub stream: String,
    /// The console's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub url: Option<String>,
    /// Lines of the log in the excerpt.
    pub lines: usize,
    /// Whether anything of the log is left out.
    pub truncated: bool,
    /// Whether the log was read to its end.
    pub complete: bool,
    /// How many secrets were taken out.
    pub redactions: usize,
    /// The lines that say what broke the build, the most telling first; at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    pub highlights: Vec<Highlight>,
    /// By which rules secrets were taken out, and how many by each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub redacted: BTreeMap<String, usize>,
}

impl Log {
    /// With what was taken out of it.
    #[must_use]
    pub fn redacted(self, redactor: &Redactor) -> Self {
        let redacted = redactor.rules().iter().map(|(rule, count)| ((*rule).to_owned(), *count)).collect();
        Self { redactions: redactor.count(), redacted, ..self }
    }
}
