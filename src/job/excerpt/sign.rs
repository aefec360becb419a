//! How much a line looks like the one that says what is wrong, in the words of compilers, package managers, test runners, docker and
//! shells.

mod pattern;

use regex::SetMatches;

use self::pattern::{
    AT_DESPITE, AT_ENDS, AT_GOAL, AT_INNOCENT, AT_NAMED, AT_PROGRESS, AT_SPOKEN, AT_TOLD, AT_TURNED, AT_WARNING, BEFORE, HEADING, LEVEL,
    OPEN_END, PLACE, STRENGTHS, WORD,
};

/// How much a line looks like an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// It says what follows from an error said elsewhere.
    Follows,
    /// It speaks of trouble.
    Hint,
    /// It speaks of trouble as programs do, or has a place in a file, as linters print it.
    Likely,
    /// It has the shape in which programs say what is wrong.
    Clear,
    /// It says what is wrong where, which test failed, which resource.
    Verdict,
    /// The central buildspec's own word.
    Own,
}

/// A longer line is no heading.
const LONGEST_HEADING: usize = 80;

/// What the first patterns of [`STRENGTHS`] mean, in their order.
const STRENGTH: [Sign; 5] = [Sign::Own, Sign::Verdict, Sign::Clear, Sign::Likely, Sign::Follows];

/// What a program itself says in a line, without what goes before it.
pub(super) fn said(text: &str) -> &str {
    let mut text = text;
    for _ in 0..5 {
        if LEVEL.is_match(text) {
            break;
        }
        match BEFORE.find(text) {
            Some(before) if before.end() < text.len() && !speaks_of_failure(before.as_str()) => text = &text[before.end()..],
            _ => break,
        }
    }
    text
}

/// `CREATE_FAILED | ` is no name of who speaks.
fn speaks_of_failure(before: &str) -> bool {
    let before = before.to_ascii_lowercase();
    ["fail", "error"].iter().any(|word| before.contains(word)) && before.trim_end().ends_with('|')
}

/// Whether a line needs a closer look: most do not.
fn is_suspect(text: &str) -> bool {
    is_placed(text) || text.starts_with("! ") || text.starts_with("-- ") || is_numbered(text) || is_coded(text) || WORD.is_match(text)
}

/// `a.b:1`
fn is_placed(text: &str) -> bool {
    let word = text.trim_start().split(' ').next().unwrap_or_default();
    let colon = memchr::memchr2(b':', b'(', word.as_bytes());
    colon.is_some_and(|at| word.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit) && word[..at].contains('.'))
}

/// `1) a failed test`
fn is_numbered(text: &str) -> bool {
    let text = text.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && digits < 4 && text[digits..].starts_with(") ")
}

/// Whether a line tells of progress, whatever the names in it.
pub(super) fn is_progress(text: &str) -> bool {
    let found = STRENGTHS.matches(said(text));
    is_harmless(&found)
}

/// Whether patterns tell of progress, or of what only speaks of errors.
fn is_harmless(found: &SetMatches) -> bool {
    (found.matched(AT_INNOCENT) || (found.matched(AT_PROGRESS) && !found.matched(AT_TURNED))) && !found.matched(AT_DESPITE)
}

/// Reads what a program printed, without BuildKit's prefix.
pub(super) fn read(text: &str) -> Option<Sign> {
    if !is_suspect(text) {
        return None;
    }
    let text = said(text);
    let found = STRENGTHS.matches(text);
    if found.matched(0) {
        return Some(Sign::Own);
    }
    if is_harmless(&found) {
        return None;
    }
    if found.matched(AT_ENDS) {
        return Some(Sign::Verdict);
    }
    let strength = (0..STRENGTH.len()).find(|&at| found.matched(at)).and_then(|at| STRENGTH.get(at)).copied();
    match strength {
        _ if found.matched(AT_TOLD) => Some(Sign::Clear),
        _ if found.matched(4) => Some(Sign::Follows),
        _ if found.matched(AT_NAMED) => Some(Sign::Likely),
        Some(Sign::Verdict) => Some(Sign::Verdict),
        _ if found.matched(AT_GOAL) => Some(Sign::Likely),
        _ if found.matched(AT_WARNING) => (PLACE.is_match(text) || is_coded(text)).then_some(Sign::Hint),
        // In a name alone there is no trouble.
        Some(Sign::Likely) if !found.matched(AT_SPOKEN) => Some(Sign::Hint),
        Some(sign) => Some(sign),
        None if PLACE.is_match(text) || is_coded(text) => Some(Sign::Likely),
        None => (found.matched(AT_SPOKEN) || is_numbered(text)).then_some(Sign::Hint),
    }
}

/// Whether a line announces that the next ones say what is wrong: `Diagnostics:`, `error: 1 error occurred:`, `Caused by:`.
pub(super) fn is_heading(text: &str) -> bool {
    let text = text.trim();
    text.ends_with(':') && text.len() <= LONGEST_HEADING && HEADING.is_match(text)
}

/// Whether what is wrong is not in a line that says that something is: `error:`, `a.hs:1:2: error: [GHC-1]`, `Could not resolve dependencies:`.
pub(super) fn is_announcement(text: &str) -> bool {
    text.ends_with(':') || OPEN_END.is_match(text)
}

/// Whether a line says what an exception was caused by.
pub(super) fn is_cause(text: &str) -> bool {
    text.trim_start().starts_with("Caused by: ")
}

/// A linter's name for what it found: `E1101`, `DL3008`, `no-undef` are rules; `X86` is none.
fn is_coded(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Most lines have no digit after a capital, which is seen faster without looking whether it is seen already.
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    if !pairs.fold(false, |is, (letter, digit)| is | (letter.is_ascii_uppercase() & digit.is_ascii_digit())) {
        return false;
    }
    let is_word = |at: usize| bytes.get(at).is_some_and(|byte| !matches!(byte, b' ' | b':' | b'[' | b']' | b'(' | b')' | b','));
    let mut at = 0;
    let mut words = 0;
    while words < 6 && at < bytes.len() {
        let begin = at;
        while is_word(at) {
            at += 1;
        }
        let length = at - begin;
        if (4..=11).contains(&length) && bytes[begin].is_ascii_uppercase() && bytes[at - 1].is_ascii_digit() {
            let letters = bytes[begin..at].iter().take_while(|byte| byte.is_ascii_uppercase()).count();
            if letters <= 6 && (3..=5).contains(&(length - letters)) && bytes[begin + letters..at].iter().all(u8::is_ascii_digit) {
                return true;
            }
        }
        words += usize::from(length > 0);
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests;
