#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mistakes;

use super::*;

fn commands(spec: &Buildspec, phase: Phase) -> Vec<&str> {
    spec.block(phase).map(|block| block.commands.iter().map(String::as_str).collect()).unwrap_or_default()
}

#[test]
fn a_file_with_every_key_is_read() {
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
    assert!(matches!(spec.block(Phase::Build).unwrap().on_failure, OnFailure::Continue));
    assert_eq!(spec.block(Phase::Build).unwrap().user.as_deref(), Some("builder"));
    assert!(matches!(spec.block(Phase::PostBuild).unwrap().on_failure, OnFailure::Retry { times: 3, .. }));
    assert_eq!(spec.block(Phase::PostBuild).unwrap().user.as_deref(), Some("root"));
    assert!(spec.block(Phase::PreBuild).is_none());
    for ignored in ["artifacts", "extra", "git-credential", "runtime-versions", "build.timeout"] {
        assert!(spec.notes.iter().any(|note| note.contains(ignored)), "no note about {ignored}: {:?}", spec.notes);
    }
    assert_eq!(spec.notes.len(), 5, "{:?}", spec.notes);
}

#[test]
fn a_file_with_few_keys_is_read() {
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
fn a_mistake_is_reported_with_its_place_and_key() {
    let expected_text = "expected text, found a mapping (a command with `: ` in it needs quotes) at line 5, column 9";
    for (text, expected) in [
        ("", "the buildspec is empty"),
        ("hello", "expected a mapping, found the text `hello` (write `key: value`, each key on a line of its own) at line 1, column 1"),
        ("phases: {build: {commands: [x]}}", "the key `version` is missing (write `version: 0.2` at the top) at line 1, column 1"),
        ("version: 0.2", NO_PHASES),
        ("version: 0.2\nphases: {build: }", NO_PHASES),
        (
            "version: 0.3\nphases: {build: {commands: [x]}}",
            "version: unsupported buildspec version `0.3`, expected 0.1 or 0.2 at line 1, column 10",
        ),
        ("version: [0.2]", "version: expected text, found a list (quote text that begins with `[`) at line 1, column 10"),
        ("version: 0.2\nversion: 0.2", "the key `version` is there twice: keep one of them at line 2, column 1"),
        ("version: 0.2\nenv: {shell: fish}\nphases: {}", "env: shell: unsupported shell `fish`, expected bash or sh at line 2, column 14"),
        (
            "version: 0.2\nenv:\n  variables: [A]\n",
            "env: variables: expected a mapping, found a list (write `key: value` without `- `, each key on a line of its own) at line 3, column 14",
        ),
        (
            "version: 0.2\nenv:\n  variables:\n    A: {b: c}\n",
            "env: variables: A: expected text, found a mapping (quote text that begins with `{`) at line 4, column 8",
        ),
        (
            "version: 0.2\nphases:\n  buld:\n    commands: [x]",
            "phases: buld: there is no such phase, only install, pre_build, build and post_build at line 4, column 5",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands: x",
            "phases: build: commands: expected a list, found the text `x` (write each entry on a line of its own, after `- `) at line 4, column 15",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands:\n      - echo at line 3: x",
            &format!("phases: build: commands: entry 1: {expected_text}"),
        ),
        (
            "version: 0.2\nphases: {build: {on-failure: PANIC}}",
            "phases: build: on-failure: unknown value `PANIC`, expected ABORT, CONTINUE, RETRY or RETRY-count-regex at line 2, column 30",
        ),
        (
            "version: 0.2\nphases: {build: {on-failure: RETRY-101}}",
            "phases: build: on-failure: `RETRY-101`: the number of retries must be 0 to 100 at line 2, column 30",
        ),
        (
            "version: 0.2\nphases: {build: {on-failure: 'RETRY-2-(x'}}",
            "phases: build: on-failure: `(x` is not a regular expression: unclosed group at line 2, column 30",
        ),
        ("version: 0.2\nphases:\n  build:\n    commands: [x\n", "not valid YAML: a `[` or `{` is not closed"),
        ("version: 0.2\nphases:\n\tbuild:\n", "not valid YAML: a tab stands"),
        ("version: 0.2\na: *b\n", "not valid YAML: `*` begins the name of an anchor"),
        ("version: 0.2\na: b: c\n", "not valid YAML: a `: ` stands where none may"),
        ("version: 0.2\nphases:\n  build: {}\n install: {}\n", "not valid YAML: the indentation does not fit"),
        ("version: 0.2\nphases:\nbuild\n", "not valid YAML: a key has no colon after it: write `build:`"),
        ("version: 0.2\na: 'b\n", "not valid YAML: a quote is opened here"),
        ("version: 0.2\na: 'b' c\n", "not valid YAML: something follows a closing quote"),
        ("version: 0.2\na: \"\\d\"\n", "not valid YAML: a `\\` within double quotes"),
        ("version: 0.2\na: >x\n", "not valid YAML: `|` or `>` begins a text of several lines"),
        ("version: 0.2\na: & b\n", "not valid YAML: `&` or `*` has no name"),
        ("version: 0.2\na: !<b\n", "not valid YAML: `!` begins a tag"),
        ("version: 0.2\na: @b\n", "not valid YAML: text does not begin with `@`"),
        ("version: 0.2\na: &a [*a]\n", "an alias stands within its own anchor: write the value out at line 2, column 8"),
        (
            "version: 0.2\n---\nphases: {}",
            "a buildspec is one YAML document, and a second one begins: remove the line `---` at line 2, column 1",
        ),
        ("{? [a] : b}", "expected a key, found a list (quote text that begins with `{`, `[` or `?`) at line 1, column 4"),
    ] {
        let error = Buildspec::parse(text).unwrap_err();
        if expected.starts_with("not valid YAML") {
            assert!(error.starts_with(expected) && error.contains(" at line "), "{text:?} gave {error:?}");
        } else {
            assert_eq!(error, expected, "{text:?}");
        }
        assert!(!error.contains('\n'), "{error:?}");
    }
}

#[test]
fn an_entry_with_only_a_comment_is_ignored() {
    let spec = Buildspec::parse("version: 0.2\nphases:\n  build:\n    commands:\n      - # first, look\n      - ls\n      -\n      - ~\n")
        .unwrap();
    assert_eq!(commands(&spec, Phase::Build), ["ls"]);
}

#[test]
fn version_0_1_has_another_key_for_variables() {
    let text = "version: VERSION\nenvironment_variables:\n  plaintext: {A: x}\nenv:\n  variables: {B: y}\nphases: {build: {commands: [z]}}";
    let old = Buildspec::parse(&text.replace("VERSION", "0.1")).unwrap();
    assert_eq!(old.variables, BTreeMap::from([("A".into(), "x".into())]));
    assert_eq!(old.notes, ["env is ignored: in version 0.1 it is environment_variables"]);
    let new = Buildspec::parse(&text.replace("VERSION", "0.2")).unwrap();
    assert_eq!(new.variables, BTreeMap::from([("B".into(), "y".into())]));
    assert_eq!(new.notes, ["the key environment_variables is unknown and ignored"]);
}

#[test]
fn retries_are_limited_in_number_and_by_the_output() {
    for (text, times, said, other) in [
        ("RETRY", 3, "anything", None),
        ("RETRY-4", 4, "anything", None),
        ("RETRY-0", 0, "anything", None),
        ("RETRY-.*connection reset.*", 3, "curl: connection reset by peer", Some("connection refused")),
        ("RETRY-2-invalid+", 2, "x invaliddd", Some("valid")),
        ("RETRY-1-exit status (6|7)$", 1, "Reason: exit status 7", Some("Reason: exit status 70")),
        ("RETRY-time-out", 3, "a time-out", Some("out of time")),
    ] {
        let policy = OnFailure::parse(text).unwrap();
        assert!(matches!(policy, OnFailure::Retry { times: found, .. } if found == times), "{text}: {policy:?}");
        let tries = (0..10).take_while(|retried| policy.retries(*retried, &["", said])).count();
        assert_eq!(tries, times as usize, "{text}");
        assert!(other.is_none_or(|other| !policy.retries(0, &[other])), "{text}");
    }
}

#[test]
fn mappings_are_merged_into_others() {
    let text = "
version: 0.2
x: &base { commands: [one], finally: [two] }
y: &more { commands: [three], on-failure: ABORT }
phases:
  build: { <<: [*base, *more], finally: [own] }
";
    let spec = Buildspec::parse(text).unwrap();
    let block = spec.block(Phase::Build).unwrap();
    assert_eq!((block.commands.as_slice(), block.finally.as_slice()), (&["one".to_owned()][..], &["own".to_owned()][..]));
    assert!(matches!(block.on_failure, OnFailure::Abort));
}

/// A small text must not become a large tree.
#[test]
fn text_that_expands_without_bound_is_refused_or_stays_small() {
    let list = |name: char, before: char| format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(","));
    let laughs: String = ('b'..='z').zip('a'..).map(|(name, before)| list(name, before)).collect();
    let spec = "phases: {build: {commands: [x]}}\n";
    assert!(Buildspec::parse(&format!("version: 0.2\na: &a [ha]\n{laughs}{spec}")).is_ok());

    let merge = |(name, before): (char, char)| format!("{name}: &{name} {{<<: [*{before}, *{before}]}}\n  ");
    let merges: Vec<_> = ('b'..='n').zip('a'..).map(merge).collect();
    let text = format!("version: 0.2\nx:\n  a: &a {{k: v}}\n  {}\nphases: {{build: {{<<: *n}}}}", merges.concat());
    assert!(Buildspec::parse(&text).unwrap_err().contains("more than 10000 members"));

    let chain: Vec<_> = (1..50_000).map(|at| format!("- &a{at} [*a{}]\n", at - 1)).collect();
    let chain = chain.concat();
    for (text, expected) in [
        (format!("version: 0.2\nx: {}", "[".repeat(500_000)), "nested"),
        (format!("version: 0.2\nx: {}", "{a: ".repeat(100_000)), "nested"),
        ("- ".repeat(500_000), "nested"),
        (format!("- &a0 x\n{chain}"), "nested more than 32 deep"),
        (format!("version: 0.2\nx: [{}]", "a,".repeat(200_000)), "more than 100000 values"),
        (format!("version: 0.2\nx: \"{}\"", "a".repeat(MAX_SIZE)), "more than 1048576 bytes"),
        (format!("version: 0.2\nx: [{}{}]", "&a [x],", "*a,".repeat(340_000)), "no phases found"),
    ] {
        let error = Buildspec::parse(&text).unwrap_err();
        assert!(error.contains(expected), "{:?} gave {error:?}", &text[..40]);
    }
}
