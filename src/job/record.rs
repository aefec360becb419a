//! What a build's variables record of the job that it was started for. A process may find the build by another message of the same job. Its
//! events then show the job as it was built, not as it was sent again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Job, OnConflict, Priority, SourceUrl, variable::MAX_VALUE};

/// The variable that holds the record, as JSON.
pub const RECORD_VARIABLE: &str = "SLIPWAY_RECORD";

/// The parts of a job that events show, and that [`super::build::Build`] does not read from other variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When the message was sent: it decides the job's place in its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enqueued_at: Option<Timestamp>,
    pub url: SourceUrl,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    pub priority: Priority,
    /// What happens to older jobs of the group.
    #[serde(default)]
    pub on_conflict: OnConflict,
    /// Absent if they are too long for a variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
}

impl Record {
    /// From a job whose message was sent at `enqueued_at`.
    pub fn of(job: &Job, enqueued_at: Option<Timestamp>) -> Self {
        Self {
            enqueued_at,
            url: job.source.url.clone(),
            revision: job.source.revision.clone(),
            priority: job.priority,
            on_conflict: job.group.as_ref().map(|group| group.on_conflict).unwrap_or_default(),
            labels: Some(job.labels.clone()),
        }
    }

    /// From the variable's value. `None`: the value is no record.
    pub fn parse(value: &str) -> Option<Self> {
        serde_json::from_str(value).ok()
    }

    /// The variable's value, within CodeBuild's limit of its length.
    pub fn value(&self) -> String {
        let json = |record: &Self| serde_json::to_string(record).unwrap_or_default();
        let whole = json(self);
        if whole.chars().count() <= MAX_VALUE { whole } else { json(&Self { labels: None, ..self.clone() }) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::job::message::sample::job_with;

    #[test]
    fn a_record_that_is_too_long_for_a_variable_has_no_labels() {
        let labels: BTreeMap<String, String> = (0..10).map(|n| (format!("label-{n}"), "x".repeat(500))).collect();
        let record = Record { labels: Some(labels), ..Record::of(&job_with(&json!({})), None) };
        let value = record.value();
        assert!(value.len() <= MAX_VALUE);
        assert_eq!(Record::parse(&value), Some(Record { labels: None, ..record }));
    }
}
