//! `[profiles.NAME]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::default;

/// What the operator allows under one name.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("if" = { "not": { "required": ["extends"], "properties": { "extends": {} } } }, "then" = { "required": ["project", "sources"], "properties": { "project": {}, "sources": {} } }))]
pub struct Profile {
    /// Another profile's name: every key that is not set here is as it is there. What is set here replaces it whole, lists and tables too.
    pub extends: Option<String>,
    /// The CodeBuild project. Required, here or where the profile extends another.
    pub project: Option<String>,
    /// The registry that images are pushed to: `HOST[:PORT][/PATH]`.
    pub registry: Option<String>,
    /// Patterns of the source URLs that are allowed; "*" stands for any characters of the path. Required as `project` is.
    pub sources: Option<Vec<String>>,
    /// The longest that a build may take, and what it gets when the job names no time, 5 to 2160 minutes.
    #[schemars(extend("default" = default::TIMEOUT_MINUTES))]
    pub timeout_minutes: Option<i64>,
    /// How long a build may wait in CodeBuild's own queue, 5 to 480 minutes. Left out: the project's time.
    pub queued_timeout_minutes: Option<i64>,
    /// Builds of the profile at once. Left out: as many as `limits.running`.
    pub running: Option<i64>,
    /// Tenants that may use the profile. Left out: every tenant.
    pub tenants: Option<Vec<String>>,
    /// For a tenant by name, the patterns that hold instead of `sources`.
    pub tenant_sources: Option<BTreeMap<String, Vec<String>>>,
    /// Patterns of the revisions that are allowed, HEAD for the default branch. Left out: all but those of pull and merge requests.
    pub revisions: Option<Vec<String>>,
    /// Patterns of the secrets in Secrets Manager that jobs may name, by the secret's name; "{tenant}" stands for the job's tenant.
    #[schemars(extend("default" = []))]
    pub secrets: Option<Vec<String>>,
    /// Patterns of the parameters in the Parameter Store that jobs may name; "{tenant}" stands for the job's tenant.
    #[schemars(extend("default" = []))]
    pub parameters: Option<Vec<String>>,
    /// Platforms of images that jobs may ask for. Left out: "linux/amd64", and "linux/arm64" where there is an arm environment.
    pub platforms: Option<Vec<String>>,
    /// The build image. Left out: the project's.
    pub image: Option<String>,
    /// The compute type, such as `BUILD_GENERAL1_SMALL`. Left out: the project's.
    pub compute_type: Option<String>,
    /// The environment type, such as `LINUX_CONTAINER`. Left out: the project's.
    pub environment_type: Option<String>,
    /// Where images for linux/arm64 are built, if that is elsewhere.
    pub arm: Option<Environment>,
    /// Whether builds may use Docker. Left out: as the project says.
    pub privileged: Option<bool>,
    /// A buildspec on this machine, given to every build as its text; relative to the configuration file.
    pub buildspec_file: Option<String>,
    /// A buildspec in the source, by its path there: the sender's choice of commands under the project's role.
    pub buildspec_path: Option<String>,
    /// The buildspec of jobs with images: "central", "project", or a file on this machine. Left out: `buildspec_file`, else "central".
    pub images_buildspec: Option<String>,
    /// The CloudWatch log group. Left out: the project's.
    pub log_group: Option<String>,
    /// Variables for every build of the profile.
    pub env: Option<Vec<Variable>>,
}

/// A build environment; what is left out is the project's.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The build image.
    pub image: Option<String>,
    /// The compute type, such as `BUILD_GENERAL1_SMALL`.
    pub compute_type: Option<String>,
    /// The environment type, such as `ARM_CONTAINER`.
    pub environment_type: Option<String>,
}

/// A variable for builds.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// The variable's name.
    #[schemars(required)]
    pub name: Option<String>,
    /// The value, or the name of the parameter or secret.
    #[schemars(required)]
    pub value: Option<String>,
    /// `PLAINTEXT`, `PARAMETER_STORE` or `SECRETS_MANAGER`.
    #[serde(rename = "type")]
    #[schemars(extend("default" = default::VARIABLE_TYPE))]
    pub kind: Option<String>,
}
