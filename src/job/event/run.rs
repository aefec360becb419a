//! A build as events show it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::build::Build;

/// One build of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// `project:uuid`
    pub id: String,
    /// The build's ARN.
    pub arn: String,
    /// Its number within its project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64")]
    pub number: Option<i64>,
    /// The CodeBuild project.
    pub project: String,
    /// RFC 3339 in UTC with milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub started_at: Option<String>,
    /// RFC 3339 in UTC with milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub ended_at: Option<String>,
    /// The console's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub console_url: Option<String>,
    /// In their order.
    #[serde(default)]
    pub phases: Vec<RunPhase>,
}

/// One phase of a build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunPhase {
    /// Such as `DOWNLOAD_SOURCE`.
    pub name: String,
    /// Absent while the phase runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub status: Option<String>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub seconds: Option<f64>,
}

/// Where a job's time went, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timings {
    /// In the queue, until the daemon received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub queued_seconds: Option<f64>,
    /// In the daemon, until its build was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub waiting_seconds: Option<f64>,
    /// In CodeBuild, until the source was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub provisioning_seconds: Option<f64>,
    /// From then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub building_seconds: Option<f64>,
}

impl Timings {
    /// With the build's share, from its phases.
    #[must_use]
    pub fn with_build(self, build: &Build) -> Self {
        todo!("{build:?}")
    }
}
