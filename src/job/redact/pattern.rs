//! What secrets look like.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};

use super::MARK;

/// Tokens that are recognised by their own shape.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    compile(&[
        r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----",
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
        r"\b(?:IQoJ|FwoGZX|FQoGZX)[A-Za-z0-9/+]{60,}=*",
        r"\bgh[pousr]_[A-Za-z0-9]{20,}\b",
        r"\bgithub_pat_[A-Za-z0-9_]{22,}\b",
        r"\bgl(?:pat|ptt|dt|rt|cbt|oas|soat|ft|agent|imt)-[A-Za-z0-9_-]{20,}",
        r"\bnpm_[A-Za-z0-9]{36,}\b",
        r"\bpypi-[A-Za-z0-9_-]{50,}",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
        r"\bxapp-[A-Za-z0-9-]{20,}",
        r"\bhooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
        r"\bdckr_[a-z]{3}_[A-Za-z0-9_-]{20,}",
        r"\bsk_live_[A-Za-z0-9]{16,}",
        r"\bAIza[A-Za-z0-9_-]{35}",
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    ])
});

/// The user part of a URL.
static URL_USER: LazyLock<Regex> = LazyLock::new(|| compile(&[r#"([A-Za-z][A-Za-z0-9+.-]*://)([^/\s"'<>]+)@"#]));

/// `Authorization: Bearer …`
static AUTHORIZATION: LazyLock<Regex> =
    LazyLock::new(|| compile(&[r#"(?i)(\bauthorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+)([^\s"']+)"#]));

/// `--password …`
static OPTION: LazyLock<Regex> =
    LazyLock::new(|| compile(&[r#"(?i)((?:^|\s)--(?:[a-z]+-)*(?:password|token|api-key|secret-key)\s+["']?)([^\s"'-][^\s"']{3,})"#]));

/// `password=…`, `"token": "…"`: the name, its quote, the sign, and the value in or without quotes.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    compile(&[concat!(
        r"(?i)(?P<name>(?:passw(?:or)?d|passphrase|secret|token|credentials?|signature|(?:\b|_)auth",
        r"|(?:api|access|secret|private|encryption)[_-]?key)(?:[_-][a-z0-9_-]+)?)",
        r#"(?P<quote>["']?)(?P<sign>\s*(?:=|:)\s*)(?:"(?P<double>[^"]+)|'(?P<single>[^']+)|(?P<bare>[^\s"'&,;=(){}\[\]][^\s"'&,;(){}\[\]]*))"#
    )])
});

static KEY_BEGIN: LazyLock<Regex> = LazyLock::new(|| compile(&[r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"]));
static KEY_END: LazyLock<Regex> = LazyLock::new(|| compile(&[r"-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"]));

#[expect(clippy::expect_used, reason = "the patterns are constants, and a test compiles every one")]
fn compile(alternatives: &[&str]) -> Regex {
    Regex::new(&alternatives.join("|")).expect("a pattern that compiles")
}

/// Where a private key begins that goes on in the next lines.
pub(super) fn key_begins(text: &str) -> Option<usize> {
    KEY_BEGIN.find(text).map(|found| found.start())
}

/// Whether a private key ends here.
pub(super) fn ends_key(text: &str) -> bool {
    KEY_END.is_match(text)
}

/// The text without what looks like a secret, and how many there were.
pub(super) fn redact(text: Cow<'_, str>) -> (Cow<'_, str>, usize) {
    let mut count = 0;
    let text = replace(text, &TOKEN, &mut count, |_| Some(MARK.to_owned()));
    let text = replace(text, &URL_USER, &mut count, |found| {
        // A bare user is a name such as `git`, a long one a token.
        let secret = &found[2] != MARK && (found[2].contains(':') || found[2].len() >= 16);
        secret.then(|| format!("{}{MARK}@", &found[1]))
    });
    let after_prefix = |found: &Captures<'_>| (&found[2] != MARK).then(|| format!("{}{MARK}", &found[1]));
    let text = replace(text, &AUTHORIZATION, &mut count, after_prefix);
    let text = replace(text, &OPTION, &mut count, after_prefix);
    let text = replace(text, &ASSIGNMENT, &mut count, assignment);
    (text, count)
}

/// Replaces what `with` has another text for.
fn replace<'a>(text: Cow<'a, str>, pattern: &Regex, count: &mut usize, with: impl Fn(&Captures<'_>) -> Option<String>) -> Cow<'a, str> {
    if !pattern.is_match(&text) {
        return text;
    }
    let replaced = pattern.replace_all(&text, |found: &Captures<'_>| match with(found) {
        Some(text) => {
            *count += 1;
            text
        }
        None => found[0].to_owned(),
    });
    Cow::Owned(replaced.into_owned())
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
        let patterns = [
            &super::TOKEN,
            &super::URL_USER,
            &super::AUTHORIZATION,
            &super::OPTION,
            &super::ASSIGNMENT,
            &super::KEY_BEGIN,
            &super::KEY_END,
        ];
        assert!(patterns.iter().all(|pattern| !pattern.as_str().is_empty()));
    }
}
