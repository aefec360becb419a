//! Common forms of buildspecs, each with its output on CodeBuild.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

/// What the form shows, the buildspec, and the lines that it prints.
const SHAPES: &[(&str, &str, &[&str])] = &[
    (
        "a tag from the commit, with a default, and a file for the next stage",
        r#"
version: 0.2
phases:
  install:
    runtime-versions: { docker: 20 }
  pre_build:
    commands:
      - echo Logging in...
      - REPOSITORY_URI=1.dkr.ecr.us-east-1.amazonaws.com/app
      - COMMIT_HASH=$(echo $CODEBUILD_RESOLVED_SOURCE_VERSION | cut -c 1-7)
      - IMAGE_TAG=${COMMIT_HASH:=latest}
  build:
    commands:
      - echo Build of `basename $REPOSITORY_URI`
      - printf '[{"name":"web","imageUri":"%s"}]' $REPOSITORY_URI:$IMAGE_TAG > imagedefinitions.json
  post_build:
    commands:
      - cat imagedefinitions.json
artifacts: { files: imagedefinitions.json }
"#,
        &["Logging in...", "Build of app", r#"[{"name":"web","imageUri":"1.dkr.ecr.us-east-1.amazonaws.com/app:latest"}]"#],
    ),
    (
        "a file of settings, exported, and one that is sourced",
        r"
version: 0.2
phases:
  pre_build:
    commands:
      - printf 'STAGE=dev\nREGION=eu\n' > .env
      - export $(xargs < .env)
      - printf 'sourced=yes\nhelper() { echo help; }\n' > lib.sh
      - . ./lib.sh
  build:
    commands:
      - printenv STAGE REGION
      - echo $sourced
      - . ./lib.sh && helper
",
        &["dev", "eu", "yes", "help"],
    ),
    (
        "a virtual environment that is entered once",
        r#"
version: 0.2
phases:
  install:
    commands:
      - mkdir -p venv/bin && printf '#!/bin/sh\necho tool of the venv\n' > venv/bin/tool && chmod +x venv/bin/tool
      - printf 'VIRTUAL_ENV=$PWD/venv\nPATH=$VIRTUAL_ENV/bin:$PATH\nexport VIRTUAL_ENV PATH\n' > venv/bin/activate
      - . venv/bin/activate
  build:
    commands: [tool, 'cd venv', 'cd bin && tool']
  post_build:
    commands: ['basename "$PWD"']
"#,
        &["tool of the venv", "tool of the venv", "bin"],
    ),
    (
        "a server in the background and the tests against it",
        r"
version: 0.2
phases:
  build:
    commands:
      - (while [ ! -e ask ]; do sleep 0.01; done; echo served > answer; sleep 600) &
      - nohup sh -c 'while [ ! -e answer ]; do sleep 0.01; done; mv answer passed; sleep 600' > nohup.log 2>&1 &
      - touch ask; while [ ! -e passed ]; do sleep 0.01; done; cat passed
",
        &["served"],
    ),
    (
        "conditions over several lines, folded and literal",
        r#"
version: 0.2
env: { variables: { BRANCH: main } }
phases:
  build:
    commands:
      - |
        if [ "$BRANCH" = main ]; then
          TARGET=production
        else
          TARGET=staging
        fi
      - >
        if [ "$TARGET" = production ];
        then echo "deploy to $TARGET";
        fi
      - >-
        echo one
        two
      - 'for n in 1 2; do echo "step: $n"; done'
      - "export NAME=$(printf 'a:b' | awk -F: '{ print $2 }' | sed 's/[\",]//g')"
      - echo $NAME
      - test -z "$UNSET" || echo never
      - false || true
"#,
        &["deploy to production", "one two", "step: 1", "step: 2", "b"],
    ),
    (
        "entries left over as comments, and shared ones",
        r"
version: 0.2
x-shared: &hello [echo hello]
phases:
  install: { commands: *hello }
  pre_build:
    commands:
      - # apt-get update
      - echo kept # and said
      #- echo gone
  build:
    commands:
      -
      - echo '# no comment'
  post_build: { commands: *hello, finally: *hello }
",
        &["hello", "kept", "# no comment", "hello", "hello"],
    ),
    (
        "a failed build that is cleaned up after and does not deploy",
        r#"
version: 0.2
phases:
  build:
    commands:
      - echo building
      - '! true'
      - echo never
    finally:
      - echo cleaning
  post_build:
    commands:
      - if [ "$CODEBUILD_BUILD_SUCCEEDING" = 0 ]; then echo not deploying; exit 1; fi
      - echo never
"#,
        &["building", "cleaning", "not deploying"],
    ),
    (
        "version 0.1",
        r#"
version: 0.1
environment_variables:
  plaintext: { GREETING: "hi there" }
phases:
  build:
    commands:
      - cd / && LOST=1
      - echo "$GREETING ${LOST-alone} in $(basename "$PWD")"
"#,
        &["hi there alone in src"],
    ),
];

#[tokio::test]
async fn common_buildspecs_print_what_they_print_on_codebuild() {
    for (shown, spec, expected) in SHAPES {
        let (_, seen) = run(inline(spec)).await;
        // The log also repeats commands of several lines.
        let is_command = |line: &String| spec.lines().any(|written| written.trim() == line.trim());
        let printed: Vec<_> = printed(&seen).into_iter().filter(|line| !is_command(line)).collect();
        assert_eq!(printed, *expected, "{shown}: {}", seen.log());
    }
}

/// Each row of the table in the documentation names existing tests.
#[test]
fn the_table_of_local_mode_names_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("../../docs/local-mode.md")).unwrap();
    let sources = sources(&root.join("src"));
    let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).collect();
    let headings = rows.iter().filter(|row| row.ends_with("| test |")).count();
    assert!(headings > 0 && rows.len() > 20, "{rows:?}");
    for row in rows.iter().filter(|row| !row.ends_with("| test |")) {
        let names: Vec<_> = row.rsplit('|').nth(1).unwrap().split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test in {row}");
        for name in names {
            assert!(sources.contains(&format!("fn {name}(")), "there is no test {name}");
        }
    }
}

fn sources(directory: &Path) -> String {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { sources(&path) } else { fs::read_to_string(&path).unwrap() }).collect()
}
