#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod envelope;
mod profile;
mod properties;

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

/// The full message with one place changed; a pointer's last part may be new.
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
fn what_is_left_out_has_a_default() {
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

/// Whether the schema finds it too, the changed place, the value there, and how the problem begins.
#[test]
fn every_rule_is_named_with_its_place() {
    let x = |length: usize| "x".repeat(length);
    let many = |count: usize| Value::Object((0..count).map(|n| (format!("k{n}"), "v".into())).collect());
    let rows = [
        (true, "/version", json!(2), "/version: must be 1"),
        (true, "/version", json!("1"), "/version: must be 1"),
        (true, "/id", json!("a b"), "/id: must be 1 to 64"),
        (true, "/id", json!("../a"), "/id: must be 1 to 64"),
        (true, "/id", json!(x(65)), "/id: must be 1 to 64"),
        (true, "/id", json!(4711), "/id: must be a string, is a number"),
        (true, "/id", json!(null), "/id: must be a string, is null"),
        (true, "/surprise", json!(1), "/surprise: is not a known field"),
        (true, "/a~1b~0c", json!(1), "/a~01b~00c: is not a known field"),
        (true, "/buildspec", json!("x"), "/buildspec: is not a known field"),
        (true, "/source", json!("x"), "/source: must be an object, is a string"),
        (true, "/source/branch", json!("x"), "/source/branch: is not a known field"),
        (true, "/source/url", json!("https://me:pass@github.com/acme/app"), "/source/url: must not contain a user or password"),
        (true, "/source/url", json!("--upload-pack=id"), "/source/url: must not begin with '-'"),
        (false, "/source/url", json!("https://github.com/acme/../evil/app"), "/source/url: must have a path"),
        (false, "/source/url", json!("https://github.com/evil/app"), "/source/url: is not among the sources"),
        (false, "/source/url", json!("file:///etc"), "/source/url: is not among the sources"),
        (false, "/source/revision", json!("--orphan"), "/source/revision: must not begin with '-'"),
        (false, "/source/revision", json!("a\nb"), "/source/revision: must not contain control"),
        (false, "/source/revision", json!("a..b"), "/source/revision: must be a branch"),
        (false, "/source/revision", json!("pr/25"), "/source/revision: is not among the revisions that the profile allows"),
        (true, "/source/revision", json!(x(256)), "/source/revision: must be at most 255"),
        (true, "/source/depth", json!(-1), "/source/depth: must be a whole number"),
        (true, "/source/depth", json!(1.5), "/source/depth: must be a whole number"),
        (true, "/source/submodules", json!("yes"), "/source/submodules: must be true or false"),
        (true, "/images", json!({}), "/images: must be a list, is an object"),
        (true, "/images", (0..9).map(|n| json!({ "name": format!("a{n}") })).collect(), "/images: must have 0 to 8 items, has 9"),
        (true, "/images/0", json!({}), "/images/0/name: is required"),
        (true, "/images/0/name", json!("Team/App"), "/images/0/name: must be a repository path"),
        (true, "/images/0/name", json!("evil.example:5000/app"), "/images/0/name: must be a repository path"),
        (true, "/images/0/tags", json!([]), "/images/0/tags: must have 1 to 20 items"),
        (true, "/images/0/tags/1", json!("--push"), "/images/0/tags/1: must be a letter"),
        (true, "/images/0/tags/1", json!(7), "/images/0/tags/1: must be a string"),
        (false, "/images/0/tags", json!(["a", "a"]), "/images/0/tags: asks for team/app:a a second time"),
        (false, "/images/0/context", json!("../.."), "/images/0/context: must stay inside"),
        (false, "/images/0/context", json!("--output=/"), "/images/0/context: must not begin with '-'"),
        (true, "/images/0/context", json!(""), "/images/0/context: must not be empty"),
        (false, "/images/0/dockerfile", json!("/etc/passwd"), "/images/0/dockerfile: must be a relative path"),
        (false, "/images/0/dockerfile", json!("a\u{0}b"), "/images/0/dockerfile: must not contain control"),
        (true, "/images/0/target", json!("--x"), "/images/0/target: must be the name of a stage"),
        (true, "/images/0/platform", json!("windows/amd64"), "/images/0/platform: must be linux/amd64 or"),
        (true, "/images/0/aws_credentials", json!("build_arg"), "/images/0/aws_credentials: must be none,"),
        (true, "/images/0/privileged", json!(true), "/images/0/privileged: is not a known field"),
        (false, "/images/0/build_args", json!({ "--x": "1" }), "/images/0/build_args/--x: has a name that cannot be"),
        (false, "/images/0/build_args", json!({ "A": "1\n2" }), "/images/0/build_args/A: must not contain control"),
        (
            false,
            "/images/0/build_args",
            json!({ "BUILDKIT_SYNTAX": "x" }),
            "/images/0/build_args/BUILDKIT_SYNTAX: has a name that cannot be",
        ),
        (false, "/images/0/build_args", json!({ "http_proxy": "x" }), "/images/0/build_args/http_proxy: has a name that cannot be"),
        (false, "/images/0/secrets", json!(["OTHER"]), "/images/0/secrets/0: is not the name of one of the job's variables"),
        (false, "/images/0/secrets", json!(["NPM_TOKEN", "NPM_TOKEN"]), "/images/0/secrets/1: is in the list already"),
        (true, "/images/0/build_args", json!({ "A": 1 }), "/images/0/build_args/A: must be a string"),
        (true, "/images/0/build_args", many(65), "/images/0/build_args: must have at most 64"),
        (false, "/images/0/build_args", json!({ "A": x(4_000) }), "/images: must be at most 4096 characters as JSON"),
        (false, "/profile", json!("gold"), "/profile: is not a profile that the operator has defined"),
        (false, "/env/0/name", json!("CODEBUILD_SRC_DIR"), "/env/0/name: must not begin with CODEBUILD"),
        (true, "/env/0/name", json!("A=B"), "/env/0/name: must be a letter"),
        (true, "/env/0/value", json!(x(4_097)), "/env/0/value: must be at most 4096"),
        (false, "/env/0/value", json!("a\u{1b}[0m"), "/env/0/value: must not contain control"),
        (false, "/env/0/value", json!("a\r\nb"), "/env/0/value: must not contain control"),
        (false, "/env/0/value", json!(""), "/env/0/value: must be a secret's name or ARN"),
        (false, "/env/0/value", json!("db/password"), "/env/0/value: is not among the secrets that the profile lets its jobs name"),
        (false, "/env/0/type", json!("PARAMETER_STORE"), "/env/0/value: is not among the parameters that"),
        (true, "/env/0/type", json!("plaintext"), "/env/0/type: must be PLAINTEXT,"),
        (
            false,
            "/env",
            json!([{ "name": "NPM_TOKEN", "value": "" }, { "name": "NPM_TOKEN", "value": "" }]),
            "/env/1/name: is the name of an earlier",
        ),
        (true, "/timeout_minutes", json!(4), "/timeout_minutes: must be a whole number from 5 to 2160"),
        (false, "/timeout_minutes", json!(61), "/timeout_minutes: must be at most the profile's 60"),
        (true, "/tenant", json!("team/a"), "/tenant: must be 1 to 64"),
        (true, "/priority", json!("urgent"), "/priority: must be high, normal or low"),
        (true, "/priority", json!(["high"]), "/priority: must be high, normal or low"),
        (true, "/group", json!({}), "/group/key: is required"),
        (true, "/group/key", json!(""), "/group/key: must not be empty"),
        (true, "/group/on_conflict", json!("cancel"), "/group/on_conflict: must be queue or"),
        (true, "/labels", many(11), "/labels: must have at most 10 entries, has 11"),
        (false, "/labels", json!({ "a\nb": "" }), "/labels/a\u{fffd}b: has a name that cannot be"),
        (false, "/labels/release", json!("1\r\n2"), "/labels/release: must not contain control"),
    ];
    assert!(SCHEMA.is_valid(&full()));
    for (in_schema, pointer, value, expected) in rows {
        let pointer = pointer.replace("~1", "\u{1}");
        let message: Value = serde_json::from_str(&with(&pointer, value).to_string().replace("\\u0001", "~1")).unwrap();
        let found = problems(&message.to_string());
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
        assert_eq!(!SCHEMA.is_valid(&message), in_schema, "schema on {message}");
    }
}

#[test]
fn all_problems_of_a_message_are_reported_at_once_with_what_can_be_read_of_it() {
    let message = json!({
        "id": "app-1", "source": { "url": "https://github.com/acme/app", "depth": "all" }, "extra": 1,
        "images": [{ "name": "A", "dockerfile": "../x" }, 7], "env": [{ "name": "SLIPWAY_X" }], "timeout_minutes": 1, "priority": 1,
    });
    let rejection = read_value(&message).unwrap_err();
    let mut paths: Vec<_> = rejection.problems.iter().map(|problem| problem.path.as_str()).collect();
    paths.sort_unstable();
    let expected = [
        "/env/0/name",
        "/env/0/value",
        "/extra",
        "/images/0/dockerfile",
        "/images/0/name",
        "/images/1",
        "/priority",
        "/source/depth",
        "/timeout_minutes",
        "/version",
    ];
    assert_eq!(paths, expected);
    let readable = (rejection.id.unwrap().to_string(), rejection.tenant.unwrap().to_string(), rejection.profile.unwrap());
    assert_eq!(readable, ("app-1".into(), "github.com-acme".into(), "default".into()));
}

#[test]
fn what_is_not_json_or_not_an_object_or_doubled_is_one_problem() {
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
fn the_answer_to_a_megabyte_of_noise_is_short() {
    let noise = (0..20_000).map(|n| (format!("{}{n}", "/~\u{1}".repeat(10)), Value::Null)).collect();
    let rejection = read_value(&Value::Object(noise)).unwrap_err();
    assert_eq!(rejection.problems.len(), 51);
    assert_eq!(rejection.problems[50].problem, format!("and {} more problems", 20_000 + 2 - 50));
    let long = read_value(&json!({ "k".repeat(1_000_000): 1 })).unwrap_err();
    assert!(long.problems.iter().all(|problem| problem.path.len() < 300 && problem.problem.len() < 1_000), "{long:?}");
}

#[test]
fn jobs_of_profiles_without_a_default_must_name_one() {
    let mut profiles = profiles();
    profiles.remove("default");
    let mut message = full();
    message.as_object_mut().unwrap().remove("profile");
    let rejection = read(&message.to_string(), MESSAGE_ID, &profiles).unwrap_err();
    assert_eq!(rejection.problems[0].to_string(), "must name a profile: there is none that is the default; ask the operator for a name");
}

#[test]
fn what_is_harmless_arrives_unchanged() {
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
