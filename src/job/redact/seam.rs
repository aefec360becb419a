//! Secrets that lie on both sides of a line break, where a program wrapped a long line. (What the log's writer cut is whole again before it
//! is redacted: see [`crate::job::rejoin`].)
//!
//! A wrap is taken for one only where it can be told: the line is long, and what stands at the beginning of the next one is the rest of a
//! value that is known, or all of that line and no word. Never is a name taken that a value follows.

use super::{
    own::{Begun, Own},
    table::TABLE,
};

/// No program wraps a shorter line.
const WRAPPED: usize = 60;
/// So much of a line's end is remembered, for a token whose first letters stand there.
const TAIL: usize = 64;
/// A token has no more lines.
const LONGEST: usize = 200;
/// A shorter rest of a token is rather a word.
const REST: usize = 8;

/// What the end of a line leaves open.
#[derive(Debug, Default)]
pub(super) struct Seam {
    /// The BuildKit step that printed the line; another one's do not go on with it.
    step: Option<u32>,
    own: Vec<Begun>,
    /// Lines that may still belong to a token that was taken out up to the line's end, and how long they are.
    token: usize,
    width: usize,
    /// The last letters, if they may begin a token.
    tail: String,
}

impl Seam {
    /// How many bytes at the beginning of the next line belong to a secret that the line before began, and whether something of it was
    /// taken out there.
    pub(super) fn rest(&mut self, step: Option<u32>, text: &str, own: &Own) -> Option<(usize, bool)> {
        let before = std::mem::take(self);
        if step != before.step || (before.own.is_empty() && before.token == 0 && before.tail.is_empty()) {
            return None;
        }
        let trimmed = text.trim_start();
        let indent = text.len() - trimmed.len();
        let (raw, cut) = (own.go_on(&before.own, text, false), own.go_on(&before.own, trimmed, true));
        let (bytes, further) = if raw.0 > 0 { raw } else { (cut.0 + if cut.0 > 0 { indent } else { 0 }, cut.1) };
        if bytes > 0 {
            let known = before.own.iter().any(|&begun| own.is_telling(begun));
            *self = Self { step, own: further, ..Self::default() };
            return Some((bytes, known));
        }
        let run = run_at(trimmed);
        let rest = &trimmed[run.len()..];
        let is_name = run.trim_end_matches('=').contains('=') || rest.trim_start().starts_with([':', '=']);
        if run.is_empty() || is_name {
            return None;
        }
        let is_whole = rest.trim_end().is_empty();
        if before.token > 0 {
            let goes_on = is_whole && is_no_word(run) && text.len() <= before.width;
            if goes_on && text.len() == before.width {
                *self = Self { step, token: before.token - 1, width: before.width, ..Self::default() };
            }
            return goes_on.then_some((text.len(), true));
        }
        let joined = format!("{}{run}", before.tail);
        let mut end = None;
        TABLE.find(&joined, &TABLE.suspects(&joined), |place, _| {
            if place.start < before.tail.len() && place.end > before.tail.len() {
                end = end.max(Some(place.end - before.tail.len()));
            }
        });
        let end = end.filter(|&end| end < run.len() || is_no_word(run))?;
        if end == run.len() && is_whole && text.len() == before.width {
            *self = Self { step, token: LONGEST, width: before.width, ..Self::default() };
        }
        Some((indent + end, false))
    }

    /// What a line leaves open, and where at its end the beginning of a secret has to be taken out. `taken`: where the secret ends that
    /// was taken out last.
    pub(super) fn end(&mut self, step: Option<u32>, text: &str, taken: usize, own: &Own) -> Option<usize> {
        if text.len() < WRAPPED {
            return None;
        }
        let run = run_before(text);
        if taken == text.len() {
            if !run.is_empty() {
                *self = Self { step, token: LONGEST, width: text.len(), ..Self::default() };
            }
            return None;
        }
        let run = &run[run.len() - run.len().min(text.len() - taken)..];
        let begun = own.begun(text.get(taken..).unwrap_or_default());
        let own_at = own.begins(&begun, text);
        let token_at = TABLE.begins(run).map(|at| text.len() - run.len() + at);
        *self = Self {
            step,
            own: begun,
            token: if token_at.is_some() { LONGEST } else { 0 },
            width: text.len(),
            // Letters of tokens are ASCII.
            tail: run[run.len().saturating_sub(TAIL)..].to_owned(),
        };
        own_at.into_iter().chain(token_at).min()
    }
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
fn is_no_word(run: &str) -> bool {
    let (digits, letters) = (run.bytes().any(|byte| byte.is_ascii_digit()), run.bytes().any(|byte| byte.is_ascii_alphabetic()));
    run.len() >= REST && digits && letters && !run.contains("./") && !run.starts_with(['/', '.', '-'])
}
