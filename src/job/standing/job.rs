//! Where a job stands, as lists show it and with all that is known of it.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reason;
use crate::job::{
    event::{Artifacts, ImageResult, JobSummary, Log, Run, Timings},
    outcome::{Failure, Status},
};

/// Where a job is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was received and has no build yet.
    Waiting,
    /// Its build runs.
    Running,
    /// It has ended, and its event is not accepted yet.
    Reporting,
    /// Its event is accepted.
    Ended,
}

/// A waiting job's place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wait {
    /// Why it waits: every reason that holds, the first first. Empty: it is about to start.
    pub reasons: Vec<Reason>,
    /// Its place among all that wait, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub position: Option<usize>,
    /// How long it still waits, at least and at most, in seconds. Absent where nothing is known to judge by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "[u64; 2]")]
    pub estimate_seconds: Option<[u64; 2]>,
}

/// Something that happened to a job.
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
    /// The job, as in its events.
    #[serde(flatten)]
    pub job: Arc<JobSummary>,
    /// The queue that it came from; empty where that is not known.
    pub queue: Arc<str>,
    /// The source's host, owner and name, such as `github.com/acme/app`.
    pub repository: Arc<str>,
    /// Where it is on its way.
    pub state: State,
    /// How it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Status")]
    pub status: Option<Status>,
    /// When this daemon received it, or of a job from CodeBuild's record when its build was started: RFC 3339 in UTC.
    #[schemars(extend("format" = "date-time"))]
    pub received_at: String,
    /// Its place, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wait")]
    pub wait: Option<Box<Wait>>,
    /// The number of the attempt, from 1; absent before the first build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pub attempt: Option<u32>,
    /// The ids (`project:uuid`) of its builds that are known, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub build_ids: Vec<Arc<str>>,
    /// When its build was started: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started_at: Option<String>,
    /// When it ended: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub ended_at: Option<String>,
    /// The build's phase now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub phase: Option<String>,
    /// When its build's phase BUILD began: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub building_since: Option<String>,
    /// How long the build still runs, at least and at most, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "[u64; 2]")]
    pub left_seconds: Option<[u64; 2]>,
    /// What builds of this repository and profile usually take in seconds: the median, and what nine of ten stay below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "[u64; 2]")]
    pub usual_seconds: Option<[u64; 2]>,
    /// Since when it is being cancelled: RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub cancelling_since: Option<String>,
    /// The line that says what broke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub decisive_line: Option<Box<str>>,
    /// The references of the images that it pushed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pushed: Vec<String>,
    /// Why it was cancelled or superseded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub cancel_reason: Option<String>,
    /// The newer job of its group that superseded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub superseded_by: Option<String>,
}

/// A job with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobDetail {
    /// As lists show it.
    #[serde(flatten)]
    pub standing: Arc<JobStanding>,
    /// The message, as the daemon reads it: values of variables are left out. Null where it is not known any more.
    pub message: serde_json::Value,
    /// Every build of it that this daemon knows, the newest last.
    pub builds: Vec<Run>,
    /// The images that it pushed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageResult>,
    /// The variables that its build exported.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// What its build left behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Artifacts")]
    pub artifacts: Option<Artifacts>,
    /// Why it did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Failure")]
    pub failure: Option<Failure>,
    /// The part of its log that matters, and where the whole of it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Log")]
    pub log: Option<Log>,
    /// Where its time went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Timings")]
    pub timings: Option<Timings>,
    /// What happened to it, the oldest first; so much of it as is remembered.
    pub history: Vec<HistoryEntry>,
    /// Whether this comes from CodeBuild's record: what happened before the build, and who sent the job, are not known then.
    pub from_record: bool,
}
