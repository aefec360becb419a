//! A job, translated to what `StartBuild` is asked for.

use sha2::{Digest, Sha256};

use crate::config::Profile;

use super::{
    Image, Job, JobId, Variable, VariableKind,
    build::{ATTEMPT_VARIABLE, JOB_ID_VARIABLE},
    id::hex,
    policy,
};

/// One `StartBuild` request without SDK types. Equal jobs and attempts give equal orders: the token demands it.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub project: String,
    /// CodeBuild's source type, such as `GITHUB`.
    pub source_type: &'static str,
    /// Absent for `NO_SOURCE`.
    pub source_location: Option<String>,
    /// A commit, branch, tag, on GitHub `pr/25`; absent: the default branch.
    pub source_version: Option<String>,
    /// Commits to fetch, 0 for all; absent for S3, which takes none.
    pub clone_depth: Option<i32>,
    pub submodules: bool,
    /// In a fixed order: Slipway's own, then the job's.
    pub env: Vec<Variable>,
    pub timeout_minutes: u32,
    /// The idempotency token: at most 64 characters, from the job's id and the attempt.
    pub token: String,
}

/// CodeBuild's longest environment value, in characters.
pub const MAX_VALUE: usize = 4_096;

/// The images of a job as a build finds them, as JSON.
pub const IMAGES_VARIABLE: &str = "SLIPWAY_IMAGES";
/// The registry that a build pushes to; absent if the profile names none.
pub const REGISTRY_VARIABLE: &str = "SLIPWAY_REGISTRY";

/// Translates an attempt at a job, from 1, to what CodeBuild is asked for.
pub fn translate(job: &Job, profile: &Profile, attempt: u32) -> Order {
    let url = &job.source.url;
    let is_git = url.scheme() != "s3";
    let own = [
        (JOB_ID_VARIABLE, Some(job.id.to_string())),
        (ATTEMPT_VARIABLE, Some(attempt.to_string())),
        (IMAGES_VARIABLE, Some(images_json(&job.images))),
        (REGISTRY_VARIABLE, profile.registry.clone().filter(|registry| !registry.is_empty())),
    ];
    let own = own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let own = own.map(|(name, value)| Variable { name, value, kind: VariableKind::Plaintext });
    Order {
        project: profile.project.clone(),
        source_type: policy::source_type(url),
        source_location: Some(policy::source_location(url)),
        source_version: job.source.revision.clone(),
        clone_depth: is_git.then(|| i32::try_from(job.source.depth).unwrap_or(i32::MAX)),
        submodules: is_git && job.source.submodules,
        env: own.chain(job.env.iter().cloned()).collect(),
        timeout_minutes: job.timeout_minutes.map_or(profile.timeout_minutes, |minutes| minutes.min(profile.timeout_minutes)),
        token: token(&job.id, attempt),
    }
}

/// The images as `SLIPWAY_IMAGES` has them, every default filled in.
pub fn images_json(images: &[Image]) -> String {
    // Maps with text keys and plain values always serialise.
    serde_json::to_string(images).unwrap_or_default()
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
    use crate::job::message::{self, Message};

    fn profile() -> Profile {
        Profile {
            name: "default".into(),
            project: "flex".into(),
            registry: Some("123456789012.dkr.ecr.eu-west-1.amazonaws.com".into()),
            sources: vec!["*".into()],
            timeout_minutes: 60,
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
            ("NPM_TOKEN", "npm/token", VariableKind::SecretsManager),
            ("ODD", "--x '$(id)' \"", VariableKind::Plaintext),
        ];
        assert_eq!(env, expected);
        let source =
            (order.source_type, order.source_location.as_deref(), order.source_version.as_deref(), order.clone_depth, order.submodules);
        assert_eq!(source, ("GITHUB", Some("https://github.com/acme/app"), Some("pr/25"), Some(0), true));
        assert_eq!((order.project.as_str(), order.timeout_minutes), ("flex", 20));
    }

    #[test]
    fn s3_has_no_history_and_no_registry_no_variable() {
        let job = job(&json!({ "version": 1, "source": { "url": "s3://bucket/key.zip", "submodules": true } }));
        let order = translate(&job, &Profile { registry: None, ..profile() }, 1);
        let source = (order.source_type, order.source_location.as_deref(), order.source_version, order.clone_depth, order.submodules);
        assert_eq!(source, ("S3", Some("bucket/key.zip"), None, None, false));
        let names: Vec<_> = order.env.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["SLIPWAY_JOB_ID", "SLIPWAY_ATTEMPT", "SLIPWAY_IMAGES"]);
        assert_eq!((order.env[0].value.as_str(), order.env[2].value.as_str(), order.timeout_minutes), ("message-1", "[]", 60));
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
}
