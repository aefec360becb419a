//! A CodeBuild build as the daemon sees it: a snapshot without SDK types.

mod arn;
pub mod secret;
mod word;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

pub use self::{arn::Arn, word::Word};
use super::{JobId, Tenant, moment::Moment, record::Record, source::is_commit};

/// The build's variable that holds the job's id.
pub const JOB_ID_VARIABLE: &str = "SLIPWAY_JOB_ID";
/// The build's variable that holds the number of the attempt, from 1.
pub const ATTEMPT_VARIABLE: &str = "SLIPWAY_ATTEMPT";
/// The build's variables that name the limits it counts towards, for a process that finds the build running.
pub const TENANT_VARIABLE: &str = "SLIPWAY_TENANT";
pub const PROFILE_VARIABLE: &str = "SLIPWAY_PROFILE";
pub const GROUP_VARIABLE: &str = "SLIPWAY_GROUP";

/// The exported variable with the commit, of a build that cloned its source itself.
const COMMIT_VARIABLE: &str = "SLIPWAY_COMMIT";

/// A build at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Build {
    /// `project:uuid`.
    pub id: Arc<str>,
    pub arn: Arn,
    /// The build's number within its project.
    pub number: Option<i64>,
    pub project: Word,
    /// CodeBuild's status, such as `IN_PROGRESS`; unknown ones are kept.
    pub status: Word,
    /// CodeBuild's `buildComplete`.
    pub complete: bool,
    pub current_phase: Option<Word>,
    pub phases: Vec<Phase>,
    pub started: Option<Moment>,
    pub ended: Option<Moment>,
    /// The commit that CodeBuild fetched. Always absent for S3.
    pub commit: Option<String>,
    /// `SLIPWAY_IMAGES`: the images that the build was started for, as JSON. Absent if there are none.
    pub requested_images: Option<Box<str>>,
    /// Whether the buildspec is the operator's. Known by `SLIPWAY_ENV`: only such a build gets the job's variables as data.
    pub is_operators: bool,
    /// The location of its artifacts and their digest. Absent if the project keeps none.
    pub artifacts: Option<Box<Artifacts>>,
    /// `exportedEnvironmentVariables`. Final only after the build has ended.
    pub exported: BTreeMap<String, String>,
    /// The location of the log. Absent before PROVISIONING, and for some builds always.
    pub log: Option<LogLocation>,
    /// From `SLIPWAY_JOB_ID`.
    pub job: Option<JobId>,
    /// From `SLIPWAY_ATTEMPT`.
    pub attempt: Option<u32>,
    /// From `SLIPWAY_TENANT`.
    pub tenant: Option<Tenant>,
    /// From `SLIPWAY_PROFILE`.
    pub profile: Option<String>,
    /// From `SLIPWAY_GROUP`.
    pub group: Option<String>,
    /// From `SLIPWAY_RECORD`.
    pub record: Option<Record>,
    /// The plain values of its variables that its log must not show: see [`secret::of_variables`].
    pub secrets: Vec<String>,
}

impl Build {
    /// The commit that was built: the one that CodeBuild fetched, else the one that the build exported, if that has the form of a commit.
    pub fn source_commit(&self) -> Option<String> {
        self.commit.clone().or_else(|| self.exported.get(COMMIT_VARIABLE).filter(|text| is_commit(text)).cloned())
    }
}

/// The files that a build uploaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artifacts {
    /// The ARN of the file or folder in S3.
    pub location: String,
    /// In hexadecimal digits. CodeBuild gives it only for an artifact that is one file.
    pub sha256: Option<String>,
}

/// One phase of a build.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Phase {
    /// CodeBuild's name, such as `DOWNLOAD_SOURCE`.
    pub name: Word,
    /// Absent while the phase runs.
    pub status: Option<Word>,
    pub started: Option<Moment>,
    pub ended: Option<Moment>,
    pub contexts: Box<[Context]>,
}

/// The reason of a phase's status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// CodeBuild's code, such as `COMMAND_EXECUTION_ERROR`.
    pub code: String,
    pub message: String,
}

/// A build's log stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogLocation {
    pub group: Word,
    pub stream: String,
    /// The link to the log in the AWS console.
    pub url: Option<String>,
}

impl Phase {
    /// When it ended. `None` while it runs.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.ended.map(Moment::timestamp)
    }

    /// How long it took, in seconds to the millisecond; CodeBuild's own duration has whole seconds only. `None` while it runs.
    pub fn seconds(&self) -> Option<f64> {
        Some(self.ended?.timestamp().duration_since(self.started?.timestamp()).as_secs_f64())
    }
}

impl Build {
    /// Its ARN, whole.
    pub fn arn(&self) -> String {
        self.arn.whole(&self.id)
    }

    /// When it was started, or began to wait in CodeBuild's queue.
    pub fn started_at(&self) -> Option<Timestamp> {
        self.started.map(Moment::timestamp)
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.ended.map(Moment::timestamp)
    }

    /// When phase BUILD began.
    pub fn building_since(&self) -> Option<Timestamp> {
        self.phases.iter().find(|phase| &*phase.name == "BUILD")?.started.map(Moment::timestamp)
    }

    /// Whether the build has ended: CodeBuild says that it is complete, or its status is not `IN_PROGRESS`.
    pub fn has_ended(&self) -> bool {
        self.complete || &*self.status != "IN_PROGRESS"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commit_is_the_one_of_codebuild_or_else_a_valid_one_that_the_build_exports() {
        let (fetched, cloned) = ("main".to_owned(), "c0ffee0123".repeat(4));
        let build = |commit: Option<&String>, exported: &str| Build {
            commit: commit.cloned(),
            exported: [(COMMIT_VARIABLE.into(), exported.into())].into(),
            ..Build::default()
        };
        for (commit, exported, expected) in [
            (Some(&fetched), cloned.as_str(), Some(&fetched)),
            (None, &cloned, Some(&cloned)),
            (None, &cloned[1..], None),
            (None, "not a commit but a text of forty letters", None),
        ] {
            assert_eq!(build(commit, exported).source_commit().as_ref(), expected, "{exported}");
        }
    }
}
