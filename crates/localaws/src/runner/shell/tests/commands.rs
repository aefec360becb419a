#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::runner::Stored;

#[tokio::test]
async fn a_build_writes_codebuilds_log() {
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
async fn commands_share_a_shell_and_phases_its_environment() {
    let spec = r#"
version: 0.2
env: { shell: SHELL, variables: { FROM_SPEC: spec } }
phases:
  install:
    commands:
      - plain=kept; mkdir sub && cd sub
      - echo "$plain in $(basename "$PWD")"
      - export CARRIED="$(printf 'two\nlines')"', a "quote", $ and \'
      - export FROM_SPEC="$FROM_SPEC+"
      - |
        cat <<END
        here: $plain
        END
        double() {
          echo "$1$1"
        }
      - double x
  build:
    commands:
      - printf '%s\n' "$CARRIED"
      - echo "${plain:-gone} $FROM_SPEC $(basename "$PWD")"
      - exit 0
      - echo "after exit $FROM_SPEC"
      - export PATH=/nowhere
  post_build:
    commands: ['echo "with $PATH"']
"#;
    for shell in ["sh", "bash"] {
        let (ending, seen) = run(inline(&spec.replace("SHELL", shell))).await;
        assert_eq!(
            printed(&seen),
            [
                "kept in sub",
                "here: $plain",
                "END",
                "double() {",
                "  echo \"$1$1\"",
                "}",
                "here: kept",
                "xx",
                "two",
                r#"lines, a "quote", $ and \"#,
                "gone spec+ sub",
                "after exit spec+",
                "with /nowhere"
            ],
            "{shell}: {}",
            seen.log()
        );
        assert_eq!(ending, Ending::Succeeded);
    }
}

#[tokio::test]
async fn version_0_1_gives_each_command_its_own_shell() {
    let spec = "version: 0.1\nphases:\n  build:\n    commands: ['export A=1; cd /', 'echo \"${A:-none} $(basename \"$PWD\")\"']\n";
    assert_eq!(printed(&run(inline(spec)).await.1), ["none src"]);
}

#[tokio::test]
async fn a_failed_phase_leads_where_codebuild_leads() {
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
async fn however_a_command_fails_its_status_is_known() {
    for shell in ["sh", "bash"] {
        for (commands, status) in [
            (&["exit 3"][..], 3),
            (&["(exit 4)"], 4),
            (&["set -e", "true; false; echo not here"], 1),
            (&["trap 'echo bye' EXIT", "exit 5"], 5),
            (&["kill -9 $$"], 137),
            (&["kill -9 0"], 137),
            (&["exec sh -c 'exit 6'"], 6),
            (&["no-such-command"], 127),
            (&["if then"], 2),
            (&["exec 8>&- 9>&-; cat; echo 1 >&9"], if shell == "sh" { 2 } else { 1 }),
        ] {
            let (ending, seen) = run(building(shell, commands)).await;
            let (phase, _, code, message) = seen.mishap().unwrap();
            assert_eq!((ending, phase, code.as_str()), (Ending::Failed, Phase::Build, "COMMAND_EXECUTION_ERROR"));
            assert!(message.ends_with(&format!("exit status {status}")), "{shell} {commands:?}: {message}");
        }
    }
}

#[tokio::test]
async fn variables_are_exported_as_they_are_at_the_end() {
    let spec = r#"
version: 0.2
env:
  variables: { DECLARED: before, UNTOUCHED: same }
  exported-variables: [DECLARED, UNTOUCHED, LINES, MISSING, AWS_REGION]
phases:
  build:
    commands:
      - DECLARED=after
      - export LINES="$(printf 'a\n\n"b" =\t$c\\')"
      - export FALSE=1; exit 9
"#;
    let (_, seen) = run(inline(spec)).await;
    let exported: Vec<_> = seen.exported.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(exported, [("DECLARED", "after"), ("LINES", "a\n\n\"b\" =\t$c\\"), ("UNTOUCHED", "same")]);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "what the build inherits is compared with what we have")]
async fn a_build_sees_its_own_environment_and_nothing_of_ours() {
    let mut assignment = inline(
        "version: 0.2\nenv: {variables: {A: spec, B: spec, CODEBUILD_INITIATOR: nobody}}\nphases: {build: {commands: [env | sort, 'pwd', 'cat']}}",
    );
    assignment.environment =
        [("B", "start"), ("bad=name", "x"), ("BAD_VALUE", "a\0b")].map(|(name, value)| (name.into(), value.into())).into();
    assignment.source.version = Some("main".into());
    let (ending, seen) = run(assignment).await;
    assert_eq!(ending, Ending::Succeeded, "{}", seen.log());
    let printed = printed(&seen);
    let scratch = printed.last().unwrap().strip_suffix("/src").unwrap().to_owned();
    for expected in [
        "A=spec",
        "B=start",
        "AWS_DEFAULT_REGION=eu-west-1",
        "AWS_REGION=eu-west-1",
        "CODEBUILD_BUILD_ARN=arn:aws:codebuild:eu-west-1:000000000000:build/demo:0b5d",
        "CODEBUILD_BUILD_ID=demo:0b5d",
        "CODEBUILD_BUILD_NUMBER=17",
        "CODEBUILD_BUILD_SUCCEEDING=1",
        "CODEBUILD_INITIATOR=me",
        "CODEBUILD_SOURCE_VERSION=main",
        "CODEBUILD_START_TIME=1769633256367",
        "TERM=dumb",
        &format!("CODEBUILD_SRC_DIR={scratch}/src"),
        &format!("HOME={scratch}/home"),
        &format!("TMPDIR={scratch}/tmp"),
        &format!("PATH={}", std::env::var("PATH").unwrap()),
    ] {
        assert!(printed.iter().any(|line| line == expected), "{expected} is missing in {printed:?}");
    }
    assert!(!printed.iter().any(|line| line.starts_with("bad=") || line.starts_with("BAD_VALUE=")), "{printed:?}");
    let ours = env!("CARGO_MANIFEST_DIR");
    assert!(!printed.iter().any(|line| line.starts_with("CARGO") || line.contains(ours)), "{printed:?}");
}

#[tokio::test]
async fn stores_are_the_operators() {
    let spec = "version: 0.2\nenv:\n  parameter-store: {P: /app/p}\n  secrets-manager: {S: 'app:key'}\nphases: {build: {commands: ['echo $P $S']}}";
    let pair = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let mut site = Site::new();
    let (_, seen) = site.run(inline(spec)).await;
    let (phase, status, code, message) = seen.mishap().unwrap();
    assert_eq!((phase, status, code.as_str()), (Phase::DownloadSource, PhaseStatus::Failed, "Decrypted Variables Error"));
    assert!(message.starts_with("parameter does not exist: /app/p"), "{message}");

    site.shell = site.shell.clone().with_parameters(pair("/app/p", "value"));
    assert_eq!(site.run(inline(spec)).await.1.mishap().unwrap().2, "Secrets Manager Error");

    site.shell = site.shell.clone().with_secrets(pair("app", r#"{"key": "hidden"}"#));
    assert_eq!(printed(&site.run(inline(spec)).await.1), ["value hidden"]);

    let mut assignment = inline("version: 0.2\nenv: {variables: {P: spec}}\nphases: {build: {commands: ['echo $P $S']}}");
    assignment.stored =
        [("P", Stored::Parameter("/app/p".into())), ("S", Stored::Secret("app:key".into()))].map(|(name, kept)| (name.into(), kept)).into();
    assert_eq!(printed(&site.run(assignment.clone()).await.1), ["value hidden"]);
    assignment.stored.insert("S".into(), Stored::Secret("another".into()));
    let (phase, _, code, _) = site.run(assignment).await.1.mishap().unwrap();
    assert_eq!((phase, code.as_str()), (Phase::DownloadSource, "Secrets Manager Error"));
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
async fn nobody_else_can_look_into_a_builds_directory() {
    let (_, seen) = run(building("sh", &["stat -c %a \"$CODEBUILD_SRC_DIR/..\""])).await;
    assert_eq!(printed(&seen).last().map(String::as_str), Some("700"), "{seen:?}");
}
