//! A job as events show it.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{Job, Priority, Tenant, build::Build, plain::escaped, policy};

use super::{Origin, rfc3339};

/// The job that an event is about. For a rejected message: the parts that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobSummary {
    /// The job's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub id: Option<String>,
    /// SQS's id of the message.
    pub message_id: Arc<str>,
    /// The tenant whose limits the job counted towards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Tenant")]
    pub tenant: Option<Tenant>,
    /// The operator's profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub profile: Option<String>,
    /// The job's priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Priority")]
    pub priority: Option<Priority>,
    /// The key of the job's group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub group: Option<Box<str>>,
    /// What was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SourceSummary")]
    pub source: Option<SourceSummary>,
    /// The sender's labels. Invisible characters in them are written as codes, such as `<U+202E>`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// When the sender sent the message: RFC 3339 in UTC with milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub enqueued_at: Option<String>,
    /// Whether this was the last receive that the queue's redrive policy allows. If the process had died then, SQS would have moved the
    /// message to the dead-letter queue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub last_receive: bool,
    /// The source's short name. It is also a message attribute.
    #[serde(skip)]
    pub repository: Option<Arc<str>>,
}

/// What was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceSummary {
    /// As the job names it.
    pub url: String,
    /// As the job names it; absent for the default branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub revision: Option<String>,
    /// The commit that was fetched; absent for S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub commit: Option<String>,
}

impl JobSummary {
    /// From a valid job. The commit is known once `build` has fetched the source.
    pub fn of(job: &Job, origin: &Origin, build: Option<&Build>) -> Self {
        let source = &job.source;
        Self {
            tenant: Some(job.tenant.clone()),
            profile: Some(job.profile.clone()),
            priority: Some(job.priority),
            group: job.group.as_ref().map(|group| group.key.as_str().into()),
            source: Some(SourceSummary {
                url: source.url.to_string(),
                revision: source.revision.as_deref().map(shown),
                commit: build.and_then(Build::source_commit),
            }),
            labels: job.labels.iter().map(|(name, value)| (shown(name), shown(value))).collect(),
            repository: Some(policy::repository(&source.url).into()),
            ..Self::nothing_but(Some(job.id.to_string()), origin)
        }
    }

    /// The parts that are known of any message.
    pub(super) fn nothing_but(id: Option<String>, origin: &Origin) -> Self {
        Self {
            id,
            message_id: origin.message_id.clone(),
            tenant: None,
            profile: None,
            priority: None,
            group: None,
            source: None,
            labels: BTreeMap::new(),
            enqueued_at: origin.enqueued_at.map(rfc3339),
            last_receive: origin.last_receive,
            repository: None,
        }
    }
}

fn shown(text: &str) -> String {
    escaped(text).into_owned()
}
