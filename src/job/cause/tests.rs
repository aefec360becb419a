#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod line;

use std::{collections::BTreeMap, fs, path::Path};

use super::*;
use crate::job::{
    build::{Build, Context, Phase},
    outcome::{FailureKind, Verdict, judge},
};

/// Every log in `tests/logs`, and the code of its failure.
const LOGS: &[(&str, &str)] = &[
    ("buildspec-broken", "BUILDSPEC_INVALID"),
    ("buildspec-missing", "BUILDSPEC_INVALID"),
    ("central-login-refused", "REGISTRY_LOGIN_FAILED"),
    ("central-revision-missing", "REVISION_NOT_FOUND"),
    ("codebuild-authentication", "GIT_AUTHENTICATION_FAILED"),
    ("codebuild-repository", "SOURCE_NOT_FOUND"),
    ("codebuild-revision", "REVISION_NOT_FOUND"),
    ("codebuild-s3-key", "SOURCE_NOT_FOUND"),
    ("disk-apt", "DISK_FULL"),
    ("disk-cargo", "DISK_FULL"),
    ("disk-export", "DISK_FULL"),
    ("disk-layer", "DISK_FULL"),
    ("disk-npm", "DISK_FULL"),
    ("disk-python", "DISK_FULL"),
    ("docker-hub-limit-buildkit", "DOCKER_HUB_RATE_LIMIT"),
    ("docker-hub-limit-legacy", "DOCKER_HUB_RATE_LIMIT"),
    ("docker-hub-limit-plain", "DOCKER_HUB_RATE_LIMIT"),
    ("docker-hub-limit-status", "DOCKER_HUB_RATE_LIMIT"),
    ("docker-hub-login-wrong", "REGISTRY_LOGIN_FAILED"),
    ("ecr-login-denied", "REGISTRY_LOGIN_FAILED"),
    ("ecr-login-missing", "REGISTRY_LOGIN_FAILED"),
    ("ecr-pull-refused", "REGISTRY_ACCESS_DENIED"),
    ("ecr-push-refused", "REGISTRY_ACCESS_DENIED"),
    ("ecr-repository-missing", "REPOSITORY_NOT_FOUND"),
    ("ecr-repository-missing-buildkit", "REPOSITORY_NOT_FOUND"),
    ("ecr-throttled", "REGISTRY_RATE_LIMIT"),
    ("ecr-token-expired", "REGISTRY_LOGIN_FAILED"),
    ("git-branch-missing", "REVISION_NOT_FOUND"),
    ("git-commit-missing", "REVISION_NOT_FOUND"),
    ("git-key-refused", "GIT_AUTHENTICATION_FAILED"),
    ("git-no-credentials", "GIT_AUTHENTICATION_FAILED"),
    ("git-ref-missing", "REVISION_NOT_FOUND"),
    ("git-repository-missing", "SOURCE_NOT_FOUND"),
    ("git-submodule-forbidden", "GIT_AUTHENTICATION_FAILED"),
    ("git-token-refused", "GIT_AUTHENTICATION_FAILED"),
    ("image-missing-buildkit", "IMAGE_PULL_FAILED"),
    ("image-platform-missing", "IMAGE_PULL_FAILED"),
    ("image-tag-missing-containerd", "IMAGE_PULL_FAILED"),
    ("image-tag-missing-legacy", "IMAGE_PULL_FAILED"),
    ("innocent-command-text", "COMMAND_EXECUTION_ERROR"),
    ("innocent-compile-error", "COMMAND_EXECUTION_ERROR"),
    ("innocent-earlier-command", "COMMAND_EXECUTION_ERROR"),
    ("innocent-file-watchers", "COMMAND_EXECUTION_ERROR"),
    ("innocent-other-429", "COMMAND_EXECUTION_ERROR"),
    ("innocent-passing-tests", "COMMAND_EXECUTION_ERROR"),
    ("innocent-shown-text", "COMMAND_EXECUTION_ERROR"),
    ("innocent-tap", "COMMAND_EXECUTION_ERROR"),
    ("memory-buildkit", "OUT_OF_MEMORY"),
    ("memory-cargo", "OUT_OF_MEMORY"),
    ("memory-gcc", "OUT_OF_MEMORY"),
    ("memory-java", "OUT_OF_MEMORY"),
    ("memory-legacy", "OUT_OF_MEMORY"),
    ("memory-node", "OUT_OF_MEMORY"),
    ("memory-resource-exhausted", "OUT_OF_MEMORY"),
    ("memory-shell", "OUT_OF_MEMORY"),
    ("parameter-missing", "SECRET_UNAVAILABLE"),
    ("secret-denied", "SECRET_UNAVAILABLE"),
];

