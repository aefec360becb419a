//! Private keys, which have many lines.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

use memchr::memmem;
use regex::Regex;

use super::compile;

/// A private key has no more lines.
pub(super) const LONGEST: usize = 200;
/// A shorter line of a key is not remembered, nor are more lines than this.
const SHORTEST_LINE: usize = 16;
const MOST_LINES: usize = 1_000;

static WORDS: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"PRIVATE KEY"));
static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
    compile(r"(?:-----)?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?(?:-----)?.*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
});
static BEGIN: LazyLock<Regex> =
    LazyLock::new(|| compile(r"(?:-----)?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?(?:-----)?|^Private-Lines: [0-9]+"));
static END: LazyLock<Regex> = LazyLock::new(|| compile(r"END [A-Z0-9 ]*PRIVATE KEY|^Private-MAC: "));

/// What is known of private keys in a log.
#[derive(Debug, Default)]
pub(super) struct Keys {
    open: Option<Open>,
    /// Lines of keys: docker repeats a failed step's last lines, and the key's beginning need not be among them.
    lines: HashSet<u64>,
}

/// A key that began and has not ended.
#[derive(Debug)]
struct Open {
    /// The BuildKit step that prints it.
    step: Option<u32>,
    /// Lines that may still belong to it.
    lines: usize,
}

impl Keys {
    /// Whether a line is part of the private key that began before it, or was part of one before.
    pub(super) fn has(&mut self, step: Option<u32>, text: &str) -> bool {
        if self.open.is_none() && self.lines.is_empty() {
            return false;
        }
        let word = text.split_whitespace().next_back().filter(|word| word.len() >= SHORTEST_LINE).map(hash);
        let Some(open) = self.open.as_mut().filter(|open| open.step == step) else {
            return word.is_some_and(|word| self.lines.contains(&word));
        };
        let ends = END.is_match(text);
        let belongs = ends || (open.lines > 0 && is_of_key(text));
        open.lines = open.lines.saturating_sub(1);
        if ends || !belongs {
            self.open = None;
        }
        if belongs && self.lines.len() < MOST_LINES {
            self.lines.extend(word);
        }
        belongs
    }

    /// Whole keys in one line, told by their place, and where one begins that goes on in the next lines.
    pub(super) fn find(&mut self, step: Option<u32>, text: &str, mut found: impl FnMut(std::ops::Range<usize>)) {
        if WORDS.find(text.as_bytes()).is_none() && !text.starts_with("Private-Lines: ") {
            return;
        }
        let mut rest = 0;
        for whole in WHOLE.find_iter(text) {
            found(whole.range());
            rest = whole.end();
        }
        if let Some(begin) = BEGIN.find_at(text, rest) {
            found(begin.start()..text.len());
            self.open = Some(Open { step, lines: LONGEST });
        }
    }

    /// CodeBuild speaks: no key goes on.
    pub(super) fn close(&mut self) {
        self.open = None;
    }
}

/// Whether a line can be part of a private key: base64, perhaps after a margin, a header, or nothing.
fn is_of_key(text: &str) -> bool {
    let is_base64 = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    let mut words = text.split_whitespace().map(|word| word.trim_matches(['"', '\'', ',', '\\']).trim_end_matches("\\n"));
    match (words.next(), words.next(), words.next()) {
        (None | Some("Proc-Type:" | "DEK-Info:" | "Version:" | "Comment:"), ..) => true,
        (Some(word), None, _) => is_base64(word) || word.starts_with('-') || word.contains("\\n"),
        (Some(_), Some(word), None) => word.len() >= SHORTEST_LINE && is_base64(word),
        _ => false,
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
