#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn commands(spec: &Buildspec, phase: Phase) -> Vec<&str> {
    spec.block(phase).map(|block| block.commands.iter().map(String::as_str).collect()).unwrap_or_default()
}

#[test]
fn a_full_file_is_read() {
    let spec = Buildspec::parse(
        r#"
version: 0.2
run-as: root
env:
  shell: bash
  git-credential-helper: yes
  variables: { PLAIN: "a b", NUMBER: 1.10, FLAG: yes, NOTHING: , HEX: 0x1F }
  parameter-store: { PASSWORD: /app/password }
  secrets-manager: { TOKEN: "app:token" }
  exported-variables: [RESULT, OTHER]
phases:
  install:
    runtime-versions: { nodejs: 22 }
  build:
    run-as: builder
    on-failure: CONTINUE
    commands:
      - echo "it's" quoted
      - true
      - 007
      - |
        if true; then
          echo two lines
        fi
    finally: [ 'echo done' ]
    timeout: 3
  post_build:
    on-failure: RETRY-3
    commands: ["x"]
artifacts: { files: ["**/*"] }
extra: 1
"#,
    )
    .unwrap();
    assert_eq!(spec.version, Version::Together);
    assert_eq!(spec.shell, Interpreter::Bash);
    let variables: Vec<_> = spec.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(variables, [("FLAG", "yes"), ("HEX", "0x1F"), ("NOTHING", ""), ("NUMBER", "1.10"), ("PLAIN", "a b")]);
    assert_eq!(spec.parameters["PASSWORD"], "/app/password");
    assert_eq!(spec.secrets["TOKEN"], "app:token");
    assert_eq!(spec.exported, ["RESULT", "OTHER"]);
    assert_eq!(commands(&spec, Phase::Build), [r#"echo "it's" quoted"#, "true", "007", "if true; then\n  echo two lines\nfi\n"]);
    assert_eq!(spec.block(Phase::Build).unwrap().finally, ["echo done"]);
    assert_eq!(spec.block(Phase::Build).unwrap().on_failure, OnFailure::Continue);
    assert_eq!(spec.block(Phase::PostBuild).unwrap().on_failure, OnFailure::Abort);
    assert!(spec.block(Phase::PreBuild).is_none());
    for ignored in ["artifacts", "extra", "run-as is", "run-as of build", "git-credential", "runtime-versions", "build.timeout", "RETRY-3"]
    {
        assert!(spec.notes.iter().any(|note| note.contains(ignored)), "no note about {ignored}: {:?}", spec.notes);
    }
    assert_eq!(spec.notes.len(), 8, "{:?}", spec.notes);
}

#[test]
fn small_files_are_enough() {
    for (text, version) in [
        ("version: 0.2\nphases: {build: {commands: [x]}}", Version::Together),
        ("version: \"0.1\"\nphases: {build: {commands: [x]}}", Version::Apart),
        ("{version: 0.2, env: , phases: {build: {commands: [x]}, install: , post_build: {commands: }}}", Version::Together),
        ("version: 0.2\nphases:\n  build: &same\n    commands: [x]\n  post_build: *same\n", Version::Together),
    ] {
        let spec = Buildspec::parse(text).unwrap();
        assert_eq!((spec.version, commands(&spec, Phase::Build)), (version, vec!["x"]), "{text}");
        assert_eq!((spec.shell, spec.notes), (Interpreter::Sh, vec![]), "{text}");
    }
}

#[test]
fn a_mistake_is_named_with_its_place_and_key() {
    for (text, expected) in [
        ("", "end of input"),
        ("hello", "line 1, column 1"),
        ("phases: {build: {commands: [x]}}", "missing field `version`"),
        ("version: 0.2", "no phases found"),
        ("version: 0.3\nphases: {build: {commands: [x]}}", "version: unsupported buildspec version `0.3`"),
        ("version: [0.2]", "version: expected string scalar at line 1, column 10"),
        ("version: 0.2\nversion: 0.2", "duplicate mapping key: version"),
        ("version: 0.2\nenv: {shell: fish}\nphases: {build: {commands: [x]}}", "env: shell: unsupported shell `fish`"),
        ("version: 0.2\nenv:\n  variables: [A]\n", "env: variables: expected mapping start at line 3, column 14"),
        ("version: 0.2\nenv:\n  variables:\n    A: {b: c}\n", "env: variables: expected string scalar at line 4, column 8"),
        ("version: 0.2\nphases:\n  buld:\n    commands: [x]", "phases: unknown field `buld`, expected one of"),
        ("version: 0.2\nphases:\n  build:\n    commands: x", "phases: build: commands: expected sequence start at line 4, column 15"),
        ("version: 0.2\nphases:\n  build:\n    commands:\n      - echo: x", "build: commands: expected string scalar at line 5, column 9"),
        ("version: 0.2\nphases:\n  build:\n    finally:\n      - x\n      -\n", "build: finally: entry 2 is empty"),
        ("version: 0.2\nphases:\n  build:\n    commands: [x\n", "line 4, column 15"),
        ("version: 0.2\nphases:\n\tbuild:\n", "line 3"),
    ] {
        let error = Buildspec::parse(text).unwrap_err();
        assert!(error.contains(expected), "{text:?} gave {error:?}, not {expected:?}");
        assert!(!error.contains('\n') && error.matches(" at line ").count() <= 1, "{error:?}");
    }
}

/// Aliases that multiply, and depth: refused by what they would take, not by running out of it.
#[test]
fn a_buildspec_that_grows_or_nests_without_bound_is_refused() {
    let laugh = |level: usize| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", "));
    let laughs: String = (1..30).map(laugh).collect();
    let bomb = format!("version: 0.2\na0: &a0 [lol]\n{laughs}phases: {{build: {{commands: *a29}}}}\n");
    let deep = format!("version: 0.2\nphases: {}{}\n", "[".repeat(5_000), "]".repeat(5_000));
    let block = |level: usize| format!("{}a:\n", " ".repeat(level));
    let blocks: String = (0..2_000).map(block).collect();
    for (spec, reason) in [(bomb, "budget"), (deep, "phases"), (format!("version: 0.2\n{blocks}"), "budget")] {
        let refused = Buildspec::parse(&spec).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
}
