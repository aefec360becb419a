//! The rules of `rules.toml`: what secrets look like by their own shape.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};
use regex::Regex;
use serde::Deserialize;

use super::{assignment, compile, name::speaks_of_secrets};

/// The file.
#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) rule: Vec<Entry>,
}

/// A rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) keywords: Vec<String>,
    pattern: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "examples for tests and readers"))]
    pub(super) r#match: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "examples for tests and readers"))]
    pub(super) not: Vec<String>,
    begun: Option<String>,
    #[serde(default)]
    digits: bool,
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers"))]
    pub(super) source: String,
}

/// Words without one of which no value is given to a name that speaks of secrets; see [`super::name`].
const NAMES: &[&str] = &[
    "pass",
    "kennwort",
    "secret",
    "token",
    "credential",
    "cred",
    "key",
    "pwd",
    "pw=",
    "pw:",
    "_pw",
    "-pw",
    "pat=",
    "pat:",
    "pat\"",
    "pat'",
    "_pat",
    "-pat",
    "pat ",
    "auth",
    "bearer",
    "signature",
    "://",
];

/// The rules, ready to use.
#[derive(Debug)]
pub(super) struct Table {
    rules: Vec<Rule>,
    /// Finds the words of [`NAMES`] and the rules' keywords in one pass.
    keywords: AhoCorasick,
    /// By pattern of `keywords`: its rule, or none for one of [`NAMES`].
    rule_of: Vec<Option<usize>>,
    begun: Regex,
}

#[derive(Debug)]
struct Rule {
    name: &'static str,
    pattern: Regex,
    /// Whether a group says which part is the secret, and whether one says its name.
    has_secret: bool,
    has_name: bool,
    digits: bool,
}

/// What a text deserves a closer look at.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    rules: Vec<usize>,
    /// Whether a value may be given to a name.
    pub(super) names: bool,
}

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

pub(super) fn entries() -> Vec<Entry> {
    let file = toml::from_str::<File>(include_str!("rules.toml"));
    file.map(|file| file.rule).unwrap_or_default()
}

impl Table {
    fn new() -> Self {
        let entries = entries();
        let rule = |entry: &Entry| {
            let pattern = compile(&entry.pattern);
            let has = |group: &str| pattern.capture_names().flatten().any(|name| name == group);
            Rule { name: entry.name.clone().leak(), has_secret: has("secret"), has_name: has("name"), digits: entry.digits, pattern }
        };
        let mut words: Vec<_> = NAMES.iter().map(|word| ((*word).to_owned(), None)).collect();
        for (at, entry) in entries.iter().enumerate() {
            words.extend(entry.keywords.iter().map(|word| (word.clone(), Some(at))));
        }
        let begun: Vec<_> = entries.iter().filter_map(|entry| entry.begun.clone()).collect();
        Self {
            rules: entries.iter().map(rule).collect(),
            keywords: find(words.iter().map(|(word, _)| word.as_str())),
            rule_of: words.iter().map(|(_, rule)| *rule).collect(),
            begun: compile(&format!(r"\b(?:{})$", begun.join("|"))),
        }
    }

    /// One pass over the text, in which nothing but keywords is looked for.
    pub(super) fn suspects(&self, text: &str) -> Suspects {
        let mut suspects = Suspects::default();
        for found in self.keywords.find_overlapping_iter(text) {
            match self.rule_of.get(found.pattern().as_usize()).copied().flatten() {
                Some(rule) if !suspects.rules.contains(&rule) => suspects.rules.push(rule),
                Some(_) => {}
                None => suspects.names = true,
            }
        }
        suspects
    }

    /// Tells of each place where a secret lies, and by which rule.
    pub(super) fn find(&self, text: &str, suspects: &Suspects, mut found: impl FnMut(Range<usize>, &'static str)) {
        for rule in suspects.rules.iter().filter_map(|&at| self.rules.get(at)) {
            if !rule.has_secret {
                rule.pattern.find_iter(text).for_each(|place| found(place.range(), rule.name));
                continue;
            }
            for groups in rule.pattern.captures_iter(text) {
                let is_open = rule.has_name && !groups.name("name").is_some_and(|name| speaks_of_secrets(name.as_str()));
                let is_word = |text: &str| {
                    rule.digits && !(text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().any(|byte| byte.is_ascii_uppercase()))
                };
                let secret =
                    groups.name("secret").filter(|secret| !is_open && !assignment::is_open(secret.as_str()) && !is_word(secret.as_str()));
                if let Some(secret) = secret {
                    found(secret.range(), rule.name);
                }
            }
        }
    }

    /// Where a token begins that the text's end cuts off.
    pub(super) fn begins(&self, text: &str) -> Option<usize> {
        self.begun.find(text).map(|found| found.start())
    }
}

#[expect(clippy::expect_used, reason = "the words are constants, and a test builds it")]
fn find<'a>(words: impl Iterator<Item = &'a str>) -> AhoCorasick {
    let mut builder = AhoCorasickBuilder::new();
    builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(words).expect("an automaton of a few hundred words")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::redact::Redactor;

    /// An example with its `{20:x}` filled in.
    pub(crate) fn filled(example: &str) -> String {
        let parts = compile(r"\{([0-9]+)(?::([a-zA-Z]))?\}");
        let text = |groups: &regex::Captures<'_>| {
            let letters = match groups.get(2).map_or("", |kind| kind.as_str()) {
                "x" => "0a7f3b91",
                "d" => "4071392856",
                "A" => "Z7Q4M2XK",
                "a" => "z7q4m2xk",
                "L" => "aBcDefGh",
                _ => "aB3xY7",
            };
            letters.chars().cycle().take(groups[1].parse().unwrap_or_default()).collect::<String>()
        };
        parts.replace_all(example, text).into_owned()
    }

    #[test]
    fn every_rule_finds_its_examples_and_nothing_in_those_that_only_look_like_them() {
        let entries = entries();
        assert!(entries.len() > 120);
        let mut wrong = Vec::new();
        let names = |text: &str| {
            let mut names = Vec::new();
            TABLE.find(text, &TABLE.suspects(text), |_, name| names.push(name));
            names
        };
        for entry in &entries {
            assert!(!entry.source.is_empty() && !entry.not.is_empty() && !entry.r#match.is_empty(), "{}", entry.name);
            for text in entry.r#match.iter().map(|example| filled(example)) {
                let mut redactor = Redactor::new(std::iter::empty());
                let redacted = redactor.line(&text).into_owned();
                if !names(&text).contains(&entry.name.as_str()) || redactor.count() != 1 {
                    wrong.push(format!("{}: {text} is {redacted} by {:?}", entry.name, redactor.rules()));
                }
            }
            let open = entry.not.iter().map(|example| filled(example)).filter(|text| names(text).contains(&entry.name.as_str()));
            wrong.extend(open.map(|text| format!("{} finds something in {text}", entry.name)));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
