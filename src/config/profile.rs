//! What jobs may ask for: profiles, and how their sources are fetched.

use std::{collections::BTreeMap, sync::Arc};

/// What the operator allows under one name. A job can name a profile, and change nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The profile's name.
    pub name: String,
    /// The CodeBuild project.
    pub project: String,
    /// The registry that images are pushed to.
    pub registry: Option<String>,
    /// Patterns of source URLs that are allowed; `*` stands for any characters.
    pub sources: Vec<String>,
    /// Tenants that may use the profile; empty: every tenant.
    pub tenants: Vec<String>,
    /// For these tenants, the patterns that hold instead of [`Profile::sources`].
    pub tenant_sources: BTreeMap<String, Vec<String>>,
    /// Patterns of revisions that are allowed; empty: all but those of pull and merge requests on git hosts.
    pub revisions: Vec<String>,
    /// Patterns of secrets that jobs may name.
    pub secrets: Vec<String>,
    /// Patterns of parameters that jobs may name, without a slash at their beginning.
    pub parameters: Vec<String>,
    /// The longest time of a build in minutes, which is also the default for jobs that name none.
    pub timeout_minutes: u32,
    /// How long a build may wait in CodeBuild's own queue, in minutes; `None`: the project's time.
    pub queued_timeout_minutes: Option<u32>,
    /// The most builds of the profile at once; `None`: as many as [`Limits::running`](super::Limits::running).
    pub running: Option<usize>,
    /// Platforms of images that jobs may ask for.
    pub platforms: Vec<String>,
    /// The build environment.
    pub environment: Environment,
    /// The build environment of images for `linux/arm64`, if it is another.
    pub arm: Option<Environment>,
    /// Whether builds may use Docker; `None`: as the project says.
    pub privileged: Option<bool>,
    /// The buildspec of jobs without images.
    pub buildspec: Buildspec,
    /// The buildspec of jobs with images.
    pub images_buildspec: Buildspec,
    /// The CloudWatch log group; `None`: the project's.
    pub log_group: Option<String>,
    /// The operator's variables for every build of the profile.
    pub env: Vec<OperatorVariable>,
    /// How sources are fetched, by host. The first entry that matches counts.
    pub hosts: Arc<[SourceHost]>,
}

/// A buildspec, and who wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buildspec {
    /// Its text, or its path in the source. `None`: the project's, else `buildspec.yml` in the source.
    pub spec: Option<String>,
    /// Whether the operator wrote it. If so, a job's variables are passed as data, and not under their own names.
    pub is_operators: bool,
}

/// A build environment. `None`: as the project has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Such as `aws/codebuild/standard:7.0`.
    pub image: Option<String>,
    /// Such as `BUILD_GENERAL1_SMALL`.
    pub compute_type: Option<String>,
    /// Such as `LINUX_CONTAINER`.
    pub environment_type: Option<String>,
}

impl Environment {
    /// Whether builds run on Lambda, which takes no timeouts and has no privileged mode. Not known where the types are the project's.
    pub fn is_lambda(&self) -> bool {
        [&self.compute_type, &self.environment_type].into_iter().flatten().any(|name| name.contains("LAMBDA"))
    }
}

/// A variable that the operator gives to builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorVariable {
    pub name: String,
    /// The value, or the name of the parameter or secret.
    pub value: String,
    /// `PLAINTEXT`, `PARAMETER_STORE` or `SECRETS_MANAGER`.
    pub kind: String,
}

/// How sources of a host are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHost {
    /// The host, `*.example.com` for its subdomains.
    pub host: String,
    /// CodeBuild's source type, `NO_SOURCE` for `git clone` in the build; `None`: as the host's name says.
    pub source_type: Option<String>,
    /// The credential for the host.
    pub credential: Credential,
}

/// The credential with which a source is fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Credential {
    /// The project's own credential, or none.
    #[default]
    Project,
    /// The ARN of a CodeConnections connection.
    Connection(String),
    /// The id or ARN of a secret in Secrets Manager.
    Secret(String),
}
