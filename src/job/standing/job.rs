//! The state of a job: briefly, as lists show it, and in full.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reason;
use crate::job::{
    event::{Artifacts, ImageResult, JobSummary, Log, Run, Timings},
    outcome::{Failure, Status},
};

/// The part of its way that a job has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was received and has no build yet.
    Waiting,
    /// Its build runs.
    Running,
    /// Its build has ended, and SNS has not accepted its event yet.
    Reporting,
    /// It has ended, and SNS has accepted its event.
    Ended,
}

/// The wait of a waiting job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wait {
    /// Every reason why it waits, the most important first. Empty: it is about to start.
    pub reasons: Vec<Reason>,
    /// Its position among all waiting jobs, from 1. Absent if it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub position: Option<usize>,
    /// How long it will still wait, at least and at most, in seconds. Absent if nothing is known to estimate it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "[u64; 2]")]
    pub estimate_seconds: Option<[u64; 2]>,
}

/// An event in a job's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryEntry {
    /// RFC 3339 in UTC with milliseconds.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// A sentence without a full stop, such as "waits: tenant team-a runs 4 of 4".
    pub text: String,
}

/// A job as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobStanding {
    /// The job, as events show it.
    #[serde(flatten)]
    pub job: Arc<JobSummary>,
    /// The name of the queue that it came from; empty if that is not known.
    pub queue: Arc<str>,
    /// The source's host, owner and name, such as `github.com/acme/app`.
    pub repository: Arc<str>,
    /// The part of its way that it has reached.
    pub state: State,
    /// How it ended; absent before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Status")]
    pub status: Option<Status>,
    /// When this daemon received it, or, for a job from CodeBuild's record, when its build was started: RFC 3339 in UTC.
    #[schemars(extend("format" = "date-time"))]
    pub received_at: Box<str>,
    /// Its wait; absent if it does not wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wait")]
    pub wait: Option<Box<Wait>>,
    /// The number of the attempt, from 1; absent before the first build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pub attempt: Option<u32>,
    /// The ids (`project:uuid`) of its known builds, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub build_ids: Vec<Arc<str>>,
    /// When its build was started: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started_at: Option<Box<str>>,
    /// When it ended: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub ended_at: Option<Box<str>>,
    /// The current phase of the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub phase: Option<Box<str>>,
    /// When phase BUILD of its build began: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub building_since: Option<Box<str>>,
    /// How long the build will still run, at least and at most, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "[u64; 2]")]
    pub left_seconds: Option<[u64; 2]>,
    /// How long builds of this repository and profile usually take, in seconds: the median, and the time below which nine of ten stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "[u64; 2]")]
    pub usual_seconds: Option<[u64; 2]>,
    /// Since when it is being cancelled: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub cancelling_since: Option<Box<str>>,
    /// The line of the log that says what broke the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub decisive_line: Option<Box<str>>,
    /// The references of the images that it pushed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pushed: Vec<String>,
    /// Why it was cancelled or superseded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub cancel_reason: Option<Box<str>>,
    /// The id of the newer job of its group that superseded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub superseded_by: Option<Box<str>>,
}

/// All that is known of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobDetail {
    /// The job as lists show it.
    #[serde(flatten)]
    pub standing: Arc<JobStanding>,
    /// The message as the daemon reads it, without the values of variables. Null if the message is not known.
    pub message: serde_json::Value,
    /// Every build of it that this daemon knows, the newest last.
    pub builds: Vec<Run>,
    /// The images that it pushed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageResult>,
    /// The variables that its build exported.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// The files that its build uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Artifacts")]
    pub artifacts: Option<Artifacts>,
    /// Why it did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Failure")]
    pub failure: Option<Failure>,
    /// The part of its log that matters, and the location of the whole log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Log")]
    pub log: Option<Log>,
    /// How long each part of its way took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Timings")]
    pub timings: Option<Timings>,
    /// The events in its life that are remembered, the oldest first.
    pub history: Vec<HistoryEntry>,
    /// Whether this comes from CodeBuild's record. Then the time before the build and the sender's message are not known.
    pub from_record: bool,
}
