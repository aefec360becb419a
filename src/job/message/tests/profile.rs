//! Notations of numbers and values, and rules that depend on the profile or on several fields.

use serde_json::json;

use super::*;
use crate::config::Environment;

#[test]
fn whole_floats_are_integers_and_values_may_have_several_lines() {
    let message =
        full().to_string().replace("\"version\":1", "\"version\":1.0").replace("\"timeout_minutes\":20", "\"timeout_minutes\":2e1");
    assert!(message.contains("1.0") && message.contains("2e1"));
    let Ok(Message::Job(job)) = read_text(&message) else { panic!("{message}") };
    assert_eq!(job.timeout_minutes, Some(20));
    for bad in ["20.5", "1e300", "-20.0"] {
        let message = full().to_string().replace("\"timeout_minutes\":20", &format!("\"timeout_minutes\":{bad}"));
        assert_eq!(problems(&message), ["/timeout_minutes: must be a whole number from 5 to 2160"], "{bad}");
    }
    let lines = "-----BEGIN KEY-----\n\tabc\n";
    let mut message = full();
    message["env"] = json!([{ "name": "NPM_TOKEN", "value": lines }]);
    assert_eq!(self::job(&message).env[0].value, lines);
}

#[test]
fn a_secret_cannot_replace_the_keys_of_the_builds_role() {
    let mut message = full();
    message["env"] = json!([{ "name": "aws", "value": "x" }]);
    message["images"][0]["secrets"] = json!(["aws"]);
    assert_eq!(job(&message).images[0].secrets, ["aws"]);
    message["images"][0]["aws_credentials"] = "secret".into();
    assert_eq!(
        problems(&message.to_string()),
        ["/images/0/secrets/0: is the id of the secret with the keys of the build's role: give the variable another name"]
    );
}

#[test]
fn a_variable_that_an_image_gets_as_a_secret_is_secret_whatever_its_name() {
    let mut message = full();
    message["env"] = json!([{ "name": "A", "value": "listed" }, { "name": "B", "value": "open" }, { "name": "B_TOKEN", "value": "named" }]);
    message["images"][0]["secrets"] = json!(["A"]);
    assert_eq!(job(&message).secrets().collect::<Vec<_>>(), ["listed", "named"]);
}

#[test]
fn a_timeout_is_refused_for_builds_on_lambda() {
    let mut profiles = profiles();
    let environment_type = Some("ARM_LAMBDA_CONTAINER".to_owned());
    profiles.get_mut("default").unwrap().environment = Environment { environment_type, ..Environment::default() };
    let rejection = read(&full().to_string(), MESSAGE_ID, &profiles).unwrap_err();
    assert_eq!(
        rejection.problems[0].to_string(),
        "/timeout_minutes: cannot be set: the profile's builds run on Lambda, which has no timeout"
    );
}

#[test]
fn a_job_whose_variables_are_too_long_for_codebuild_is_rejected() {
    let mut profiles = profiles();
    let profile = profiles.get_mut("default").unwrap();
    profile.sources = (0..500).map(|n| format!("https://git.test/acme/app-{n}")).collect();
    profile.images_buildspec.is_operators = true;
    let names: Vec<_> = (0..100).map(|n| json!({ "name": format!("V{n}_{}", "x".repeat(50)), "value": "" })).collect();
    let message = json!({ "version": 1, "source": { "url": "https://git.test/acme/app-1", "submodules": true }, "env": names });
    let rejection = read(&message.to_string(), MESSAGE_ID, &profiles).unwrap_err();
    let paths: Vec<_> = rejection.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["/source/submodules", "/env"]);
}
