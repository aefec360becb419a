//! The records of a followed job, as `--json` writes them: one object a line.

use serde::Serialize;

use crate::job::{event::ImageResult, excerpt::Highlight, outcome::Failure, problem::Problem};

/// One record. Times are RFC 3339 in UTC with milliseconds.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in crate::cli) enum Record<'a> {
    /// The job is on the queue, and waits for its turn.
    Waiting { job: &'a str },
    /// The job's id is not new: this build belongs to an earlier message, and no other build starts now.
    Repeat {
        job: &'a str,
        build: &'a str,
        /// Seconds since the build's end; absent while it runs.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds_ago: Option<u64>,
    },
    /// The records that follow are of this build.
    Build {
        build: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        job: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<i64>,
    },
    /// A phase has ended.
    Phase {
        build: &'a str,
        phase: &'a str,
        status: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        ended_at: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    },
    /// A line of the build's log, as CodeBuild wrote it.
    Line { build: &'a str, time: String, text: &'a str },
    /// The last record.
    End(End<'a>),
}

/// How the job, or a build without a job, has ended.
#[derive(Debug, Default, Serialize)]
pub(in crate::cli) struct End<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) job: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) build: Option<&'a str>,
    /// A job's status as in events, or `rejected`; a build's status in lower case, such as `in_progress`.
    pub(in crate::cli) status: String,
    /// Whether the end of the build's log was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) complete: Option<bool>,
    /// Why the job was cancelled or superseded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) reason: Option<&'a str>,
    /// The newer job of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) superseded_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) failure: Option<&'a Failure>,
    /// The lines of the log that say what broke it.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(in crate::cli) highlights: &'a [Highlight],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(in crate::cli) images: &'a [ImageResult],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(in crate::cli) problems: &'a [Problem],
    /// Whether this is the end of an earlier message with the same job id; nothing was built for this one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::cli) repeat: bool,
}
