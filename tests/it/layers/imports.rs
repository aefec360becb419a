//! Which modules of a crate import which, read from its sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{sources, word};

/// The modules of a crate by path, with the text of their files without tests. The path of the root is empty.
pub(super) type Modules = BTreeMap<String, String>;
/// The imports of each module.
pub(super) type Imports = BTreeMap<String, BTreeSet<String>>;

pub(super) fn modules(folder: &str) -> Modules {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = sources(folder).into_iter().filter(|path| !path.iter().any(|part| part == "tests" || part == "tests.rs"));
    let module = |path: &Path| {
        let path = path.strip_prefix(&root).unwrap().with_extension("");
        let parts: Vec<&str> = path.iter().map(|part| part.to_str().unwrap()).collect();
        if matches!(parts[..], ["lib" | "main"]) { String::new() } else { parts.join("::") }
    };
    files.map(|path| (module(&path), code(&fs::read_to_string(&path).unwrap()))).collect()
}

/// The code of a file, without comments and test modules.
pub(super) fn code(text: &str) -> String {
    let text: String = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    match text.find("\nmod tests {") {
        Some(tests) => text[..tests].to_owned(),
        None => text,
    }
}

/// Every path to a module in a file is an import, in `use` or in other code. `mod child;` alone is no import, and neither is a path to a
/// module that contains the file's own.
pub(super) fn imports(modules: &Modules) -> Imports {
    let imports_of = |(module, code): (&String, &String)| {
        let mut imported: BTreeSet<String> = paths(module, code).iter().filter_map(|path| nearest(modules, path)).collect();
        imported.retain(|other| module != other && !module.starts_with(&format!("{other}::")) && !other.is_empty());
        (module.clone(), imported)
    };
    modules.iter().filter(|(module, _)| !module.is_empty()).map(imports_of).collect()
}

/// The module at the end of a path: `sqs::queue` for `sqs::queue::Queue`.
fn nearest(modules: &Modules, path: &[String]) -> Option<String> {
    (1..=path.len()).rev().map(|length| path[..length].join("::")).find(|module| modules.contains_key(module))
}

/// Every path in a module's code, from the crate's root.
fn paths(module: &str, code: &str) -> Vec<Vec<String>> {
    let own: Vec<String> = module.split("::").map(str::to_owned).collect();
    let children =
        code.match_indices("mod ").filter_map(|(start, mark)| word(&code[start + mark.len()..])).map(|child| format!("{child}::"));
    let starts: BTreeSet<String> = ["crate::", "self::", "super::"].map(str::to_owned).into_iter().chain(children).collect();
    let mut found = Vec::new();
    for start in &starts {
        for (at, _) in code.match_indices(start.as_str()) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$' | ':')) {
                continue;
            }
            let (mut base, mut rest) = (own.clone(), &code[at..]);
            if let Some(after) = rest.strip_prefix("crate::") {
                (base, rest) = (Vec::new(), after);
            } else if let Some(after) = rest.strip_prefix("self::") {
                rest = after;
            }
            while let Some(after) = rest.strip_prefix("super::") {
                base.pop();
                rest = after;
            }
            tree(&base, rest, &mut found);
        }
    }
    found
}

/// Adds the paths of `a::b`, or of `{a, b::{c, d}}`, below `base`. Returns the text behind them.
fn tree<'a>(base: &[String], text: &'a str, found: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == ',');
            if rest.is_empty() || rest.starts_with('}') {
                return rest.get(1..).unwrap_or_default();
            }
            let before = rest.len();
            rest = tree(base, rest, found);
            // `as name` behind a path, or a character that cannot begin a path.
            if rest.len() == before || rest.trim_start().starts_with("as ") {
                rest = rest.trim_start_matches(|letter: char| !matches!(letter, ',' | '}'));
            }
        }
    }
    let Some(name) = word(text) else { return text };
    let mut path = base.to_vec();
    let rest = &text[name.len()..];
    if name != "self" {
        path.push(name);
    }
    match rest.strip_prefix("::") {
        Some(rest) if rest.starts_with('{') || word(rest).is_some() => tree(&path, rest, found),
        _ => {
            found.push(path);
            rest
        }
    }
}
