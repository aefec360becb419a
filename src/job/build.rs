//! A CodeBuild build as the daemon sees it: a snapshot without SDK types.

pub mod secret;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{JobId, Tenant, record::Record, source::is_commit};

/// The variable that says on a build which job it belongs to.
pub const JOB_ID_VARIABLE: &str = "SLIPWAY_JOB_ID";
/// The variable that says which attempt at the job a build is, from 1.
pub const ATTEMPT_VARIABLE: &str = "SLIPWAY_ATTEMPT";
/// The variables that say whose limits a build counts towards, for a process that finds it running.
pub const TENANT_VARIABLE: &str = "SLIPWAY_TENANT";
pub const PROFILE_VARIABLE: &str = "SLIPWAY_PROFILE";
pub const GROUP_VARIABLE: &str = "SLIPWAY_GROUP";

/// The exported variable in which a build that cloned its source itself names the commit.
const COMMIT_VARIABLE: &str = "SLIPWAY_COMMIT";

/// A status or a phase by CodeBuild's name. Those of today take no memory of their own, as each build in flight has a dozen.
pub type Word = Cow<'static, str>;

const WORDS: [&str; 18] = [
    "SUCCEEDED",
    "IN_PROGRESS",
    "SUBMITTED",
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
    "FINALIZING",
    "COMPLETED",
    "FAILED",
    "FAULT",
    "TIMED_OUT",
    "STOPPED",
    "CLIENT_ERROR",
];

/// CodeBuild's word; one that is unknown today is kept as it is.
pub fn word(text: &str) -> Word {
    WORDS.iter().find(|known| **known == text).map_or_else(|| Cow::Owned(text.to_owned()), |known| Cow::Borrowed(*known))
}

/// What one look at a build showed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Build {
    /// `project:uuid`.
    pub id: Arc<str>,
    pub arn: String,
    /// The build's number within its project.
    pub number: Option<i64>,
    pub project: String,
    /// CodeBuild's status by name, such as `IN_PROGRESS`; names unknown today are kept.
    pub status: Word,
    /// CodeBuild's own word that the build has ended.
    pub complete: bool,
    pub current_phase: Option<Word>,
    pub phases: Vec<Phase>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// The commit that CodeBuild fetched; never known for S3.
    pub commit: Option<String>,
    /// From `SLIPWAY_IMAGES`: the images that it was started for; absent if there are none.
    pub requested_images: Option<String>,
    /// Whether its buildspec is the operator's, by `SLIPWAY_ENV`: only such a one gets a job's variables as data.
    pub is_operators: bool,
    /// Where CodeBuild puts its artifacts, and their digest; absent where it keeps none.
    pub artifacts: Option<Artifacts>,
    /// `exportedEnvironmentVariables`; final only after the end.
    pub exported: BTreeMap<String, String>,
    /// Where the log is; absent before PROVISIONING, and for some builds always.
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
    /// Plain values of its variables that its log must not repeat: see [`secret::of_variables`].
    pub secrets: Vec<String>,
}

impl Build {
    /// The commit that was built: fetched by CodeBuild, or by the build itself, whose word is taken if it can be one.
    pub fn source_commit(&self) -> Option<String> {
        self.commit.clone().or_else(|| self.exported.get(COMMIT_VARIABLE).filter(|text| is_commit(text)).cloned())
    }
}

/// What a build leaves behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artifacts {
    /// An ARN in S3.
    pub location: String,
    /// In hexadecimal digits; CodeBuild has one only where the artifact is one file.
    pub sha256: Option<String>,
}

/// One phase of a build.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Phase {
    /// Such as `DOWNLOAD_SOURCE`.
    pub name: Word,
    /// Absent while the phase runs.
    pub status: Option<Word>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub seconds: Option<f64>,
    pub contexts: Box<[Context]>,
}

/// Why a phase ended as it did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Such as `COMMAND_EXECUTION_ERROR`.
    pub code: String,
    pub message: String,
}

/// A build's log stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogLocation {
    pub group: String,
    pub stream: String,
    /// The console's deep link.
    pub url: Option<String>,
}

impl Build {
    /// When the commands of its phase BUILD began to run.
    pub fn building_since(&self) -> Option<Timestamp> {
        self.phases.iter().find(|phase| phase.name == "BUILD")?.started_at
    }

    /// Whether the build has ended: CodeBuild says so, or its status is any other than `IN_PROGRESS`.
    pub fn has_ended(&self) -> bool {
        self.complete || self.status != "IN_PROGRESS"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_take_no_memory_and_unknown_ones_are_kept() {
        assert!(["DOWNLOAD_SOURCE", "SUCCEEDED"].map(word).iter().all(|word| matches!(word, Cow::Borrowed(_))));
        assert_eq!(word("TOMORROWS_PHASE"), "TOMORROWS_PHASE");
    }

    #[test]
    fn the_commit_is_codebuilds_or_else_a_plausible_one_of_the_builds_own() {
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
