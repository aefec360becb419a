//! The order of the sources: imports run downward only, no file is too long, and the architecture page names existing files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod circles;
mod imports;
mod length;
mod services;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The layers, from the ground up. A module uses its own layer and those below.
const FLOORS: [&[&str]; 5] = [
    &["backoff", "clock", "config", "loopback", "observe", "pulse", "shutdown", "supervise", "telemetry"],
    &["job"],
    &["aws"],
    &["engine", "http", "local"],
    &["cli"],
];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|modules| modules.contains(&module))
}

/// Every source file below a folder.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// The modules in a file's path: `src/aws/queue.rs` is `aws`, `queue`.
fn modules(path: &Path) -> Vec<String> {
    let path = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap().with_extension("");
    path.iter().map(|part| part.to_str().unwrap().to_owned()).collect()
}

/// The top-level modules that a file at this depth names: after `crate::`, and after as many `super::` as lead to the root.
fn uses(text: &str, depth: usize) -> BTreeSet<String> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let supers = "super::".repeat(depth);
    let roots = code.match_indices("crate::").chain(code.match_indices(&supers));
    let mut found = BTreeSet::new();
    for (start, root) in roots {
        // `$crate::`, `localaws_crate::` and a deeper `super::` are other paths.
        let before = code[..start].chars().next_back();
        if before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$' | ':')) {
            continue;
        }
        // A module in the file is one level deeper, and has one more `super::`.
        let rest = code[start + root.len()..].trim_start_matches("super::");
        match rest.strip_prefix('{') {
            Some(group) => found.extend(heads(group)),
            None => found.extend(word(rest)),
        }
    }
    found
}

/// The first name of each path in `a, b::c, d::{e, f}}`, up to the brace that closes the group.
fn heads(group: &str) -> Vec<String> {
    let (mut heads, mut depth, mut at_head) = (Vec::new(), 0, true);
    for (index, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_head = true,
            _ if at_head && !letter.is_whitespace() => {
                heads.extend(word(&group[index..]));
                at_head = false;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> Option<String> {
    let word: String = text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    Some(word).filter(|word| !word.is_empty())
}

#[test]
fn imports_run_downward_only() {
    let mut wrong = Vec::new();
    for path in sources("src") {
        let modules = modules(&path);
        let top = modules[0].as_str();
        if matches!(top, "main" | "lib") {
            continue;
        }
        let Some(own) = floor(top) else {
            wrong.push(format!("{top} has no floor: give it one in tests/it/layers.rs"));
            continue;
        };
        for used in uses(&fs::read_to_string(&path).unwrap(), modules.len()) {
            if floor(&used).is_some_and(|floor| floor > own) {
                wrong.push(format!("{} uses {used}, which is above it", modules.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_form_of_an_import_is_recognised() {
    let table: &[(&str, usize, &[&str])] = &[
        ("use crate::engine::Engine;", 1, &["engine"]),
        ("use crate::{\n    aws::{queue, topic},\n    job,\n    Root,\n};", 2, &["aws", "job", "Root"]),
        ("let queue = crate::aws::queue::new();", 3, &["aws"]),
        ("use super::super::http;", 2, &["http"]),
        ("use super::http;", 2, &[]),
        ("mod tests { use super::super::super::http; }", 2, &["http"]),
        ("// use crate::engine;\n$crate::job!()", 1, &[]),
    ];
    for (text, depth, expected) in table {
        let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(uses(text, *depth), expected, "{text}");
    }
}

#[test]
fn the_architecture_page_names_existing_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    let beginnings = ["src", "tests", "docs", "deploy", "crates", "bench", "config", "README.md"];
    let named = |text: &&str| beginnings.iter().any(|beginning| text.split('/').next() == Some(beginning));
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(named).collect();
    let missing: Vec<&&str> = named.iter().filter(|name| !root.join(name).exists()).collect();
    assert!(named.len() > 60, "the page was not read: {named:?}");
    assert!(missing.is_empty(), "{missing:?}");
}
