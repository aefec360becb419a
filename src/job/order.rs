//! Translates a job to a `StartBuild` request.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::config::{Credential, Environment, Profile};

pub use super::variable::MAX_VALUE;
use super::{
    Image, Job, JobId, Platform, SourceUrl, Tenant, Variable, VariableKind,
    build::{ATTEMPT_VARIABLE, GROUP_VARIABLE, JOB_ID_VARIABLE, PROFILE_VARIABLE, TENANT_VARIABLE},
    id::hex,
    policy,
    record::{RECORD_VARIABLE, Record},
};

/// One `StartBuild` request without SDK types. The same job and attempt always give the same order: CodeBuild refuses a token with other
/// parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub project: String,
    /// CodeBuild's source type, such as `GITHUB`.
    pub source_type: String,
    /// How CodeBuild authenticates at the source, if not as the project says.
    pub source_auth: Option<SourceAuth>,
    /// Absent for `NO_SOURCE`.
    pub source_location: Option<String>,
    /// A commit, branch or tag, or `pr/25` on GitHub. Absent: the default branch.
    pub source_version: Option<String>,
    /// How many commits to fetch; 0 for all. Absent for S3.
    pub clone_depth: Option<i32>,
    pub submodules: bool,
    /// In this order: Slipway's own, the operator's, the job's.
    pub env: Vec<Variable>,
    /// In minutes. This, the next one and privileged mode are absent where the compute type has no such setting.
    pub timeout_minutes: Option<u32>,
    pub queued_timeout_minutes: Option<u32>,
    /// The buildspec's text, or its path in the source.
    pub buildspec: Option<String>,
    pub environment: Environment,
    pub privileged: Option<bool>,
    pub log_group: Option<String>,
    /// The idempotency token: at most 64 characters, made of the job's id and the attempt.
    pub token: String,
}

/// CodeBuild's `SourceAuth`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAuth {
    /// `CODECONNECTIONS` or `SECRETS_MANAGER`.
    pub kind: &'static str,
    /// The ARN of the connection or secret.
    pub resource: String,
}

/// The variable with the images of a job, as JSON.
pub const IMAGES_VARIABLE: &str = "SLIPWAY_IMAGES";
/// The variable with the registry that a build pushes to. Absent if the profile names none.
pub const REGISTRY_VARIABLE: &str = "SLIPWAY_REGISTRY";

/// The variable with the names of the job's variables as a JSON list, if they come as data. `SLIPWAY_ENV_0` has the value of the first, and
/// so on.
pub const ENV_VARIABLE: &str = "SLIPWAY_ENV";
/// The variable with patterns, as a JSON list: the paths at the source's host for which the build may use the token.
pub const GIT_PATHS_VARIABLE: &str = "SLIPWAY_GIT_PATHS";

/// Translates an attempt at a job. `attempt`: from 1.
pub fn translate(job: &Job, profile: &Profile, attempt: u32, enqueued_at: Option<Timestamp>) -> Order {
    let url = &job.source.url;
    let access = policy::access(&profile.hosts, url);
    let in_build = access.source_type == "NO_SOURCE";
    let is_git = url.scheme() != "s3" && !in_build;
    let buildspec = if job.images.is_empty() { &profile.buildspec } else { &profile.images_buildspec };
    let is_arm = job.images.iter().any(|image| image.platform == Some(Platform::Arm64));
    let environment = profile.arm.as_ref().filter(|_| is_arm).unwrap_or(&profile.environment);
    let is_lambda = environment.is_lambda();
    let mut env = own(job, profile, attempt, enqueued_at);
    if in_build {
        env.extend(source_variables(job, profile, access.credential));
    }
    env.extend(profile.env.iter().map(|variable| Variable {
        name: variable.name.clone(),
        value: variable.value.clone(),
        kind: VariableKind::of(&variable.kind),
    }));
    if buildspec.is_operators {
        env.extend(as_data(&job.env));
    } else {
        // A job cannot replace the operator's variables.
        let senders: Vec<_> = job.env.iter().filter(|variable| env.iter().all(|set| set.name != variable.name)).cloned().collect();
        env.extend(senders);
    }
    let timeout = job.timeout_minutes.map_or(profile.timeout_minutes, |minutes| minutes.min(profile.timeout_minutes));
    Order {
        project: profile.project.clone(),
        source_type: access.source_type.to_owned(),
        source_auth: if in_build { None } else { source_auth(access.credential) },
        source_location: (!in_build).then(|| policy::source_location(url)),
        source_version: job.source.revision.clone().filter(|_| !in_build),
        clone_depth: is_git.then(|| i32::try_from(job.source.depth).unwrap_or(i32::MAX)),
        submodules: is_git && job.source.submodules,
        env,
        timeout_minutes: (!is_lambda).then_some(timeout),
        queued_timeout_minutes: profile.queued_timeout_minutes.filter(|_| !is_lambda),
        buildspec: buildspec.spec.clone(),
        environment: environment.clone(),
        privileged: profile.privileged.filter(|_| !is_lambda),
        log_group: profile.log_group.clone(),
        token: token(&job.id, attempt),
    }
}

