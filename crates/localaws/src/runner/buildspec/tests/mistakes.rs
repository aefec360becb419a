use super::*;

/// A buildspec with these lines below `build:`, from line 4.
fn with_build(lines: &str) -> String {
    format!("version: 0.2\nphases:\n  build:\n{lines}\n")
}

/// Each row: the buildspec, the line in the message, and a part of its advice.
#[test]
fn common_mistakes_are_reported_with_line_and_advice() {
    let list = |entries: &str| with_build(&format!("    commands:\n{entries}"));
    let rows: Vec<(String, usize, &str)> = vec![
        // Tabs.
        (list("\t\t- echo a"), 5, "indent with spaces"),
        (list("      - echo a\n\t- echo b"), 6, "indent with spaces"),
        (with_build("    commands:\n      - echo a\n    finally:\n\t    - echo b"), 7, "indent with spaces"),
        ("version: 0.2\nphases:\n\tbuild:\n".into(), 3, "indent with spaces"),
        // An unfinished merge.
        (list("<<<<<<< HEAD\n      - echo a\n=======\n      - echo b\n>>>>>>> other"), 5, "keep one side"),
        ("<<<<<<< HEAD\nversion: 0.2\n=======\nversion: 0.1\n>>>>>>> x\n".into(), 1, "keep one side"),
        // Texts of several lines.
        (list("      - |\n      echo a\n      echo b"), 6, "indent this line"),
        (list("      - >-\n    echo a"), 6, "indent this line"),
        (list("      - | grep x"), 5, "quote text that begins with one"),
        // Text that means something else in YAML.
        (list("      - {echo a}"), 5, "quote text that begins with `{`"),
        (list("      - [ -f x ]"), 5, "quote text that begins with `[`"),
        (list("      - [ -f x ] && echo a"), 5, "quote"),
        (list("      - ${HOME}/run: x"), 5, "needs quotes"),
        (list("      - %HOME%"), 5, "quote it"),
        (list("      - @echo off"), 5, "quote it"),
        (list("      - `date`"), 5, "quote it"),
        (list("      - , a"), 5, "quote it"),
        (list("      - ! grep x y"), 5, "quote text that begins with `!`"),
        (list("      - !grep x y"), 5, "quote text that begins with `!`"),
        (list("      - *.sh"), 5, "quote text that begins with `*`"),
        (list("      - & echo a"), 5, "quote text that begins with one"),
        (list("      - ? echo a"), 5, "quote"),
        (list("      - } echo a"), 5, "quote text"),
        // Quotes and colons.
        (list("      - \"echo a"), 5, "closing quote"),
        (list("      - 'echo a\n      - echo b"), 5, "closing quote"),
        (list("      - 'it's here'"), 5, "quote the whole text"),
        (list("      - \"$A\" --flag"), 5, "quote the whole text"),
        (list("      - \"a\\d\""), 5, "single quotes"),
        (list("      - echo \"a\": b"), 5, "needs quotes"),
        (list("      - echo a: b: c"), 5, "quote text"),
        (list("      - curl -H \"A: b\" x"), 5, "needs quotes"),
        // Dashes and keys.
        (list("      -echo a"), 5, "write `- echo a`"),
        (list("      - echo a\n      -echo b"), 6, "write `- echo b`"),
        (list("      echo a"), 5, "after `- `"),
        (list("      - - echo a"), 5, "no list within a list"),
        (list("      - [echo a, echo b]"), 5, "quote text that begins with `[`"),
        (with_build("    commands: echo a"), 4, "after `- `"),
        (with_build("    commands: -echo a"), 4, "write `- echo a`"),
        (with_build("    commands\n      - echo a"), 4, "write `commands:`"),
        (with_build("    commands:\n      a: echo a"), 5, "write `- ` before each entry"),
        (with_build("    commands:- echo a"), 4, "after its colon"),
        ("version: 0.2\nphases\n  build:\n    commands: [x]\n".into(), 2, "write `phases:`"),
        ("version:0.2\nphases:\n  build:\n    commands: [x]\n".into(), 1, "write `version: 0.2`"),
        ("version 0.2\nphases:\n  build:\n    commands: [x]\n".into(), 1, "write `version:`"),
        ("version: 0.2\nphases:\nbuild:\n  commands: [x]\n".into(), 4, "indent `build:`"),
        ("version: 0.2\nphases:\n  install: {commands: [x]}\nbuild:\n  commands: [x]\n".into(), 5, "indent `build:`"),
        ("version: 0.2\nphases:\n  build:\n  commands: [x]\n".into(), 4, "indent it further"),
        ("version: 0.2\nphases:\n - build:\n    commands: [x]\n".into(), 3, "without `- `"),
        ("version: 0.2\nphases:\n  build:\n    commands: [x]\n  build:\n    commands: [y]\n".into(), 5, "keep one of them"),
        ("version: 0.2\nenv:\n  variables:\n    - A=b\nphases: {build: {commands: [x]}}\n".into(), 4, "without `- `"),
        ("version: 0.2\nenv:\n  variables:\n    A:b\nphases: {build: {commands: [x]}}\n".into(), 4, "write `A: b`"),
        ("version: 0.2\nenv:\n  variables:\n    A=b\nphases: {build: {commands: [x]}}\n".into(), 4, "write `key: value`"),
        ("version: 0.2\nenv:\n  variables:\n    A: b: c\nphases: {build: {commands: [x]}}\n".into(), 4, "quote text"),
        ("version: 0.2\n---\nphases: {build: {commands: [x]}}\n".into(), 2, "remove the line `---`"),
        ("phases: {build: {commands: [x]}}\n".into(), 1, "write `version: 0.2`"),
        ("version: 0.2\nphases:\n    build:\n      commands: [x]\n  install:\n      commands: [x]\n".into(), 5, "begin in the same column"),
        (list("      - echo a\n        - echo b\n      - echo c: d"), 7, "needs quotes"),
        (list("      - echo a\n     - echo b"), 6, "begin in the same column"),
    ];
    let mut wrong = Vec::new();
    for (text, line, cure) in &rows {
        let found = Buildspec::parse(text).map_or_else(|error| error, |spec| format!("{:?}", spec.phases));
        if !(found.contains(cure) && found.contains(&format!(" at line {line}, column "))) {
            wrong.push(format!("{text}--> {found}\n    not line {line}, `{cure}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Unusual notations that are valid.
#[test]
fn unusual_but_valid_yaml_is_read() {
    for (text, commands) in [
        (with_build("    commands:\n    - echo a\n    - echo b"), vec!["echo a", "echo b"]),
        (
            with_build("    commands:\r\n      - echo a\r\n      - |\r\n        echo b\r\n        echo c\r"),
            vec!["echo a", "echo b\necho c\n"],
        ),
        (format!("\u{feff}{}", with_build("    commands: [echo a]")), vec!["echo a"]),
        (format!("%YAML 1.2\n---\n{}...\n", with_build("    commands: [echo a]")), vec!["echo a"]),
        (format!("---\n{}", with_build("    commands: [echo a]")), vec!["echo a"]),
        (
            with_build("    commands:\n      - 1\n      - 1.50\n      - true\n      - yes\n      - 0x1F"),
            vec!["1", "1.50", "true", "yes", "0x1F"],
        ),
        (
            with_build("    commands:\n      - echo a:b http://c # comment\n      - 'echo a: b'\n      - \"echo a: b\""),
            vec!["echo a:b http://c", "echo a: b", "echo a: b"],
        ),
        (
            with_build("    commands:\n      - &a echo a\n      - *a\n      - echo 50% @ `date` & wait"),
            vec!["echo a", "echo a", "echo 50% @ `date` & wait"],
        ),
        (with_build("    commands:\n      - echo a\n        echo b"), vec!["echo a echo b"]),
        (with_build("    commands:\n      - echo a |\n        cat"), vec!["echo a | cat"]),
        (with_build("    commands :\n      -   echo a"), vec!["echo a"]),
        (with_build("    commands:\n      - !!str true"), vec!["true"]),
        (
            with_build("    commands:\n      - cat <<E\n\n        <<<<<<< a\n      - |\n        <<<<<<< a"),
            vec!["cat <<E\n<<<<<<< a", "<<<<<<< a\n"],
        ),
        (with_build("    commands:\n      - |-\n        if x; then\n        \techo tab\n        fi"), vec!["if x; then\n\techo tab\nfi"]),
    ] {
        let spec = Buildspec::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(super::commands(&spec, Phase::Build), commands, "{text}");
    }
}
