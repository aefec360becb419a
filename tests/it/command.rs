//! The program's exit codes, and what it writes to stdout and stderr.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    path::Path,
    process::{Command, Output},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs the program in an empty environment.
fn slipway(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_slipway")).args(arguments).current_dir(ROOT).env_clear().output().unwrap()
}

#[test]
fn each_kind_of_ending_has_its_exit_code() {
    let table: &[(&[&str], i32)] = &[
        (&["--help"], 0),
        (&["--version"], 0),
        (&["submit", "--help"], 0),
        (&["check", "--config", "config/slipway.toml"], 0),
        (&["schema", "config"], 0),
        (&["completions", "bash"], 0),
        (&[], 64),
        (&["launch"], 64),
        (&["check"], 64),
        (&["schema", "world"], 64),
        (&["submit", "--url", "https://github.com/acme/app"], 64),
        (&["jobs", "--help"], 0),
        (&["show"], 64),
        (&["show", "a b"], 64),
        (&["cancel"], 64),
        (&["jobs", "--daemon", "127.0.0.1:9090"], 64),
        (&["limits", "--daemon", "http://127.0.0.1:9"], 1),
        (&["healthcheck"], 64),
        (&["healthcheck", "--config", "Cargo.toml"], 78),
        (&["check", "--config", "/nowhere/slipway.toml"], 78),
        (&["check", "--config", "Cargo.toml"], 78),
        (&["run", "--config", "Cargo.toml"], 78),
    ];
    for (arguments, code) in table {
        let output = slipway(arguments);
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let (answer, trouble) = (output.stdout.is_empty(), output.stderr.is_empty());
        assert_eq!((answer, trouble), (*code != 0, *code == 0), "{arguments:?}: answers go to stdout, troubles to stderr");
    }
}

#[test]
fn the_version_names_the_revision_of_a_checkout() {
    let git = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).current_dir(ROOT).output();
    let head = git.ok().filter(|git| git.status.success() && Path::new(ROOT).join(".git").exists());
    let printed = String::from_utf8(slipway(&["--version"]).stdout).unwrap();
    let expected = head.map(|git| format!(" ({})", String::from_utf8(git.stdout).unwrap().trim())).unwrap_or_default();
    assert_eq!(printed, format!("slipway {}{expected}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_configuration_can_be_given_in_the_environment() {
    let text = std::fs::read_to_string(Path::new(ROOT).join("config/slipway.toml")).unwrap();
    let check = |text: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slipway"));
        command.arg("check").env_clear().env("SLIPWAY_CONFIG_TOML", text).env("SLIPWAY_CONFIG", "/nowhere/slipway.toml");
        command.env("SLIPWAY__LIMITS__RUNNING", "7").output().unwrap()
    };
    let right = check(&text);
    let said = String::from_utf8(right.stdout).unwrap();
    assert!(said.starts_with("SLIPWAY_CONFIG_TOML is right\n") && said.contains("7 running"), "{said}");
    let wrong = check("limits = 5");
    assert_eq!(wrong.status.code(), Some(78));
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(said.starts_with("error: SLIPWAY_CONFIG_TOML: "), "{said}");
}

#[test]
fn the_printed_schemas_are_the_committed_ones() {
    for name in ["job", "event", "config"] {
        let committed = std::fs::read(Path::new(ROOT).join(format!("docs/schemas/{name}.schema.json"))).unwrap();
        assert!(slipway(&["schema", name]).stdout == committed, "run: slipway schema {name} > docs/schemas/{name}.schema.json");
    }
    let committed = std::fs::read(Path::new(ROOT).join("docs/schemas/openapi.json")).unwrap();
    assert!(slipway(&["schema", "api"]).stdout == committed, "run: slipway schema api > docs/schemas/openapi.json");
}