fn logs() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let named = |path: std::path::PathBuf| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap());
    paths.map(named).collect()
}

fn log(name: &str) -> String {
    logs().remove(name).unwrap()
}

/// A line as CodeBuild's agent prints it.
fn at(words: &str) -> String {
    format!("[Container] 2026/11/22 10:21:16.2 {words}\n")
}

/// The build that a log belongs to, with its first failed phase and the context that follows it.
fn build(log: &str) -> Build {
    let mut lines = log.lines().skip_while(|line| !agent::words(line).is_some_and(agent::fails_phase));
    let failed = agent::words(lines.next().unwrap()).unwrap();
    let name = failed.strip_prefix("Phase complete: ").unwrap().split(' ').next().unwrap();
    let first = agent::words(lines.next().unwrap()).unwrap();
    let (code, message) = first.strip_prefix("Phase context status code: ").unwrap().split_once(" Message: ").unwrap();
    let more = lines.take_while(|line| agent::words(line).is_none());
    let message = std::iter::once(message).chain(more).collect::<Vec<_>>().join("\n");
    let contexts = [Context { code: code.to_owned(), message }].into();
    let phase = Phase { name: name.into(), status: Some("FAILED".into()), contexts, ..Phase::default() };
    Build { status: "FAILED".into(), phases: vec![phase], ..Build::default() }
}

fn judged(log: &str) -> Outcome {
    match judge(&build(log)) {
        Verdict::Ended(outcome) => outcome,
        Verdict::PlatformFault(failure) => Outcome { status: Status::Errored, failure: Some(failure) },
    }
}

fn explain(mut outcome: Outcome, log: &str) -> Failure {
    let mut search = Search::new(&outcome);
    log.lines().for_each(|line| search.push(line));
    search.explain(&mut outcome, None);
    outcome.failure.unwrap()
}

fn explained(log: &str) -> Failure {
    explain(judged(log), log)
}

