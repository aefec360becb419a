#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod envelope;
mod profile;
mod properties;
mod rule;

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::job::{AwsCredentials, OnConflict, Platform, Priority, VariableKind, schema};

const MESSAGE_ID: &str = "5fea7756-0ea4-451a-a703-a558b933e274";

fn profiles() -> BTreeMap<String, Profile> {
    let profile = |name: &str, source: &str, timeout_minutes| Profile {
        name: name.into(),
        project: "flex".into(),
        registry: Some("registry.test".into()),
        sources: vec![source.into()],
        secrets: vec!["npm/*".into()],
        platforms: vec!["linux/amd64".into(), "linux/arm64".into()],
        timeout_minutes,
        ..Profile::default()
    };
    let profiles = [profile("default", "https://github.com/acme/*", 60), profile("local", "file:///*", 2_160)];
    profiles.into_iter().map(|profile| (profile.name.clone(), profile)).collect()
}

fn read_text(body: &str) -> Result<Message, Rejection> {
    read(body, MESSAGE_ID, &profiles())
}

fn read_value(body: &Value) -> Result<Message, Rejection> {
    read_text(&body.to_string())
}

fn job(body: &Value) -> Job {
    match read_value(body) {
        Ok(Message::Job(job)) => *job,
        other => panic!("{other:?}"),
    }
}

fn problems(body: &str) -> Vec<String> {
    read_text(body).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

/// A message with every field.
fn full() -> Value {
    json!({
        "version": 1,
        "id": "app-4711",
        "source": { "url": "https://github.com/acme/app", "revision": "main", "depth": 1, "submodules": false },
        "images": [{
            "name": "team/app", "tags": ["latest", "1.4.2"], "context": ".", "dockerfile": "Dockerfile", "target": "runtime",
            "build_args": { "RUST_VERSION": "1.95" }, "secrets": ["NPM_TOKEN"], "platform": "linux/amd64", "aws_credentials": "none"
        }],
        "profile": "default",
        "env": [{ "name": "NPM_TOKEN", "value": "npm/token", "type": "SECRETS_MANAGER" }],
        "timeout_minutes": 20,
        "tenant": "team-a",
        "priority": "normal",
        "group": { "key": "acme/app@main", "on_conflict": "supersede" },
        "labels": { "release": "1.4.2" }
    })
}

/// The full message with one value changed. The last part of the pointer may be a new field.
fn with(pointer: &str, value: Value) -> Value {
    let mut message = full();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match message.pointer_mut(parent).unwrap() {
        Value::Object(map) => _ = map.insert(key.into(), value),
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        other => panic!("{other}"),
    }
    message
}

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| jsonschema::validator_for(&schema::job()).unwrap());

#[test]
fn every_field_is_read() {
    let job = job(&full());
    assert_eq!((job.id.as_str(), job.tenant.as_str(), job.profile.as_str()), ("app-4711", "team-a", "default"));
    let source = (job.source.url.as_str(), job.source.revision.as_deref(), job.source.depth, job.source.submodules);
    assert_eq!(source, ("https://github.com/acme/app", Some("main"), 1, false));
    let image = &job.images[0];
    assert_eq!((image.name.as_str(), image.tags.join(",")), ("team/app", "latest,1.4.2".into()));
    assert_eq!(
        (image.target.as_deref(), image.platform, image.build_args["RUST_VERSION"].as_str()),
        (Some("runtime"), Some(Platform::Amd64), "1.95")
    );
    assert_eq!((job.env[0].name.as_str(), job.env[0].kind), ("NPM_TOKEN", VariableKind::SecretsManager));
    assert_eq!((job.timeout_minutes, job.priority), (Some(20), Priority::Normal));
    let group = job.group.unwrap();
    assert_eq!((group.key.as_str(), group.on_conflict, job.labels["release"].as_str()), ("acme/app@main", OnConflict::Supersede, "1.4.2"));
}

#[test]
fn fields_that_are_left_out_have_defaults() {
    let job = job(&json!({
        "version": 1, "source": { "url": "https://github.com/acme/app.git" },
        "images": [{ "name": "app" }, { "name": "api", "context": "services/api/" }],
        "group": { "key": "k" }, "env": [{ "name": "A", "value": "" }],
    }));
    assert_eq!((job.id.as_str(), job.tenant.as_str(), job.profile.as_str()), (MESSAGE_ID, "github.com-acme", "default"));
    assert_eq!((job.source.revision, job.source.depth, job.source.submodules), (None, 1, false));
    let image = &job.images[0];
    assert_eq!((image.tags.join(","), image.context.as_str(), image.dockerfile.as_str()), ("latest".into(), ".", "Dockerfile"));
    assert_eq!((&image.target, image.platform, image.aws_credentials), (&None, None, AwsCredentials::None));
    assert_eq!(job.images[1].dockerfile, "services/api/Dockerfile");
    assert_eq!((job.env[0].kind, job.group.unwrap().on_conflict), (VariableKind::Plaintext, OnConflict::Queue));
    assert_eq!((job.timeout_minutes, job.priority, job.labels.len()), (None, Priority::Normal, 0));
}

