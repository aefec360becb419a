#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{codebuild::phase::PhaseStatus, runner::Stored};

#[tokio::test]
async fn only_variables_and_the_directory_reach_the_next_command() {
    let spec = r#"
version: 0.2
env: { shell: SHELL, variables: { FROM_SPEC: spec } }
phases:
  install:
    commands:
      - plain=kept; mkdir sub && cd sub
      - echo "$plain in $(basename "$PWD"), for programs $(printenv plain || echo none)"
      - export CARRIED="$(printf 'two\nlines')"', a "quote", $ and \'
      - export FROM_SPEC="$FROM_SPEC+"
      - odd="$(printf 'it'"'"'s\nplain=fake\n(x)\n')" tab="	" empty= raw="$(printf '\377$(echo run)\nx\377=y')"
      - |
        cat <<END
        here: $plain
        END
        double() {
          echo "$1$1"
        }
        double x
        alias say=echo
        set -ef
        IFS=:
  build:
    commands:
      - printf '%s\n' "$CARRIED" "$odd" "[$tab]" "${empty-unset}" "$plain" "$raw"
      - echo "$plain $FROM_SPEC $(basename "$PWD")"
      - double x || say x || echo neither function nor alias
      - echo "$(false; echo on) [$(echo ../*)] $(IFS=; echo a:b)"
      - unset FROM_SPEC; plain=changed; export plain; exit 0
      - echo "after exit ${FROM_SPEC-unset} $plain $(printenv plain)"
      - export PATH=/nowhere
  post_build:
    commands: ['echo "with $PATH"']
"#;
    for shell in ["sh", "bash"] {
        let (ending, seen) = run(inline(&spec.replace("SHELL", shell))).await;
        let printed: Vec<_> = printed(&seen).into_iter().filter(|line| !line.contains("not found")).collect();
        assert_eq!(
            printed,
            [
                "kept in sub, for programs none",
                "here: $plain",
                "END",
                "double() {",
                "  echo \"$1$1\"",
                "}",
                "double x",
                "alias say=echo",
                "set -ef",
                "IFS=:",
                "here: kept",
                "xx",
                "two",
                r#"lines, a "quote", $ and \"#,
                "it's",
                "plain=fake",
                "(x)",
                "[\t]",
                "kept",
                "\u{fffd}$(echo run)",
                "x\u{fffd}=y",
                "kept spec+ sub",
                "neither function nor alias",
                "on [../sub] a:b",
                "after exit unset changed changed",
                "with /nowhere"
            ],
            "{shell}: {}",
            seen.log()
        );
        assert_eq!(ending, Ending::Succeeded);
    }
}

#[tokio::test]
async fn arrays_do_not_reach_the_next_command() {
    let (_, seen) =
        run(building("bash", &["list=(a b); declare -A map=([k]=v); text='(a b)'", "echo \"[${list[*]}${map[*]}] $text\""])).await;
    assert_eq!(printed(&seen), ["[] (a b)"]);
}

#[tokio::test]
async fn large_values_reach_the_next_command_up_to_a_limit() {
    let large = |bytes: usize| format!("large=$(head -c {bytes} /dev/zero | tr '\\0' x)");
    let (ending, seen) = run(building("sh", &[&large(2_000_000), "echo ${#large}"])).await;
    assert_eq!((ending, printed(&seen)), (Ending::Succeeded, vec!["2000000".into()]));
    let message = run(building("sh", &[&large(9_000_000)])).await.1.mishap().unwrap().3;
    assert!(message.ends_with("the variables take more than 8388608 bytes"), "{message}");
}

/// AWS's own tutorial for ECS has this form, and many others do.
#[tokio::test]
async fn variables_that_are_not_exported_reach_the_next_phase_and_the_event() {
    let spec = r#"
version: 0.2
env: { exported-variables: [IMAGE_TAG, TAG] }
phases:
  pre_build:
    commands:
      - REPOSITORY_URI=registry.example/app
      - COMMIT_HASH=$(echo $CODEBUILD_RESOLVED_SOURCE_VERSION | cut -c 1-7)
      - IMAGE_TAG=${COMMIT_HASH:=latest}
      - TAG=v1
  build:
    commands:
      - echo docker build -t $REPOSITORY_URI:$IMAGE_TAG .
  post_build:
    commands:
      - 'echo "tag=$TAG"'
"#;
    let (_, seen) = run(inline(spec)).await;
    assert_eq!(printed(&seen), ["docker build -t registry.example/app:latest .", "tag=v1"]);
    assert_eq!(seen.exported, [("IMAGE_TAG", "latest"), ("TAG", "v1")].map(|(name, value)| (name.into(), value.into())).into());
}

