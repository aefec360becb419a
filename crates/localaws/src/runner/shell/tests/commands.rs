#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

#[tokio::test]
async fn a_build_writes_the_log_of_codebuild() {
    let (ending, seen) = run(inline(
        "version: 0.2\nphases:\n  build:\n    commands:\n      - echo out; echo err >&2\n      - printf partial; exit 7\n      - echo never\n    finally: [echo finally]\n  post_build:\n    commands: ['echo succeeding=$CODEBUILD_BUILD_SUCCEEDING']\n",
    ))
    .await;
    assert_eq!((ending, seen.names()), (Ending::Failed, WHOLE.into()));
    let lines = seen.lines();
    let from = lines.iter().position(|line| line == "> Registering with agent").unwrap();
    assert_eq!(
        lines[from..],
        [
            "> Registering with agent",
            "> Phases found in YAML: 2",
            ">  BUILD: 4 commands",
            ">  POST_BUILD: 1 commands",
            "> Phase complete: DOWNLOAD_SOURCE State: SUCCEEDED",
            "> Phase context status code:  Message: ",
            "> Entering phase INSTALL",
            "> Phase complete: INSTALL State: SUCCEEDED",
            "> Phase context status code:  Message: ",
            "> Entering phase PRE_BUILD",
            "> Phase complete: PRE_BUILD State: SUCCEEDED",
            "> Phase context status code:  Message: ",
            "> Entering phase BUILD",
            "> Running command echo out; echo err >&2",
            "out",
            "err",
            "",
            "> Running command printf partial; exit 7",
            "partial",
            "> Command did not exit successfully printf partial; exit 7 exit status 7",
            "> Running command echo finally",
            "finally",
            "",
            "> Phase complete: BUILD State: FAILED",
            "> Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: printf partial; exit 7. Reason: exit status 7",
            "> Entering phase POST_BUILD",
            "> Running command echo succeeding=$CODEBUILD_BUILD_SUCCEEDING",
            "succeeding=0",
            "",
            "> Phase complete: POST_BUILD State: SUCCEEDED",
            "> Phase context status code:  Message: ",
            "> Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED",
            "> Phase context status code:  Message: ",
        ]
    );
    let opening: Vec<_> = lines[..from].iter().map(|line| line.split(['=', '/']).next().unwrap()).collect();
    let expected = [
        "> Waiting for agent ping",
        "> Waiting for DOWNLOAD_SOURCE",
        "> Phase is DOWNLOAD_SOURCE",
        "> CODEBUILD_SRC_DIR",
        "> YAML location is ",
        "> Processing environment variables",
        "> Moving to directory ",
    ];
    assert_eq!(opening, expected);
}

#[tokio::test]
async fn version_0_1_gives_each_command_its_own_shell() {
    let spec = "version: 0.1\nphases:\n  build:\n    commands: ['export A=1; cd /', 'echo \"${A:-none} $(basename \"$PWD\")\"']\n";
    assert_eq!(printed(&run(inline(spec)).await.1), ["none src"]);
}

#[tokio::test]
async fn a_build_continues_after_a_failed_phase_as_on_codebuild() {
    let failing = |phase: &str, rest: &str| format!("version: 0.2\nphases:\n  {phase}:\n    commands: ['false']\n    {rest}\n");
    let until = |phase: Phase| WHOLE.iter().copied().filter(|other| *other <= phase).chain([Phase::Finalizing]).collect::<Vec<_>>();
    for (phase, rest, phases) in [
        ("install", "", until(Phase::Install)),
        ("pre_build", "", until(Phase::PreBuild)),
        ("build", "", WHOLE.into()),
        ("build", "on-failure: ABORT", until(Phase::Build)),
        ("install", "on-failure: CONTINUE", WHOLE.into()),
        ("post_build", "", WHOLE.into()),
    ] {
        let (ending, seen) = run(inline(&failing(phase, rest))).await;
        assert_eq!((ending, seen.names()), (Ending::Failed, phases), "{phase} {rest}");
    }
}

