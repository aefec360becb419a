//! The interface between CodeBuild and the runner of its builds.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin};

use super::progress::Progress;
pub use crate::codebuild::model::build::Ending;

/// A build, as CodeBuild hands it to its container: the project merged with the overrides of `StartBuild`.
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
    /// The buildspec given with the project or the start: inline YAML, or a path within the source.
    /// `None`: `buildspec.yml` in the source's root.
    pub buildspec: Option<String>,
    /// The plain variables, already merged (start over project).
    pub environment: BTreeMap<String, String>,
    /// The variables whose values a store keeps, already merged; none is plain too.
    pub stored: BTreeMap<String, Stored>,
    /// The build image, which a runner may not have.
    pub image: Option<String>,
    /// The key that would encrypt the build's artifacts.
    pub encryption_key: String,
    /// Who started the build.
    pub initiator: String,
    /// Milliseconds since the Unix epoch.
    pub start_time_ms: u64,
    /// The region's name.
    pub region: String,
}

/// Where the value of a variable is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// In the Parameter Store: the parameter's name.
    Parameter(String),
    /// In the Secrets Manager: `secret-id:json-key:version-stage:version-id`.
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
    /// How many commits; 0 is the full history.
    pub depth: u32,
    /// Whether to fetch submodules.
    pub submodules: bool,
}

/// Carries builds out.
pub trait Runner: fmt::Debug + Send + Sync + 'static {
    /// Runs one build from PROVISIONING to FINALIZING and tells `progress` what happens.
    ///
    /// When [`Progress::interrupted`] resolves (stopped, or out of time), the runner ends whatever it started and returns; what it
    /// returns then does not matter.
    fn run(&self, assignment: Assignment, progress: Progress) -> Pin<Box<dyn Future<Output = Ending> + Send>>;
}
