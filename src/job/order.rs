//! A job, translated to what `StartBuild` is asked for.

use sha2::{Digest, Sha256};

use crate::config::{Credential, Environment, Profile};

use super::{
    Image, Job, JobId, Platform, SourceUrl, Tenant, Variable, VariableKind,
    build::{ATTEMPT_VARIABLE, GROUP_VARIABLE, JOB_ID_VARIABLE, PROFILE_VARIABLE, TENANT_VARIABLE},
    id::hex,
    policy,
};

/// One `StartBuild` request without SDK types. Equal jobs and attempts give equal orders: the token demands it.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub project: String,
    /// CodeBuild's source type, such as `GITHUB`.
    pub source_type: String,
    /// What opens the source, where it is not the project's own.
    pub source_auth: Option<SourceAuth>,
    /// Absent for `NO_SOURCE`.
    pub source_location: Option<String>,
    /// A commit, branch, tag, on GitHub `pr/25`; absent: the default branch.
    pub source_version: Option<String>,
    /// Commits to fetch, 0 for all; absent for S3, which takes none.
    pub clone_depth: Option<i32>,
    pub submodules: bool,
    /// In a fixed order: Slipway's own, then the operator's, then the job's.
    pub env: Vec<Variable>,
    /// Absent, like the next one and privileged mode, where compute takes none.
    pub timeout_minutes: Option<u32>,
    pub queued_timeout_minutes: Option<u32>,
    /// The buildspec's text, or its path in the source.
    pub buildspec: Option<String>,
    pub environment: Environment,
    pub privileged: Option<bool>,
    pub log_group: Option<String>,
    /// The idempotency token: at most 64 characters, from the job's id and the attempt.
    pub token: String,
}

/// CodeBuild's `SourceAuth`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAuth {
    /// `CODECONNECTIONS` or `SECRETS_MANAGER`.
    pub kind: &'static str,
    /// The connection's or the secret's ARN.
    pub resource: String,
}

/// CodeBuild's longest environment value, in characters.
pub const MAX_VALUE: usize = 4_096;

/// The images of a job as a build finds them, as JSON.
pub const IMAGES_VARIABLE: &str = "SLIPWAY_IMAGES";
/// The registry that a build pushes to; absent if the profile names none.
pub const REGISTRY_VARIABLE: &str = "SLIPWAY_REGISTRY";

/// The names of a job's variables as a JSON list, where they come as data; the value of the first is in `SLIPWAY_ENV_0`, and so on.
pub const ENV_VARIABLE: &str = "SLIPWAY_ENV";
/// Patterns of the paths at the source's host that its token opens, as a JSON list.
pub const GIT_PATHS_VARIABLE: &str = "SLIPWAY_GIT_PATHS";