#[tokio::test]
async fn every_failure_of_a_command_has_an_exit_status() {
    for shell in ["sh", "bash"] {
        for (commands, status) in [
            (&["exit 3"][..], 3),
            (&["(exit 4)"], 4),
            (&["set -e; true; false; echo not here"], 1),
            (&["trap 'echo bye' EXIT; exit 5"], 5),
            (&["set -e; A=1 && export A; false"], 1),
            (&["set -u; echo $unset"], if shell == "sh" { 2 } else { 1 }),
            (&["kill -9 $$"], 137),
            (&["kill -9 0"], 137),
            (&["exec sh -c 'exit 6'"], 6),
            (&["no-such-command"], 127),
            (&["if then"], 2),
            (&["A=1; readonly A; set -o noclobber; echo \"an unclosed quote"], 2),
        ] {
            let (ending, seen) = run(building(shell, commands)).await;
            let (phase, _, code, message) = seen.mishap().unwrap();
            assert_eq!((ending, phase, code.as_str()), (Ending::Failed, Phase::Build, "COMMAND_EXECUTION_ERROR"));
            assert!(message.ends_with(&format!("exit status {status}")), "{shell} {commands:?}: {message}");
        }
    }
}

#[tokio::test]
async fn a_failed_phase_is_retried_if_the_buildspec_says_so() {
    let spec = r#"
version: 0.2
phases:
  build:
    on-failure: POLICY
    commands:
      - n=$(($(cat tries 2>/dev/null || echo 0) + 1)); echo $n >tries; echo "try $n ${left-clean} $(basename "$PWD")"
      - left=behind; mkdir -p sub; cd sub
      - '[ $n -ge 3 ] || { echo "connection reset"; exit 7; }'
    finally: [echo finally]
  post_build:
    commands: ['echo "then $CODEBUILD_BUILD_SUCCEEDING"']
"#;
    let tries = |count: usize| (1..=count).map(|at| format!("try {at} clean src")).collect::<Vec<_>>();
    for (policy, count, ending) in [
        ("RETRY", 3, Ending::Succeeded),
        ("RETRY-2", 3, Ending::Succeeded),
        ("RETRY-1", 2, Ending::Failed),
        ("RETRY-0", 1, Ending::Failed),
        ("RETRY-connection (reset|refused)", 3, Ending::Succeeded),
        ("RETRY-5-exit status 7", 3, Ending::Succeeded),
        ("RETRY-5-disk full", 1, Ending::Failed),
        ("ABORT", 1, Ending::Failed),
    ] {
        let (ended, seen) = run(inline(&spec.replace("POLICY", &format!("'{policy}'")))).await;
        let printed = printed(&seen);
        let attempts: Vec<_> = printed.iter().filter(|line| line.starts_with("try ")).cloned().collect();
        assert_eq!((ended, attempts), (ending, tries(count)), "{policy}: {}", seen.log());
        assert_eq!(printed.iter().filter(|line| *line == "finally").count(), count, "{policy}");
        assert_eq!(printed.last().unwrap() == "then 1", ending == Ending::Succeeded, "{policy}");
        assert_eq!(seen.phases.iter().filter(|(phase, ..)| *phase == Phase::Build).count(), 1, "{policy}");
        assert_eq!(seen.lines().iter().filter(|line| line.starts_with("> Phase BUILD failed and is tried again")).count(), count - 1);
    }
}

#[tokio::test]
async fn output_of_any_kind_is_logged() {
    let long = "x".repeat(200_000);
    let (ending, seen) =
        run(building("sh", &[r"printf 'caf\303\251 \377 end\n'", "head -c 200000 /dev/zero | tr '\\0' x", "seq 20000"])).await;
    assert_eq!(ending, Ending::Succeeded);
    let printed = printed(&seen);
    assert_eq!(printed[0], "café \u{fffd} end");
    assert_eq!(printed[1], long);
    assert_eq!((printed[2].as_str(), printed.last().unwrap().as_str(), printed.len()), ("1", "20000", 20_002));
    assert!(seen.events.iter().all(|event| event.len() <= 64 * 1024 + 1));
    assert!(seen.events.iter().all(|event| event.matches('\n').count() <= 1));
}

#[tokio::test]
async fn the_directory_of_a_build_is_private() {
    let (_, seen) = run(building("sh", &["stat -c %a \"$CODEBUILD_SRC_DIR/..\""])).await;
    assert_eq!(printed(&seen).last().map(String::as_str), Some("700"), "{seen:?}");
}
