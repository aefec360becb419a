//! The interface between CodeBuild and the runner of its builds.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin};

use super::progress::Progress;
pub use crate::codebuild::model::build::Ending;

/// A build for a runner: the project's settings with the overrides of `StartBuild`.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// `project:uuid`.
    pub build_id: String,
    /// The build's ARN.
    pub build_arn: String,
    /// The build's number within its project, from 1.
    pub number: u64,
    /// The project's name.
    pub project: String,
    /// Where the source comes from.
    pub source: Source,
    /// The buildspec of the project or the start: YAML, or a path in the source. `None`: `buildspec.yml` in the root of the source.
    pub buildspec: Option<String>,
    /// The plain variables: those of the project, replaced by those of the start.
    pub environment: BTreeMap<String, String>,
    /// The variables whose values a store holds, merged likewise. None of them is in `environment`.
    pub stored: BTreeMap<String, Stored>,
    /// The build image. A runner may ignore it.
    pub image: Option<String>,
    /// The key with which the build's artifacts would be encrypted.
    pub encryption_key: String,
    /// Who started the build.
    pub initiator: String,
    /// Milliseconds since the Unix epoch.
    pub start_time_ms: u64,
    /// The region's name.
    pub region: String,
}

/// The store that holds the value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// The Parameter Store: the parameter's name.
    Parameter(String),
    /// Secrets Manager: `secret-id:json-key:version-stage:version-id`.
    Secret(String),
}

/// A build's source.
#[derive(Debug, Clone)]
pub struct Source {
    /// CodeBuild's source type, such as `GITHUB` or `NO_SOURCE`.
    pub kind: String,
    /// A git URL for the git types.
    pub location: Option<String>,
    /// A commit, branch or tag; on GitHub also `pr/25`.
    pub version: Option<String>,
    /// How many commits to fetch; 0 for the full history.
    pub depth: u32,
    /// Whether to fetch submodules.
    pub submodules: bool,
}

/// Runs builds.
pub trait Runner: fmt::Debug + Send + Sync + 'static {
    /// Runs one build from PROVISIONING to FINALIZING, and reports to `progress`.
    ///
    /// When [`Progress::interrupted`] resolves (stopped or timed out), the runner ends all that it started and returns. The value that it
    /// returns then is ignored.
    fn run(&self, assignment: Assignment, progress: Progress) -> Pin<Box<dyn Future<Output = Ending> + Send>>;
}