/// Translates an attempt at a job, from 1, to what CodeBuild is asked for.
pub fn translate(job: &Job, profile: &Profile, attempt: u32) -> Order {
    let url = &job.source.url;
    let access = policy::access(&profile.hosts, url);
    let in_build = access.source_type == "NO_SOURCE";
    let is_git = url.scheme() != "s3" && !in_build;
    let buildspec = if job.images.is_empty() { &profile.buildspec } else { &profile.images_buildspec };
    let is_arm = job.images.iter().any(|image| image.platform == Some(Platform::Arm64));
    let environment = profile.arm.as_ref().filter(|_| is_arm).unwrap_or(&profile.environment);
    let is_lambda = environment.is_lambda();
    let mut env = own(job, profile, attempt);
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
        // What the operator sets, a job cannot.
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

/// The variables that every build has.
fn own(job: &Job, profile: &Profile, attempt: u32) -> Vec<Variable> {
    let own = [
        (JOB_ID_VARIABLE, Some(job.id.to_string())),
        (ATTEMPT_VARIABLE, Some(attempt.to_string())),
        (IMAGES_VARIABLE, Some(images_json(&job.images))),
        (REGISTRY_VARIABLE, profile.registry.clone().filter(|registry| !registry.is_empty())),
        (TENANT_VARIABLE, Some(job.tenant.to_string())),
        (PROFILE_VARIABLE, Some(job.profile.clone())),
        (GROUP_VARIABLE, job.group.as_ref().map(|group| group.key.clone())),
    ];
    own.into_iter().filter_map(|(name, value)| Some(plain(name, value?))).collect()
}

/// A job's variables for a buildspec of the operator's. Its tools must not obey what a sender names, so that no name is the sender's.
fn as_data(variables: &[Variable]) -> impl Iterator<Item = Variable> {
    let values = variables.iter().enumerate();
    let values = values.map(|(at, variable)| Variable { name: format!("{ENV_VARIABLE}_{at}"), ..variable.clone() });
    std::iter::once(plain(ENV_VARIABLE, env_json(variables))).chain(values)
}

/// What the central buildspec needs to clone a source itself. The token is a reference: its value is seen by nobody but the build.
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

/// The images as `SLIPWAY_IMAGES` has them, every default filled in.
pub fn images_json(images: &[Image]) -> String {
    // Maps with text keys and plain values always serialise.
    serde_json::to_string(images).unwrap_or_default()
}

/// The names of variables as `SLIPWAY_ENV` has them.
pub fn env_json(variables: &[Variable]) -> String {
    let names: Vec<_> = variables.iter().map(|variable| &variable.name).collect();
    serde_json::to_string(&names).unwrap_or_default()
}

/// The patterns of paths as `SLIPWAY_GIT_PATHS` has them.
pub fn git_paths_json(profile: &Profile, tenant: &Tenant, url: &SourceUrl) -> String {
    serde_json::to_string(&policy::paths_beside(profile, tenant, url)).unwrap_or_default()
}

/// 64 hexadecimal digits, CodeBuild's limit for the token.
fn token(id: &JobId, attempt: u32) -> String {
    // An id has no colon, so no two pairs give one text.
    hex(&Sha256::digest(format!("slipway:start-build:{id}:{attempt}")))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::{
        config::{Buildspec, OperatorVariable, SourceHost},
        job::message::{self, Message},
    };

    fn profile() -> Profile {
        Profile {
            name: "default".into(),
            project: "flex".into(),
            registry: Some("123456789012.dkr.ecr.eu-west-1.amazonaws.com".into()),
            sources: vec!["*".into()],
            revisions: vec!["*".into()],
            secrets: vec!["npm/*".into()],
            timeout_minutes: 60,
            ..Profile::default()
        }
    }

    fn job(message: &serde_json::Value) -> Job {
        match message::read(&message.to_string(), "message-1", &BTreeMap::from([("default".into(), profile())])) {
            Ok(Message::Job(job)) => *job,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_job_becomes_one_order() {
        let job = job(&json!({
            "version": 1, "id": "app-1", "timeout_minutes": 20,
            "source": { "url": "https://github.com/acme/app", "revision": "pr/25", "depth": 0, "submodules": true },
            "images": [{ "name": "team/app", "build_args": { "X": "$(id); `x` \"'" } }],
            "tenant": "team-a", "group": { "key": "acme/app@main" },
            "env": [{ "name": "NPM_TOKEN", "value": "npm/token", "type": "SECRETS_MANAGER" }, { "name": "ODD", "value": "--x '$(id)' \"" }],
        }));
        let order = translate(&job, &profile(), 2);
        let images = json!([{
            "name": "team/app", "tags": ["latest"], "context": ".", "dockerfile": "Dockerfile",
            "build_args": { "X": "$(id); `x` \"'" }, "aws_credentials": "none",
        }]);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&order.env[2].value).unwrap(), images);
        let env = order.env.iter().map(|variable| (variable.name.as_str(), variable.value.as_str(), variable.kind)).collect::<Vec<_>>();
        let expected = [
            ("SLIPWAY_JOB_ID", "app-1", VariableKind::Plaintext),
            ("SLIPWAY_ATTEMPT", "2", VariableKind::Plaintext),
            ("SLIPWAY_IMAGES", order.env[2].value.as_str(), VariableKind::Plaintext),
            ("SLIPWAY_REGISTRY", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", VariableKind::Plaintext),
            ("SLIPWAY_TENANT", "team-a", VariableKind::Plaintext),
            ("SLIPWAY_PROFILE", "default", VariableKind::Plaintext),
            ("SLIPWAY_GROUP", "acme/app@main", VariableKind::Plaintext),
            ("NPM_TOKEN", "npm/token", VariableKind::SecretsManager),
            ("ODD", "--x '$(id)' \"", VariableKind::Plaintext),
        ];
        assert_eq!(env, expected);
        let source = (
            order.source_type.as_str(),
            order.source_location.as_deref(),
            order.source_version.as_deref(),
            order.clone_depth,
            order.submodules,
        );
        assert_eq!(source, ("GITHUB", Some("https://github.com/acme/app"), Some("pr/25"), Some(0), true));
        assert_eq!((order.project.as_str(), order.timeout_minutes), ("flex", Some(20)));
    }

    #[test]
    fn s3_has_no_history_and_no_registry_no_variable() {
        let job = job(&json!({ "version": 1, "source": { "url": "s3://bucket/key.zip", "submodules": true } }));
        let order = translate(&job, &Profile { registry: None, ..profile() }, 1);
        let source =
            (order.source_type.as_str(), order.source_location.as_deref(), order.source_version, order.clone_depth, order.submodules);
        assert_eq!(source, ("S3", Some("bucket/key.zip"), None, None, false));
        let names: Vec<_> = order.env.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["SLIPWAY_JOB_ID", "SLIPWAY_ATTEMPT", "SLIPWAY_IMAGES", "SLIPWAY_TENANT", "SLIPWAY_PROFILE"]);
        assert_eq!((order.env[0].value.as_str(), order.env[2].value.as_str(), order.timeout_minutes), ("message-1", "[]", Some(60)));
    }

    #[test]
    fn equal_attempts_give_equal_orders_and_others_other_tokens() {
        let job = |id: &str| job(&json!({ "version": 1, "id": id, "source": { "url": "https://github.com/acme/app" } }));
        assert_eq!(translate(&job("a"), &profile(), 1), translate(&job("a"), &profile(), 1));
        let token = |id: &str, attempt| translate(&job(id), &profile(), attempt).token;
        assert_eq!(token("a", 1).len(), 64);
        assert_ne!(token("a", 1), token("a", 2));
        assert_ne!(token("a", 1), token("b", 1));
        assert_ne!(token("a", 11), token("a1", 1));
    }

    #[test]
    fn the_operators_settings_reach_codebuild_and_a_jobs_cannot_replace_them() {
        let arm = Environment { image: Some("arm".into()), compute_type: None, environment_type: Some("ARM_CONTAINER".into()) };
        let profile = Profile {
            platforms: vec!["linux/amd64".into(), "linux/arm64".into()],
            environment: Environment { image: Some("amd".into()), ..Environment::default() },
            arm: Some(arm.clone()),
            privileged: Some(true),
            images_buildspec: Buildspec { spec: Some("version: 0.2".into()), is_operators: false },
            log_group: Some("/builds".into()),
            queued_timeout_minutes: Some(30),
            env: vec![OperatorVariable { name: "PROXY".into(), value: "http://proxy".into(), kind: "PLAINTEXT".into() }],
            ..profile()
        };
        let job = |platform: &str| {
            let text = json!({
                "version": 1, "id": "a", "source": { "url": "https://github.com/acme/app" },
                "images": [{ "name": "app", "platform": platform }], "env": [{ "name": "PROXY", "value": "mine" }],
            });
            let profiles = BTreeMap::from([("default".to_owned(), profile.clone())]);
            match message::read(&text.to_string(), "message-1", &profiles) {
                Ok(Message::Job(job)) => *job,
                other => panic!("{other:?}"),
            }
        };
        let order = translate(&job("linux/amd64"), &profile, 1);
        assert_eq!(order.environment, profile.environment);
        assert_eq!(
            (order.privileged, order.buildspec.as_deref(), order.log_group.as_deref()),
            (Some(true), Some("version: 0.2"), Some("/builds"))
        );
        assert_eq!(order.queued_timeout_minutes, Some(30));
        let proxies: Vec<_> =
            order.env.iter().filter(|variable| variable.name == "PROXY").map(|variable| variable.value.as_str()).collect();
        assert_eq!(proxies, ["http://proxy"]);
        assert_eq!(translate(&job("linux/arm64"), &profile, 1).environment, arm);
    }

    #[test]
    fn to_a_buildspec_of_the_operators_a_jobs_variables_come_as_data() {
        let message = |images: serde_json::Value| {
            job(&json!({
                "version": 1, "id": "a", "source": { "url": "https://github.com/acme/app" }, "images": images,
                "env": [{ "name": "NPM_TOKEN", "value": "npm/token", "type": "SECRETS_MANAGER" }, { "name": "PYTHONPATH", "value": "." }],
            }))
        };
        let profile = Profile { images_buildspec: Buildspec { spec: Some("version: 0.2".into()), is_operators: true }, ..profile() };
        let senders = |order: Order| {
            let env =
                order.env.into_iter().filter(|variable| !variable.name.starts_with("SLIPWAY") || variable.name.starts_with("SLIPWAY_ENV"));
            env.map(|variable| (variable.name, variable.value, variable.kind)).collect::<Vec<_>>()
        };
        let order = translate(&message(json!([{ "name": "app" }])), &profile, 1);
        assert_eq!(order.buildspec.as_deref(), Some("version: 0.2"));
        let expected = [
            ("SLIPWAY_ENV", r#"["NPM_TOKEN","PYTHONPATH"]"#, VariableKind::Plaintext),
            ("SLIPWAY_ENV_0", "npm/token", VariableKind::SecretsManager),
            ("SLIPWAY_ENV_1", ".", VariableKind::Plaintext),
        ];
        assert_eq!(senders(order), expected.map(|(name, value, kind)| (name.to_owned(), value.to_owned(), kind)));
        let order = translate(&message(json!([])), &profile, 1);
        assert_eq!(order.buildspec, None, "without images the repository's own");
        assert_eq!(senders(order).into_iter().map(|(name, ..)| name).collect::<Vec<_>>(), ["NPM_TOKEN", "PYTHONPATH"]);
    }

    #[test]
    fn lambda_takes_no_timeouts_and_no_privileged_mode() {
        let lambda = Environment { compute_type: Some("BUILD_LAMBDA_1GB".into()), ..Environment::default() };
        let container = Profile { privileged: Some(true), queued_timeout_minutes: Some(30), ..profile() };
        let profile = Profile { environment: lambda, ..container.clone() };
        let job = job(&json!({ "version": 1, "id": "a", "source": { "url": "https://github.com/acme/app" } }));
        let of = |order: Order| (order.timeout_minutes, order.queued_timeout_minutes, order.privileged);
        assert_eq!(of(translate(&job, &profile, 1)), (None, None, None));
        assert_eq!(of(translate(&job, &container, 1)), (Some(60), Some(30), Some(true)));
    }

    #[test]
    fn a_host_that_codebuild_does_not_know_is_cloned_in_the_build_with_a_reference_to_its_token() {
        let host = SourceHost { host: "git.test".into(), source_type: None, credential: Credential::Secret("git/token".into()) };
        let sources = ["https://git.test/a/*", "https://git.test:8443/b/*", "https://github.com/*"].map(str::to_owned).into();
        let profile = Profile { hosts: [host].into(), sources, ..profile() };
        let job =
            job(&json!({ "version": 1, "id": "a", "source": { "url": "https://git.test/a/b", "revision": "v1", "submodules": true } }));
        let order = translate(&job, &profile, 1);
        assert_eq!(
            (order.source_type.as_str(), order.source_location, order.source_version, order.source_auth),
            ("NO_SOURCE", None, None, None)
        );
        assert_eq!((order.clone_depth, order.submodules), (None, false));
        let env: Vec<_> =
            order.env.iter().filter(|variable| variable.name.starts_with("SLIPWAY_SOURCE") || variable.name.contains("TOKEN")).collect();
        let env: Vec<_> = env.iter().map(|variable| (variable.name.as_str(), variable.value.as_str(), variable.kind)).collect();
        let expected = [
            ("SLIPWAY_SOURCE_URL", "https://git.test/a/b", VariableKind::Plaintext),
            ("SLIPWAY_SOURCE_DEPTH", "1", VariableKind::Plaintext),
            ("SLIPWAY_SOURCE_SUBMODULES", "true", VariableKind::Plaintext),
            ("SLIPWAY_SOURCE_REVISION", "v1", VariableKind::Plaintext),
            ("SLIPWAY_GIT_TOKEN", "git/token", VariableKind::SecretsManager),
        ];
        assert_eq!(env, expected);
        let paths = order.env.iter().find(|variable| variable.name == GIT_PATHS_VARIABLE).map(|variable| variable.value.as_str());
        assert_eq!(paths, Some(r#"["a/*"]"#));
    }
}