#[tokio::test]
async fn exported_variables_have_their_values_at_the_end() {
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
async fn a_build_gets_its_own_environment_and_not_that_of_the_daemon() {
    let mut assignment = inline(
        "version: 0.2\nenv: {variables: {A: spec, B: spec, CODEBUILD_INITIATOR: nobody}}\nphases: {build: {commands: [env | sort, 'pwd', 'cat']}}",
    );
    assignment.environment =
        [("B", "start"), ("bad=name", "x"), ("BAD_VALUE", "a\0b")].map(|(name, value)| (name.into(), value.into())).into();
    assignment.source.version = Some("main".into());
    assignment.image = Some("aws/codebuild/standard:7.0".into());
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
        "CODEBUILD_BUILD_IMAGE=aws/codebuild/standard:7.0",
        "CODEBUILD_KMS_KEY_ID=alias/aws/s3",
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
async fn variables_from_stores_get_the_values_of_the_operator() {
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
    assert_eq!(printed(&site.run(inline(spec)).await.1), ["*** ***"]);

    let mut assignment =
        inline("version: 0.2\nenv: {variables: {P: spec}}\nphases: {build: {commands: ['[ \"$P $S\" = \"value hidden\" ]']}}");
    assignment.stored =
        [("P", Stored::Parameter("/app/p".into())), ("S", Stored::Secret("app:key".into()))].map(|(name, kept)| (name.into(), kept)).into();
    assert_eq!(site.run(assignment.clone()).await.0, Ending::Succeeded);
    assignment.stored.insert("S".into(), Stored::Secret("another".into()));
    let (phase, _, code, _) = site.run(assignment).await.1.mishap().unwrap();
    assert_eq!((phase, code.as_str()), (Phase::DownloadSource, "Secrets Manager Error"));
}

/// The daemon reads from these texts how a build ended and whether its log is complete.
#[tokio::test]
async fn lines_of_codebuild_are_not_masked() {
    let spec = "version: 0.2\nenv:\n  secrets-manager: {A: a, B: b, C: c}\nphases: {build: {commands: ['echo \"$A $B $C\"; exit 3']}}";
    let mut site = Site::new();
    site.shell =
        site.shell.clone().with_secrets([("a", "e"), ("b", "BUILD"), ("c", "command")].map(|(id, value)| (id.into(), value.into())).into());
    let (_, seen) = site.run(inline(spec)).await;
    assert_eq!(printed(&seen), ["*** *** ***"]);
    let lines = seen.lines();
    for expected in [
        "> Entering phase BUILD",
        "> Phase complete: BUILD State: FAILED",
        "> Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED",
        r#"> Command did not exit successfully echo "$A $B $C"; exit 3 exit status 3"#,
        r#"> Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: echo "$A $B $C"; exit 3. Reason: exit status 3"#,
    ] {
        assert!(lines.iter().any(|line| line == expected), "no {expected} in\n{}", seen.log());
    }
}

#[tokio::test]
async fn values_from_stores_are_neither_logged_nor_exported() {
    let key = format!("-----BEGIN KEY-----\n{}\n-----END KEY-----\n", "a1B2".repeat(16));
    let spec = r#"
version: 0.2
env:
  parameter-store: {P: /app/p, K: /app/key}
  secrets-manager: {S: 'app:key'}
  exported-variables: [P, S, G, KEPT, COPY]
phases:
  build:
    commands:
      - echo "p is $P, x${S}y"; echo "$K"; printf %s "$S"
      - head -c 65530 /dev/zero | tr '\0' x; echo "$S and on"
      - KEPT=yes COPY="a copy of $S"; echo hidden-s3cret; exit 3
"#;
    let mut site = Site::new();
    let values = [("/app/p", "parameter-value"), ("/app/key", key.as_str()), ("/app/g", "given-value")];
    site.shell = site.shell.clone().with_parameters(values.map(|(name, value)| (name.into(), value.into())).into());
    site.shell = site.shell.clone().with_secrets([("app".into(), r#"{"key": "hidden-s3cret"}"#.into())].into());
    let mut assignment = inline(spec);
    assignment.stored = [("G".into(), Stored::Parameter("/app/g".into()))].into();
    let (_, seen) = site.run(assignment).await;
    let printed = printed(&seen);
    assert_eq!(printed[..5], ["p is ***, x***y", "***", "***", "***", "***"], "{}", seen.log());
    assert!(printed[5].starts_with("xxx") && printed[5].ends_with("x*** and on"), "{}", &printed[5][65_500..]);
    assert_eq!(printed[6..], ["***"]);
    assert!(!seen.log().contains("s3cret"), "{}", seen.log());
    assert!(seen.mishap().unwrap().3.contains("echo ***; exit 3."), "{:?}", seen.mishap());
    let exported: Vec<_> = seen.exported.keys().map(String::as_str).collect();
    assert_eq!(exported, ["COPY", "KEPT"]);
    assert_eq!(seen.exported["COPY"], "a copy of ***");
}
