//! How a build ended, and whose fault it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{build::Build, redact::Redactor};

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Built.
    Succeeded,
    /// The sender's code did not build.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// Stopped on request.
    Cancelled,
    /// Stopped because a newer job of its group arrived.
    Superseded,
    /// The platform failed it, again and again.
    Errored,
}

impl Status {
    /// The status as it is written in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
            Self::Errored => "errored",
        }
    }
}

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The sender's.
    Build,
    /// The platform's or the operator's.
    Platform,
    /// Nobody's but the clock's.
    Timeout,
}

/// Why a job did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureKind,
    /// The phase that failed, such as `BUILD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub phase: Option<String>,
    /// CodeBuild's code, such as `COMMAND_EXECUTION_ERROR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub code: Option<String>,
    /// In words.
    pub message: String,
    /// The command that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub command: Option<String>,
}

/// How a job ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub status: Status,
    /// Always there for `failed`, `timed_out` and `errored`.
    pub failure: Option<Failure>,
}

impl Outcome {
    /// Takes secrets out of the failure's words. Returns how many were found.
    pub fn redact(&mut self, redactor: &mut Redactor) -> usize {
        todo!("{redactor:?}")
    }
}

/// What an ended build means for its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The job has ended.
    Ended(Outcome),
    /// The platform failed; the job deserves another attempt.
    PlatformFault(Failure),
}

/// Judges a build that has ended.
pub fn judge(build: &Build) -> Verdict {
    todo!("{build:?}")
}
