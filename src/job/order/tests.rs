#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;

use super::*;
use crate::{
    config::{Buildspec, OperatorVariable, SourceHost},
    job::message::sample::{job, job_with},
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

#[test]
fn a_job_becomes_one_order() {
    let job = job(&json!({
        "version": 1, "id": "app-1", "timeout_minutes": 20,
        "source": { "url": "https://github.com/acme/app", "revision": "pr/25", "depth": 0, "submodules": true },
        "images": [{ "name": "team/app", "build_args": { "X": "$(id); `x` \"'" } }],
        "tenant": "team-a", "group": { "key": "acme/app@main" },
        "env": [{ "name": "NPM_TOKEN", "value": "npm/token", "type": "SECRETS_MANAGER" }, { "name": "ODD", "value": "--x '$(id)' \"" }],
    }));
    let order = translate(&job, &profile(), 2, None);
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
        ("SLIPWAY_RECORD", order.env[7].value.as_str(), VariableKind::Plaintext),
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
fn s3_has_no_depth_and_a_missing_registry_has_no_variable() {
    let job = job(&json!({ "version": 1, "source": { "url": "s3://bucket/key.zip", "submodules": true } }));
    let order = translate(&job, &Profile { registry: None, ..profile() }, 1, None);
    let source = (order.source_type.as_str(), order.source_location.as_deref(), order.source_version, order.clone_depth, order.submodules);
    assert_eq!(source, ("S3", Some("bucket/key.zip"), None, None, false));
    let names: Vec<_> = order.env.iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(names, ["SLIPWAY_JOB_ID", "SLIPWAY_ATTEMPT", "SLIPWAY_IMAGES", "SLIPWAY_TENANT", "SLIPWAY_PROFILE", "SLIPWAY_RECORD"]);
    assert_eq!((order.env[0].value.as_str(), order.env[2].value.as_str(), order.timeout_minutes), ("message-1", "[]", Some(60)));
}

#[test]
fn equal_attempts_give_equal_orders_and_different_attempts_give_different_tokens() {
    let job = |id: &str| job(&json!({ "version": 1, "id": id, "source": { "url": "https://github.com/acme/app" } }));
    assert_eq!(translate(&job("a"), &profile(), 1, None), translate(&job("a"), &profile(), 1, None));
    let token = |id: &str, attempt| translate(&job(id), &profile(), attempt, None).token;
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
        job_with(&json!({ "images": [{ "name": "app", "platform": platform }], "env": [{ "name": "PROXY", "value": "mine" }] }))
    };
    let order = translate(&job("linux/amd64"), &profile, 1, None);
    assert_eq!(order.environment, profile.environment);
    assert_eq!(
        (order.privileged, order.buildspec.as_deref(), order.log_group.as_deref()),
        (Some(true), Some("version: 0.2"), Some("/builds"))
    );
    assert_eq!(order.queued_timeout_minutes, Some(30));
    let proxies: Vec<_> = order.env.iter().filter(|variable| variable.name == "PROXY").map(|variable| variable.value.as_str()).collect();
    assert_eq!(proxies, ["http://proxy"]);
    assert_eq!(translate(&job("linux/arm64"), &profile, 1, None).environment, arm);
}

#[test]
fn an_operators_buildspec_gets_the_variables_of_a_job_as_data() {
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
    let order = translate(&message(json!([{ "name": "app" }])), &profile, 1, None);
    assert_eq!(order.buildspec.as_deref(), Some("version: 0.2"));
    let expected = [
        ("SLIPWAY_ENV", r#"["NPM_TOKEN","PYTHONPATH"]"#, VariableKind::Plaintext),
        ("SLIPWAY_ENV_0", "npm/token", VariableKind::SecretsManager),
        ("SLIPWAY_ENV_1", ".", VariableKind::Plaintext),
    ];
    assert_eq!(senders(order), expected.map(|(name, value, kind)| (name.to_owned(), value.to_owned(), kind)));
    let order = translate(&message(json!([])), &profile, 1, None);
    assert_eq!(order.buildspec, None, "without images, the repository's own buildspec");
    assert_eq!(senders(order).into_iter().map(|(name, ..)| name).collect::<Vec<_>>(), ["NPM_TOKEN", "PYTHONPATH"]);
}

#[test]
fn orders_for_lambda_have_no_timeouts_and_no_privileged_mode() {
    let lambda = Environment { compute_type: Some("BUILD_LAMBDA_1GB".into()), ..Environment::default() };
    let container = Profile { privileged: Some(true), queued_timeout_minutes: Some(30), ..profile() };
    let profile = Profile { environment: lambda, ..container.clone() };
    let job = job(&json!({ "version": 1, "id": "a", "source": { "url": "https://github.com/acme/app" } }));
    let of = |order: Order| (order.timeout_minutes, order.queued_timeout_minutes, order.privileged);
    assert_eq!(of(translate(&job, &profile, 1, None)), (None, None, None));
    assert_eq!(of(translate(&job, &container, 1, None)), (Some(60), Some(30), Some(true)));
}

#[test]
fn a_source_at_an_unknown_host_is_cloned_in_the_build_with_a_reference_to_its_token() {
    let host = SourceHost { host: "git.test".into(), source_type: None, credential: Credential::Secret("git/token".into()) };
    let sources = ["https://git.test/a/*", "https://git.test:8443/b/*", "https://github.com/*"].map(str::to_owned).into();
    let profile = Profile { hosts: [host].into(), sources, ..profile() };
    let job = job(&json!({ "version": 1, "id": "a", "source": { "url": "https://git.test/a/b", "revision": "v1", "submodules": true } }));
    let order = translate(&job, &profile, 1, None);
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
