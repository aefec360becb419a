#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::job::{cause::Search, outcome::Failure};

const RAN: &str = "Error while executing command: bash \"$SLIPWAY_WORK/slipway.sh\" build. Reason: exit status 1";

fn explained(is_operators: bool, code: &str, message: &str, command: Option<&str>, log: &[&str]) -> Failure {
    with_reason(is_operators, code, message, command, log, None)
}

/// `reason`: the log's decisive line.
fn with_reason(is_operators: bool, code: &str, message: &str, command: Option<&str>, log: &[&str], reason: Option<&str>) -> Failure {
    let failure = Failure {
        kind: FailureKind::Build,
        phase: Some("BUILD".into()),
        code: Some(code.into()),
        message: message.into(),
        command: command.map(str::to_owned),
    };
    let mut outcome = Outcome { status: Status::Failed, failure: Some(failure) };
    let build = Build { is_operators, ..Build::default() };
    let (mut search, mut fault) = (Search::new(&outcome), Fault::new(&outcome, Some(&build)));
    for line in log {
        search.push(line);
        fault.push(line);
    }
    search.explain(&mut outcome, reason);
    fault.explain(&mut outcome);
    outcome.failure.unwrap()
}

fn central(log: &[&str]) -> Failure {
    explained(true, "COMMAND_EXECUTION_ERROR", RAN, Some("bash \"$SLIPWAY_WORK/slipway.sh\" build"), log)
}

#[test]
fn the_line_of_the_central_buildspec_is_the_message_and_decides_whose_fault_it_is() {
    for (line, kind, end) in [
        ("no docker engine answers: the project needs privileged mode", FailureKind::Platform, "this machine's)"),
        ("docker 26.1.5 cannot build: its buildx component is missing", FailureKind::Platform, "that has it)"),
        (
            "the build's role cannot log in to 123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            FailureKind::Platform,
            "ecr:GetAuthorizationToken",
        ),
        ("the login at Docker Hub is refused", FailureKind::Platform, "SLIPWAY_DOCKERHUB_PASSWORD)"),
        ("docker could not push registry.test/app:1", FailureKind::Platform, "lets the build push to it)"),
        ("docker could not build team/app", FailureKind::Build, "team/app"),
        ("the source has no Dockerfile", FailureKind::Build, "Dockerfile"),
    ] {
        let failure = central(&["#7 0.1 error: slipway: no docker engine answers", &format!("error: slipway: {line}")]);
        assert_eq!(failure.kind, kind, "{line}");
        assert!(failure.message.starts_with(line) && failure.message.contains(end), "{}", failure.message);
    }
}

#[test]
fn the_decisive_line_follows_the_line_of_the_central_buildspec_and_the_advice_stays() {
    let command = Some("bash \"$SLIPWAY_WORK/slipway.sh\" build");
    let message_of = |line: &str, reason: &str| {
        let log = [reason, &format!("error: slipway: {line}")];
        with_reason(true, "COMMAND_EXECUTION_ERROR", RAN, command, &log, Some(reason)).message
    };
    assert_eq!(
        message_of("docker could not build team/app", "error: no such package foo"),
        "docker could not build team/app: error: no such package foo"
    );
    let engine = message_of("no docker engine answers: the project needs privileged mode", "Cannot connect to the Docker daemon");
    assert!(engine.ends_with("this machine's)") && !engine.contains("Cannot"), "{engine}");
    assert!(is_own("error: slipway: docker could not build team/app") && !is_own("#7 error: slipway: x"));
}

#[test]
fn the_reason_of_docker_is_used_if_the_log_has_no_decisive_line() {
    let old = "rpc error: code = Unknown desc = failed to solve with frontend dockerfile.v0: failed to create LLB definition: ";
    let ran = "process \"/bin/sh -c false\" did not complete successfully: exit code: 1";
    for (said, expected) in [
        (
            format!("{old}dockerfile parse error line 1: unknown instruction: FORM"),
            "dockerfile parse error line 1: unknown instruction: FORM",
        ),
        (format!("{old}target stage x could not be found"), "target stage x could not be found"),
        (ran.to_owned(), ran),
    ] {
        let failure = central(&[&format!("ERROR: failed to solve: {said}"), "error: slipway: docker could not build team/app"]);
        assert_eq!(failure.message, format!("docker could not build team/app: {expected}"));
    }
    let absent = format!("ERROR: failed to solve: {old}registry.test/none:1: not found");
    let message = central(&[&absent, "error: slipway: docker could not build team/app"]).message;
    assert!(
        message.starts_with("docker could not build team/app: registry.test/none:1: not found (an image could not be pulled"),
        "{message}"
    );
}

