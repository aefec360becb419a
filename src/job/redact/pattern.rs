//! What secrets look like.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex, RegexSet};

use super::MARK;

/// What looks like a secret, and the text without it; `None`: it only looks like one.
struct Rule {
    pattern: Regex,
    without: fn(&Captures<'_>) -> Option<String>,
}

/// In the order in which they are applied.
static RULES: LazyLock<[Rule; 5]> = LazyLock::new(|| {
    let rule = |pattern: &str, without| Rule { pattern: compile(pattern), without };
    [
        rule(&TOKENS.join("|"), |_| Some(MARK.to_owned())),
        rule(URL_USER, url_user),
        rule(AUTHORIZATION, after_prefix),
        rule(OPTION, after_prefix),
        rule(ASSIGNMENT, assignment),
    ]
});

/// Tells in one pass which rules need a closer look; most lines need none.
static SUSPECT: LazyLock<RegexSet> = LazyLock::new(|| set(&RULES.each_ref().map(|rule| rule.pattern.as_str().to_owned())));

/// Tokens that are recognised by their own shape.
const TOKENS: &[&str] = &[
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----",
    r"(?-u:\b)(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?-u:\b)",
    r"(?-u:\b)(?:IQoJ|FwoGZX|FQoGZX)[A-Za-z0-9/+]{60,}=*",
    r"(?-u:\b)gh[pousr]_[A-Za-z0-9]{20,}(?-u:\b)",
    r"(?-u:\b)github_pat_[A-Za-z0-9_]{22,}(?-u:\b)",
    r"(?-u:\b)gl(?:pat|ptt|dt|rt|cbt|oas|soat|ft|agent|imt)-[A-Za-z0-9_-]{20,}",
    r"(?-u:\b)npm_[A-Za-z0-9]{36,}(?-u:\b)",
    r"(?-u:\b)pypi-[A-Za-z0-9_-]{50,}",
    r"(?-u:\b)xox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"(?-u:\b)xapp-[A-Za-z0-9-]{20,}",
    r"(?-u:\b)hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    r"(?-u:\b)dckr_[a-z]{3}_[A-Za-z0-9_-]{20,}",
    r"(?-u:\b)[rs]k_live_[A-Za-z0-9]{16,}",
    r"(?-u:\b)sk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{20,}",
    r"(?-u:\b)hf_[A-Za-z]{30,}(?-u:\b)",
    r"(?-u:\b)SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"(?-u:\b)AIza[A-Za-z0-9_-]{35}",
    r"(?-u:\b)AGE-SECRET-KEY-1[A-Z0-9]{50,}",
    r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
];

/// Where a line ends within a token: its beginning, which nothing else begins like.
const BEGUN: &[&str] = &[
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{4,15}",
    r"(?:IQoJ|FwoGZX|FQoGZX)[A-Za-z0-9/+]{8,}",
    r"gh[pousr]_[A-Za-z0-9]{4,}",
    r"github_pat_[A-Za-z0-9_]{2,}",
    r"gl(?:pat|ptt|dt|rt|cbt|oas|soat|ft|agent|imt)-[A-Za-z0-9_-]{4,}",
    r"npm_[A-Za-z0-9]{14,}",
    r"pypi-[A-Za-z0-9_-]{20,}",
    r"xox[abeoprs]-[A-Za-z0-9-]{4,}",
    r"xapp-[A-Za-z0-9-]{8,}",
    r"dckr_[a-z]{3}_[A-Za-z0-9_-]{2,}",
    r"[rs]k_live_[A-Za-z0-9]{2,}",
    r"sk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{4,}",
    r"AIza[A-Za-z0-9_-]{8,}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{4,}",
    r"eyJ[A-Za-z0-9_-]{12,}(?:\.[A-Za-z0-9_-]*){0,2}",
];

static BEGUN_AT_END: LazyLock<Regex> = LazyLock::new(|| compile(&format!("(?-u:\\b)(?:{})$", BEGUN.join("|"))));

/// The user part of a URL.
const URL_USER: &str = r#"([A-Za-z][A-Za-z0-9+.-]*://)([^/\s"'<>]+)@"#;

/// `Authorization: Bearer …`
const AUTHORIZATION: &str = r#"(?i)((?-u:\b)authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+)([^\s"']+)"#;

/// `--password …`
const OPTION: &str = r#"(?i)((?:^|\s)--(?:[a-z]+-)*(?:password|token|api-key|secret-key)\s+["']?)([^\s"'-][^\s"']{3,})"#;

/// `password=…`, `"token": "…"`: the name, its quote, the sign, and the value in or without quotes.
const ASSIGNMENT: &str = concat!(
    r"(?i)(?P<name>(?:passw(?:or)?d|passphrase|secret|token|credentials?|signature|(?:(?-u:\b)|_)auth",
    r"|(?:api|access|account|secret|private|encryption)[_-]?key)(?:[_-][a-z0-9_-]+)?)",
    r#"(?P<quote>["']?)(?P<sign>\s*(?:=|:)\s*)(?:"(?P<double>[^"]+)|'(?P<single>[^']+)|(?P<bare>[^\s"'&,;=(){}\[\]][^\s"'&,;(){}\[\]]*))"#
);

static KEY_BEGIN: LazyLock<Regex> = LazyLock::new(|| compile(r"(?:-----)?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?(?:-----)?"));
static KEY_END: LazyLock<Regex> = LazyLock::new(|| compile(r"END [A-Z0-9 ]*PRIVATE KEY"));

#[expect(clippy::expect_used, reason = "the patterns are constants, and a test compiles every one")]
fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern that compiles")
}

