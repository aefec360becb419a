//! Secrets that lie on both sides of a line break: a log event may end within one, and programs wrap long lines.

use super::{
    own::{Begun, Own},
    pattern,
};

/// A line this long may have been wrapped.
const WRAPPED: usize = 60;
/// So much of a line's end is remembered, for a token whose first letters stand there.
const TAIL: usize = 64;
/// A token has no more lines.
const LONGEST: usize = 200;
/// So many lines that look like words may stand within a token.
const WORDS: usize = 3;

/// What the end of a line leaves open.
#[derive(Debug, Default)]
pub(super) struct Seam {
    /// The BuildKit step that printed the line; another one's do not go on with it.
    step: Option<u32>,
    own: Vec<Begun>,
    /// Lines that may still belong to a token that was taken out up to the line's end.
    token: usize,
    /// The last letters, if they may begin a token.
    tail: String,
}

/// The beginning of a line that goes on with the secret before it.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Bytes, blanks before it included.
    pub(super) bytes: usize,
    /// Whether nothing of the secret was taken out of the line before, so that it was not counted.
    pub(super) is_new: bool,
    /// What the line leaves open if all of it goes on.
    own: Vec<Begun>,
    token: usize,
    tail: String,
}

impl Seam {
    /// How much of the next line belongs to a secret.
    pub(super) fn rest(&self, step: Option<u32>, text: &str, own: &Own) -> Rest {
        if step != self.step || (self.own.is_empty() && self.token == 0 && self.tail.is_empty()) {
            return Rest::default();
        }
        let trimmed = text.trim_start();
        let indent = text.len() - trimmed.len();
        let (raw, cut) = (own.go_on(&self.own, text, false), own.go_on(&self.own, trimmed, true));
        let (bytes, further) = match (raw, cut) {
            (raw, _) if raw.0 > 0 => raw,
            (_, cut) if cut.0 > 0 => (indent + cut.0, cut.1),
            (raw, cut) => (0, [raw.1, cut.1].concat()),
        };
        let is_new = bytes > 0 && !self.own.iter().any(|&begun| own.is_telling(begun));
        let rest = Rest { bytes, is_new, own: further, ..Rest::default() };
        if bytes > 0 { rest } else { self.rest_of_token(trimmed, indent, rest) }
    }

    fn rest_of_token(&self, text: &str, indent: usize, rest: Rest) -> Rest {
        let run = run_at(text);
        let is_whole = run.len() == text.trim_end().len();
        if self.token > 0 {
            return match (goes_on(run), is_whole) {
                (true, true) => Rest { bytes: indent + text.len(), token: self.token - 1, ..rest },
                (true, false) => Rest { bytes: indent + run.len(), ..rest },
                (false, true) => Rest { token: WORDS.min(self.token - 1), ..rest },
                (false, false) => rest,
            };
        }
        if self.tail.is_empty() || run.is_empty() {
            return rest;
        }
        let joined = format!("{}{run}", self.tail);
        let begins = || pattern::token_begins(&joined).filter(|&at| is_whole && at < self.tail.len());
        match pattern::token_over(&joined, self.tail.len()) {
            Some(end) if end < joined.len() => Rest { bytes: indent + end - self.tail.len(), is_new: true, ..rest },
            Some(_) => Rest { bytes: indent + run.len(), is_new: true, token: LONGEST, ..rest },
            None if begins().is_some() => Rest { bytes: indent + text.len(), is_new: true, token: LONGEST, ..rest },
            None => Rest { tail: if is_whole { self.tail.clone() } else { String::new() }, ..rest },
        }
    }

    /// Where at the end of a line the beginning of a secret has to be taken out, and what the line leaves open.
    pub(super) fn end(step: Option<u32>, text: &str, rest: Rest, own: &Own) -> (usize, Self) {
        if rest.bytes == text.len() && rest.bytes > 0 {
            return (text.len(), Self { step, own: rest.own, token: rest.token, tail: String::new() });
        }
        let line = &text[rest.bytes..];
        let begun = own.begun(line);
        let own_at = own.begins(&begun, line);
        let run = run_before(line);
        let token_at = (run.len() >= 6).then(|| pattern::token_begins(run)).flatten().map(|at| line.len() - run.len() + at);
        let token = if token_at.is_some() { LONGEST } else { rest.token };
        let token_at = token_at.filter(|&at| pattern::token_over(line, at).is_none());
        let at = own_at.into_iter().chain(token_at).min().map_or(text.len(), |at| rest.bytes + at);
        let own = begun.into_iter().chain(rest.own).collect();
        (at, Self { step, own, token, tail: last(rest.tail, run) })
    }

    /// A secret was taken out up to the end of a line that is so long that it may have been wrapped.
    pub(super) fn may_be_wrapped(&mut self, line: &str) {
        if line.len() >= WRAPPED && !run_before(line).is_empty() {
            self.token = LONGEST;
        }
    }
}

/// The last letters of two pieces.
fn last(mut tail: String, run: &str) -> String {
    tail.push_str(run);
    // Letters of tokens are ASCII.
    tail.split_off(tail.len().saturating_sub(TAIL))
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.')
}

/// The letters of a token at the beginning of a text.
fn run_at(text: &str) -> &str {
    &text[..text.bytes().take_while(|&byte| is_of_token(byte)).count()]
}

/// The letters of a token at the end of a text.
fn run_before(text: &str) -> &str {
    &text[text.len() - text.bytes().rev().take_while(|&byte| is_of_token(byte)).count()..]
}

/// Whether this is the middle or the end of a token and not a word.
fn goes_on(run: &str) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let capitals = run.bytes().filter(u8::is_ascii_uppercase).count();
    run.len() >= 20 || digits > 0 || capitals > 1
}