/// The path is the sender's text.
#[test]
fn text_in_a_path_is_not_taken_for_a_cause() {
    let path = "x; docker could not push a; unauthorized: authentication required";
    let failure = central(&[&format!("error: slipway: the source has no {path}")]);
    assert_eq!((failure.kind, failure.code.as_deref()), (FailureKind::Build, Some("COMMAND_EXECUTION_ERROR")), "{}", failure.message);
}

#[test]
fn the_advice_of_a_known_cause_follows_the_line() {
    let log = ["#3 ERROR: toomanyrequests: You have reached your pull rate limit.", "error: slipway: docker could not build team/app"];
    let failure = central(&log);
    assert_eq!((failure.kind, failure.code.as_deref()), (FailureKind::Build, Some("DOCKER_HUB_RATE_LIMIT")));
    assert!(failure.message.starts_with("docker could not build team/app (Docker Hub's pull limit"), "{}", failure.message);
    let denied = central(&["Error: Cannot perform an interactive login from a non TTY device", "no basic auth credentials"]);
    assert_eq!((denied.kind, denied.code.as_deref()), (FailureKind::Platform, Some("REGISTRY_LOGIN_FAILED")));
}

/// Whatever else prints such a line than the failed command of the central buildspec.
#[test]
fn a_line_printed_by_the_repository_is_not_taken_for_the_central_buildspecs() {
    const ENGINE: &str = "error: slipway: no docker engine answers";
    const BUILD: &str = "bash \"$SLIPWAY_WORK/slipway.sh\" build";
    let at = |words: &str| format!("[Container] 2026/11/22 10:21:16.2 {words}");
    let ran = |command: &str| at(&format!("Running command {command}"));
    let failed = |command: &str| at(&format!("Command did not exit successfully {command} exit status 1"));
    let (ended, good) = (at("Phase complete: BUILD State: FAILED"), at("Phase complete: PRE_BUILD State: SUCCEEDED"));
    let own = "error: slipway: docker could not build team/app".to_owned();
    let rows: [(&str, bool, &str, Vec<String>, &str); 9] = [
        ("the repository's own buildspec", false, "make", vec![ran("make"), ENGINE.into(), failed("make"), ended.clone()], RAN),
        ("an operator's buildspec that runs make", true, "make", vec![ran("make"), ENGINE.into(), failed("make"), ended.clone()], RAN),
        ("an earlier phase", true, BUILD, vec![ran("a"), ENGINE.into(), good, ran(BUILD), failed(BUILD), ended.clone()], RAN),
        ("an earlier command", true, BUILD, vec![ran("a"), ENGINE.into(), ran(BUILD), failed(BUILD), ended.clone()], RAN),
        ("a command of finally", true, BUILD, vec![ran(BUILD), failed(BUILD), ran("b"), ENGINE.into(), ended.clone()], RAN),
        ("a later phase", true, BUILD, vec![ran(BUILD), failed(BUILD), ended.clone(), ran("c"), ENGINE.into()], RAN),
        ("a Dockerfile", true, BUILD, vec![ran(BUILD), format!("#7 0.1 {ENGINE}"), format!("0.1 {ENGINE}"), ended.clone()], RAN),
        (
            "a path of the sender's",
            true,
            BUILD,
            vec![ran(BUILD), "error: slipway: the source has no no docker engine answers".into(), ended.clone()],
            "the source has no no docker engine answers",
        ),
        ("the failed command", true, BUILD, vec![ran(BUILD), own, failed(BUILD), ended, ENGINE.into()], "docker could not build team/app"),
    ];
    for (who, is_operators, command, log, message) in rows {
        let log: Vec<_> = log.iter().map(String::as_str).collect();
        let failure = explained(is_operators, "COMMAND_EXECUTION_ERROR", RAN, Some(command), &log);
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Build, message), "{who}");
    }
}

#[test]
fn an_invalid_buildspec_is_the_fault_of_its_owner() {
    let missing = "YAML_FILE_ERROR: stat /codebuild/output/src1/src/buildspec.yml: no such file or directory";
    for (is_operators, said, kind, advice) in [
        (false, missing, FailureKind::Build, "commit a buildspec.yml"),
        (false, "YAML_FILE_ERROR: line 3: did not find expected key", FailureKind::Build, "correct the repository's buildspec.yml"),
        (true, "YAML_FILE_ERROR: line 3: did not find expected key", FailureKind::Platform, "operator"),
    ] {
        let failure = explained(is_operators, "YAML_FILE_ERROR", said, None, &[]);
        assert_eq!((failure.kind, failure.code.as_deref()), (kind, Some("BUILDSPEC_INVALID")), "{said}");
        assert!(failure.message.starts_with(said) && failure.message.contains(advice), "{}", failure.message);
        assert_eq!(failure.message.contains("operator"), is_operators, "{}", failure.message);
    }
}
