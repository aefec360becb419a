//! Each rule, with the path and the text of its problem.

use super::*;

/// Each row: whether the schema finds the problem too, the pointer, the value to put there, how the problem begins.
#[test]
fn every_broken_rule_is_reported_with_its_path() {
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
        (false, "/images/0/build_args", json!({ "--x": "1" }), "/images/0/build_args/--x: has an invalid name"),
        (false, "/images/0/build_args", json!({ "A": "1\n2" }), "/images/0/build_args/A: must not contain control"),
        (false, "/images/0/build_args", json!({ "BUILDKIT_SYNTAX": "x" }), "/images/0/build_args/BUILDKIT_SYNTAX: has an invalid name"),
        (false, "/images/0/build_args", json!({ "http_proxy": "x" }), "/images/0/build_args/http_proxy: has an invalid name"),
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
        (false, "/labels", json!({ "a\nb": "" }), "/labels/a\u{fffd}b: has an invalid name"),
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
fn all_problems_of_a_message_are_reported_at_once_with_the_parts_that_could_be_read() {
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
