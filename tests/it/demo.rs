//! `slipway demo` with its output piped: the real program on the real clock.
#![cfg(feature = "local")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// Starts the demo with its own scratch folder and its default log level.
fn demo(arguments: &[&str]) -> (Child, TempDir) {
    let folder = TempDir::new().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_slipway"));
    demo.arg("demo").args(arguments).env("TMPDIR", folder.path()).env_remove("SLIPWAY_LOG").env_remove("RUST_LOG");
    (demo.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), folder)
}

/// The names of the files in a folder.
fn content(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_job_of_the_demo_ends_as_expected_and_nothing_is_left() {
    let (child, folder) = demo(&[]);
    let output = child.wait_with_output().unwrap();
    let (shown, trouble) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!((output.status.code(), trouble.as_str()), (Some(0), ""), "{shown}");
    let has =
        |words: &[&str]| shown.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().windows(words.len()).any(|it| it == words));
    for words in [
        &["hello", "queued"][..],
        &["hello", "started", "as", "build"],
        &["hello", "succeeded", "commit"],
        &["hello", "succeeded", "again,"],
        &["│", "[Container]", "Running", "command", "sh", "test.sh"],
        &["│", "error:", "assertion", "failed:", "discount", "250", "10", "is", "240"],
        &["-", "/images/0/dockerfile:", "must", "stay"],
        &["✓", "website", "succeeded"],
        &["✓", "cart", "failed"],
        &["✓", "typo", "failed"],
        &["✓", "endless", "timed", "out"],
        &["✓", "forgotten", "cancelled"],
        &["✓", "nightly-3", "succeeded"],
        &["✓", "careless", "rejected"],
        &["✓", "garbled", "rejected"],
        &["✓", "at", "most", "2", "builds", "at", "once;"],
        &["✓", "2", "messages", "are", "in", "the", "dead-letter", "queue,", "with", "the", "reasons"],
    ] {
        assert!(has(words), "{words:?} is not in\n{shown}");
    }
    assert!(has(&["✓", "image"]) || has(&["–", "image", "left", "out"]), "{shown}");
    assert!(!shown.contains(['✗', '\x1b']), "{shown}");
    let wide: Vec<_> = shown.lines().filter(|line| line.chars().count() > 80 && !line.starts_with("Repositories")).collect();
    assert!(wide.is_empty(), "wider than a terminal: {wide:#?}");
    assert_eq!(content(folder.path()), Vec::<String>::new());
}

#[test]
fn an_interrupted_demo_ends_its_builds_and_keeps_only_the_requested_folder() {
    for keep in [false, true] {
        let (mut child, folder) = demo(if keep { &["--keep"] } else { &[] });
        let mut shown = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("endless    started") {
            line.clear();
            assert!(shown.read_line(&mut line).unwrap() > 0, "the demo ended too early");
        }
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let mut rest = String::new();
        shown.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{rest}");
        let left = content(folder.path());
        if keep {
            let kept = folder.path().join(&left[0]);
            assert!(rest.contains(kept.to_str().unwrap()), "{rest}");
            assert_eq!(content(&kept.join("builds")), Vec::<String>::new());
            assert!(fs::read_to_string(kept.join("events.jsonl")).unwrap().lines().count() > 0);
        } else {
            assert_eq!(left, Vec::<String>::new());
        }
    }
}