#[test]
fn a_cancellation_is_read() {
    let cancel =
        |reason: Option<&str>| Message::Cancel(Cancel { id: JobId::parse("app-4711").unwrap(), reason: reason.map(str::to_owned) });
    let message = json!({ "version": 1, "cancel": "app-4711", "reason": "superseded by hand" });
    assert_eq!(read_value(&message), Ok(cancel(Some("superseded by hand"))));
    assert_eq!(read_value(&json!({ "version": 1, "cancel": "app-4711" })), Ok(cancel(None)));
    for (bad, expected) in [
        (r#"{"cancel":"a"}"#, "/version: is required"),
        (r#"{"version":1,"cancel":""}"#, "/cancel: must be 1 to 64"),
        (r#"{"version":1,"cancel":null}"#, "/cancel: must be a string, is null"),
        (r#"{"version":1,"cancel":"a","reason":"x\u001b[2J"}"#, "/reason: must not contain control"),
        (r#"{"version":1,"cancel":"a","source":{}}"#, "/source: is not a known field"),
    ] {
        assert!(problems(bad)[0].starts_with(expected), "{bad}: {:?}", problems(bad));
        assert_eq!(read_text(bad).unwrap_err().id, None, "the job to cancel has not been rejected");
    }
}

#[test]
fn a_body_that_is_not_json_or_not_an_object_and_a_repeated_key_are_one_problem_each() {
    for (body, expected) in [
        ("", "is not JSON: EOF while parsing a value at line 1 column 0"),
        ("{\n  \"version\": 1,\n}", "is not JSON: trailing comma at line 3 column 1"),
        ("{} {}", "is not JSON: trailing characters at line 1 column 4"),
        ("[]", "must be an object, is a list"),
        ("\"x\"", "must be an object, is a string"),
    ] {
        assert_eq!(problems(body), [expected], "{body}");
    }
    let rejection = read_text("[1]").unwrap_err();
    assert_eq!((rejection.id, rejection.tenant, rejection.profile), (None, None, None));
    let doubled = full().to_string().replacen("\"depth\":1", "\"depth\":1,\"depth\":1", 1);
    assert_eq!(problems(&doubled), ["/source/depth: is given twice"]);
    assert!(problems(&"[".repeat(100_000))[0].contains("recursion limit"));
}

#[test]
fn the_problems_of_a_megabyte_of_noise_are_bounded() {
    let noise = (0..20_000).map(|n| (format!("{}{n}", "/~\u{1}".repeat(10)), Value::Null)).collect();
    let rejection = read_value(&Value::Object(noise)).unwrap_err();
    assert_eq!(rejection.problems.len(), 51);
    assert_eq!(rejection.problems[50].problem, format!("and {} more problems", 20_000 + 2 - 50));
    let long = read_value(&json!({ "k".repeat(1_000_000): 1 })).unwrap_err();
    assert!(long.problems.iter().all(|problem| problem.path.len() < 300 && problem.problem.len() < 1_000), "{long:?}");
}

#[test]
fn a_job_must_name_a_profile_if_there_is_no_default() {
    let mut profiles = profiles();
    profiles.remove("default");
    let mut message = full();
    message.as_object_mut().unwrap().remove("profile");
    let rejection = read(&message.to_string(), MESSAGE_ID, &profiles).unwrap_err();
    assert_eq!(rejection.problems[0].to_string(), "must name a profile, because there is no default one: ask the operator for a name");
}

#[test]
fn harmless_text_is_not_changed() {
    let odd = "$(id); `x` \"' \\ ü && --x=../.. *";
    let mut message = with("/images/0/build_args/A", odd.into());
    message["env"] = json!([{ "name": "A", "value": odd }]);
    message["labels"]["a/b"] = odd.into();
    message["images"][0]["context"] = "a $(id)".into();
    message["images"][0]["secrets"] = json!([]);
    let job = job(&message);
    assert_eq!((job.images[0].build_args["A"].as_str(), job.env[0].value.as_str(), job.labels["a/b"].as_str()), (odd, odd, odd));
    assert_eq!(job.images[0].context, "a $(id)");
}
