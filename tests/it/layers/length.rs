//! No file is too long, and a long one says why in its head.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The most lines of a file, including its tests.
const LONGEST: usize = 400;
/// The most lines of a file without a reason.
const LONG: usize = 300;
/// The most lines of a file of the embedded endpoint, with or without a reason.
const LONGEST_OF_ENDPOINT: usize = 300;
/// How the last sentence of a long file's head begins. It gives the reason: "Longer than most: one table, read top to bottom."
const PHRASE: &str = "Longer than most";

/// What is wrong with the length of a file. `path`: from the root.
fn complaint(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    let is_explained = head(path, text).contains(PHRASE);
    let longest = if path.starts_with("crates/localaws/src/") { LONGEST_OF_ENDPOINT } else { LONGEST };
    match lines {
        _ if lines > longest => Some(format!("{path} has {lines} lines, at most {longest} are allowed: split it by subject")),
        _ if lines > LONG && !is_explained => Some(format!(
            "{path} has {lines} lines: split it by subject, or end its head comment with \"{PHRASE}: \" and the reason why it is one thing"
        )),
        _ => None,
    }
}

/// The comment at the beginning of a file: the `//!` lines in Rust, the docstring in Python.
fn head(path: &str, text: &str) -> String {
    let text = if text.starts_with("#!") { text.split_once('\n').unwrap_or_default().1 } else { text };
    if Path::new(path).extension().is_some_and(|extension| extension == "py") {
        let text = text.trim_start();
        return text.strip_prefix("\"\"\"").and_then(|text| text.split_once("\"\"\"")).unwrap_or_default().0.to_owned();
    }
    text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n")
}

/// Every source file of the repository, except what is built or downloaded.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_source = path.extension().is_some_and(|extension| extension == "rs" || extension == "py");
            if path.is_dir() && !name.starts_with('.') && !matches!(name, "target" | "node_modules" | "__pycache__") {
                folders.push(path);
            } else if is_source && path.is_file() {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), text));
            }
        }
    }
    found
}

#[test]
fn no_file_is_too_long() {
    let sources = sources();
    for known in ["build.rs", "src/lib.rs", "tests/it/main.rs", "tests/outside/conftest.py", "crates/localaws/src/lib.rs"] {
        assert!(sources.iter().any(|(path, _)| path == known), "{known} was not read");
    }
    let mut wrong: Vec<String> = sources.iter().filter_map(|(path, text)| complaint(path, text)).collect();
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_is_too_long_is_found() {
    let rust = |head: &str, lines: usize| format!("//! What it is.{head}\n{}", "x\n".repeat(lines - 1));
    let python = |head: &str, lines: usize| format!("\"\"\"What it is.{head}\"\"\"\n{}", "x\n".repeat(lines - 1));
    let why = " Longer than most: one table.";
    for (path, text, expected) in [
        ("src/a.rs", rust("", 300), None),
        ("src/a.rs", rust("", 301), Some("has 301 lines: split it by subject, or end")),
        ("src/a.rs", rust(why, 400), None),
        ("src/a.rs", rust(why, 401), Some("at most 400 are allowed")),
        ("src/a.rs", format!("{}// {why}\n", rust("", 301)), Some("has 302 lines: split")),
        ("tests/a.py", python("", 301), Some("has 301 lines: split")),
        ("tests/a.py", python(why, 301), None),
        ("tests/a.py", format!("#!/usr/bin/env python3\n{}", python(why, 301)), None),
        ("tests/a.py", format!("{}\"\"\"{why}\"\"\"\n", python("", 301)), Some("has 302 lines: split")),
        ("crates/localaws/src/a.rs", rust(why, 301), Some("at most 300 are allowed")),
    ] {
        let found = complaint(path, &text);
        let lines = text.lines().count();
        assert_eq!(found.is_some(), expected.is_some(), "{path}, {lines} lines: {found:?}");
        assert!(found.is_none_or(|found| found.contains(expected.unwrap())), "{path}, {lines} lines");
    }
}