/// Slipway's own variables, which every build has.
fn own(job: &Job, profile: &Profile, attempt: u32, enqueued_at: Option<Timestamp>) -> Vec<Variable> {
    let own = [
        (JOB_ID_VARIABLE, Some(job.id.to_string())),
        (ATTEMPT_VARIABLE, Some(attempt.to_string())),
        (IMAGES_VARIABLE, Some(images_json(&job.images))),
        (REGISTRY_VARIABLE, profile.registry.clone().filter(|registry| !registry.is_empty())),
        (TENANT_VARIABLE, Some(job.tenant.to_string())),
        (PROFILE_VARIABLE, Some(job.profile.clone())),
        (GROUP_VARIABLE, job.group.as_ref().map(|group| group.key.clone())),
        (RECORD_VARIABLE, Some(Record::of(job, enqueued_at).value())),
    ];
    own.into_iter().filter_map(|(name, value)| Some(plain(name, value?))).collect()
}

/// A job's variables for a buildspec of the operator's. A tool must not obey a variable that a sender named, so no name is the sender's.
fn as_data(variables: &[Variable]) -> impl Iterator<Item = Variable> {
    let values = variables.iter().enumerate();
    let values = values.map(|(at, variable)| Variable { name: format!("{ENV_VARIABLE}_{at}"), ..variable.clone() });
    std::iter::once(plain(ENV_VARIABLE, env_json(variables))).chain(values)
}

/// What the central buildspec needs to clone a source itself. The token is a reference: only the build sees its value.
fn source_variables(job: &Job, profile: &Profile, credential: &Credential) -> Vec<Variable> {
    let source = &job.source;
    let mut variables = vec![
        plain("SLIPWAY_SOURCE_URL", source.url.to_string()),
        plain("SLIPWAY_SOURCE_DEPTH", source.depth.to_string()),
        plain("SLIPWAY_SOURCE_SUBMODULES", source.submodules.to_string()),
    ];
    variables.extend(source.revision.clone().map(|revision| plain("SLIPWAY_SOURCE_REVISION", revision)));
    if let Credential::Secret(id) = credential {
        let kind = VariableKind::SecretsManager;
        variables.push(Variable { name: "SLIPWAY_GIT_TOKEN".to_owned(), value: id.clone(), kind });
        variables.push(plain(GIT_PATHS_VARIABLE, git_paths_json(profile, &job.tenant, &source.url)));
    }
    variables
}

fn source_auth(credential: &Credential) -> Option<SourceAuth> {
    match credential {
        Credential::Project => None,
        Credential::Connection(arn) => Some(SourceAuth { kind: "CODECONNECTIONS", resource: arn.clone() }),
        Credential::Secret(id) => Some(SourceAuth { kind: "SECRETS_MANAGER", resource: id.clone() }),
    }
}

fn plain(name: &str, value: String) -> Variable {
    Variable { name: name.to_owned(), value, kind: VariableKind::Plaintext }
}

/// The images as JSON, with every default filled in, for `SLIPWAY_IMAGES`.
pub fn images_json(images: &[Image]) -> String {
    // Maps with string keys and plain values: serialisation cannot fail.
    serde_json::to_string(images).unwrap_or_default()
}

/// The names of variables as JSON, for `SLIPWAY_ENV`.
pub fn env_json(variables: &[Variable]) -> String {
    let names: Vec<_> = variables.iter().map(|variable| &variable.name).collect();
    serde_json::to_string(&names).unwrap_or_default()
}

/// The patterns of paths as JSON, for `SLIPWAY_GIT_PATHS`.
pub fn git_paths_json(profile: &Profile, tenant: &Tenant, url: &SourceUrl) -> String {
    serde_json::to_string(&policy::paths_beside(profile, tenant, url)).unwrap_or_default()
}

/// 64 hexadecimal digits: CodeBuild's limit for the token.
fn token(id: &JobId, attempt: u32) -> String {
    // An id has no colon, so each pair gives another text.
    hex(&Sha256::digest(format!("slipway:start-build:{id}:{attempt}")))
}