#[expect(clippy::expect_used, reason = "the patterns are constants, and a test compiles every one")]
fn set(patterns: &[String]) -> RegexSet {
    RegexSet::new(patterns).expect("patterns that compile")
}

/// Where a private key begins that goes on in the next lines.
pub(super) fn key_begins(text: &str) -> Option<usize> {
    KEY_BEGIN.find(text).map(|found| found.start())
}

/// Whether a private key ends here.
pub(super) fn ends_key(text: &str) -> bool {
    KEY_END.is_match(text)
}

/// Whether a line can be part of a private key: base64, perhaps after a margin, a header, or nothing.
pub(super) fn is_of_key(text: &str) -> bool {
    let is_base64 = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    let mut words = text.split_whitespace().map(|word| word.trim_matches(['"', '\'', ',', '\\']).trim_end_matches("\\n"));
    match (words.next(), words.next(), words.next()) {
        (None | Some("Proc-Type:" | "DEK-Info:" | "Version:" | "Comment:"), ..) => true,
        (Some(word), None, _) => is_base64(word) || word.starts_with('-') || word.contains("\\n"),
        (Some(_), Some(word), None) => word.len() >= 16 && is_base64(word),
        _ => false,
    }
}

/// Where a token begins that the line's end cuts off.
pub(super) fn token_begins(run: &str) -> Option<usize> {
    BEGUN_AT_END.find(run).map(|found| found.start())
}

/// Where the first token ends that begins before and ends after a place in a text.
pub(super) fn token_over(text: &str, place: usize) -> Option<usize> {
    RULES[0].pattern.find_iter(text).find(|found| found.start() < place && found.end() > place).map(|found| found.end())
}

/// The text without what looks like a secret, and how many there were.
pub(super) fn redact(text: Cow<'_, str>) -> (Cow<'_, str>, usize) {
    let suspects = SUSPECT.matches(&text);
    let mut count = 0;
    let rules = suspects.iter().filter_map(|at| RULES.get(at));
    let text = rules.fold(text, |text, rule| replace(text, &rule.pattern, &mut count, rule.without));
    (text, count)
}

/// Replaces what `with` has another text for.
pub(super) fn replace<'a>(
    text: Cow<'a, str>,
    pattern: &Regex,
    count: &mut usize,
    with: impl Fn(&Captures<'_>) -> Option<String>,
) -> Cow<'a, str> {
    if !pattern.is_match(&text) {
        return text;
    }
    let before = *count;
    let replaced = pattern.replace_all(&text, |found: &Captures<'_>| match with(found) {
        Some(text) => {
            *count += 1;
            text
        }
        None => found[0].to_owned(),
    });
    if *count == before { text } else { Cow::Owned(replaced.into_owned()) }
}

/// A bare user is a name such as `git`, a long one a token.
fn url_user(found: &Captures<'_>) -> Option<String> {
    let secret = &found[2] != MARK && (found[2].contains(':') || found[2].len() >= 16);
    secret.then(|| format!("{}{MARK}@", &found[1]))
}

fn after_prefix(found: &Captures<'_>) -> Option<String> {
    (&found[2] != MARK).then(|| format!("{}{MARK}", &found[1]))
}

/// A value that is given to a name that speaks of secrets. Prose has the same shape (`unexpected token: expected …`), so after a colon
/// only what is a member of JSON or has a digit in it is taken for a secret.
fn assignment(found: &Captures<'_>) -> Option<String> {
    let value = found.name("double").or(found.name("single")).or(found.name("bare"))?;
    let text = value.as_str();
    let is_plain = matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "none" | "undefined" | "required");
    if is_plain || text.len() < 4 || text.starts_with(['$', '%', '<', '*', '=', '`']) || text.contains(MARK) {
        return None;
    }
    let has_digit = text.len() >= 6 && text.bytes().any(|byte| byte.is_ascii_digit());
    let is_assigned = found["sign"].contains('=') || !found["quote"].is_empty();
    // Schemes of the header, whose value follows.
    let is_scheme = matches!(text.to_ascii_lowercase().as_str(), "bearer" | "basic");
    let start = found.get(0)?.start();
    (!is_scheme && (is_assigned || has_digit)).then(|| format!("{}{MARK}", &found[0][..value.start() - start]))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_compiles() {
        assert_eq!(super::SUSPECT.len(), super::RULES.len());
        assert!([&super::BEGUN_AT_END, &super::KEY_BEGIN, &super::KEY_END].iter().all(|pattern| !pattern.as_str().is_empty()));
    }
}