#[test]
fn the_cause_is_found_in_the_log_of_every_tool() {
    let logs = logs();
    assert_eq!(logs.keys().map(String::as_str).collect::<Vec<_>>(), LOGS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let found = logs.iter().map(|(name, log)| (name.as_str(), explained(log).code.unwrap())).collect::<Vec<_>>();
    let expected = LOGS.iter().map(|&(name, code)| (name, code.to_owned())).collect::<Vec<_>>();
    assert_eq!(found, expected);
}

#[test]
fn every_cause_has_a_log_in_the_tests() {
    for cause in Cause::ALL {
        assert!(LOGS.iter().any(|(_, code)| *code == cause.code()), "{cause:?}");
    }
}

#[test]
fn advice_is_appended_to_the_message_of_codebuild() {
    for (name, code) in LOGS {
        let log = log(name);
        let said = judged(&log).failure.unwrap();
        let result = explained(&log);
        assert!(result.message.starts_with(&said.message), "{name}: {}", result.message);
        assert_eq!((result.kind, &result.phase, &result.command), (said.kind, &said.phase, &said.command), "{name}");
        let advice: Vec<_> =
            Cause::ALL.iter().filter(|cause| cause.code() == *code).map(|cause| format!(" ({})", cause.advice())).collect();
        let more = result.message.strip_prefix(&said.message).unwrap();
        assert!(advice.iter().any(|advice| advice == more) || (advice.is_empty() && more.is_empty()), "{name}: {more}");
    }
}

/// The output of `finally` does not explain why its phase failed.
#[test]
fn the_output_of_finally_does_not_replace_the_cause_of_the_failed_command() {
    let run = |command: &str, said: &str| at(&format!("Running command {command}")) + said + "\n";
    let failed = |command: &str| at(&format!("Command did not exit successfully {command} exit status 1"));
    let end = at("Phase complete: BUILD State: FAILED")
        + &at("Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: make. Reason: exit status 1");
    let full = "cp: x: No space left on device";
    for (log, code, decisive) in [
        (run("make", full) + &failed("make") + &run("tidy", "no basic auth credentials"), "DISK_FULL", full),
        (run("make", full) + &failed("make") + &run("tidy", "error: x") + &failed("tidy"), "DISK_FULL", full),
        // The retry fails for another reason.
        (run("make", full) + &failed("make") + &run("make", "error: x") + &failed("make"), "COMMAND_EXECUTION_ERROR", "error: x"),
        (run("make", "made") + &run("tidy", full) + &failed("tidy"), "DISK_FULL", full),
    ] {
        let log = log + &end;
        assert_eq!(explained(&log).code.unwrap(), code, "{log}");
        let mut excerpter = crate::job::excerpt::Excerpter::new(crate::job::excerpt::Budget { lines: 40, bytes: 32_768 }, true);
        log.lines().for_each(|line| excerpter.push(line));
        assert_eq!(excerpter.finish().decisive.as_deref(), Some(decisive), "{log}");
    }
}

/// Lines far before the failure do not count, and lines after it do not.
#[test]
fn only_lines_shortly_before_the_failure_name_its_cause() {
    let near = log("disk-npm");
    // Six lines lie between the last sign and the end of the phase.
    let at = near.find("\n\n[Container]").unwrap();
    for (lines, code) in
        [(0, "DISK_FULL"), (NEAR - 6, "DISK_FULL"), (NEAR - 5, "COMMAND_EXECUTION_ERROR"), (10_000, "COMMAND_EXECUTION_ERROR")]
    {
        let long = format!("{}{}{}", &near[..at], "\nworking".repeat(lines), &near[at..]);
        assert_eq!(explained(&long).code.unwrap(), code, "{lines} lines");
    }
    let later = log("innocent-compile-error") + "write /x: no space left on device\n";
    assert_eq!(explained(&later).code.unwrap(), "COMMAND_EXECUTION_ERROR");
}

#[test]
fn a_failure_without_a_log_gets_its_cause_from_the_phase() {
    let pull = "Unable to pull customer's container image. CannotPullContainerError: Error response from daemon: ";
    let limit = "toomanyrequests: You have reached your pull rate limit.";
    for (code, message, expected) in [
        ("BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", format!("{pull}manifest for acme/ci:9 not found"), "IMAGE_PULL_FAILED"),
        ("BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", format!("{pull}{limit}"), "DOCKER_HUB_RATE_LIMIT"),
        ("BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", format!("{pull}unauthorized: incorrect username or password"), "REGISTRY_LOGIN_FAILED"),
        ("INTERNAL_SERVICE_ERROR", "The build container was lost".to_owned(), "INTERNAL_SERVICE_ERROR"),
    ] {
        let failure = |phase: Option<&str>| Failure {
            kind: FailureKind::Platform,
            phase: phase.map(str::to_owned),
            code: Some(code.to_owned()),
            message: message.clone(),
            command: None,
        };
        let outcome = |failure| Outcome { status: Status::Errored, failure: Some(failure) };
        assert_eq!(explain(outcome(failure(Some("PROVISIONING"))), "").code.unwrap(), expected);
        let refused = explain(outcome(failure(None)), "");
        assert_eq!(refused, failure(None), "a failure without a phase is not explained by its message");
    }
}

#[test]
fn the_decisive_line_of_the_log_becomes_the_message() {
    let explained = |name: &str, decisive| {
        let log = log(name);
        let mut outcome = judged(&log);
        let mut search = Search::new(&outcome);
        log.lines().for_each(|line| search.push(line));
        search.explain(&mut outcome, decisive);
        outcome.failure.unwrap()
    };
    let line = "error[E0308]: mismatched types";
    let result = explained("innocent-compile-error", Some(line));
    assert_eq!((result.message.as_str(), result.code.as_deref()), (line, Some("COMMAND_EXECUTION_ERROR")));
    let result = explained("memory-gcc", Some("g++: fatal error: Killed signal terminated program cc1plus"));
    assert!(
        result.message.starts_with("g++: fatal error: Killed signal") && result.message.contains("memory ran out"),
        "{}",
        result.message
    );
}

#[test]
fn a_job_that_did_not_fail_gets_no_cause() {
    let log = log("memory-legacy");
    for status in [Status::TimedOut, Status::Cancelled, Status::Superseded] {
        let outcome = Outcome { status, ..judged(&log) };
        assert_eq!(explain(outcome, &log), judged(&log).failure.unwrap(), "{status:?}");
    }
    let mut succeeded = Outcome { status: Status::Succeeded, failure: None };
    Search::new(&succeeded).explain(&mut succeeded, Some("error: x"));
    assert_eq!(succeeded, Outcome { status: Status::Succeeded, failure: None });
}

#[test]
fn every_code_is_documented() {
    let page = include_str!("../../../docs/subscribers.md");
    for cause in Cause::ALL {
        assert!(page.contains(&format!("| `{}` |", cause.code())), "{cause:?}");
    }
}
