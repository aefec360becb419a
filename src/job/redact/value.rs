//! A name and a value on both sides of a sign, as shells, configurations and languages write them.

use std::ops::Range;

/// A name with what stands around it.
#[derive(Debug)]
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    /// Where it begins, quotes included.
    pub(super) start: usize,
    pub(super) quoted: bool,
    /// Whether there are blanks between it and its sign.
    pub(super) apart: bool,
}

impl<'a> Name<'a> {
    pub(super) fn before(text: &'a str, sign: usize) -> Option<Self> {
        let head = &text[..sign];
        let trimmed = head.trim_end_matches([' ', '\t', '?', '!']);
        // `x["name"] =`, and `[name] =>`.
        let is_key = |rest: &&str| rest.ends_with(['"', '\'']) || text[sign..].starts_with("=>");
        let bare = trimmed.strip_suffix(']').filter(is_key).unwrap_or(trimmed);
        let unquoted = bare.trim_end_matches(['"', '\'', '`']).trim_end_matches('\\');
        let length =
            unquoted.bytes().rev().take(64).take_while(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')).count();
        let name = unquoted.get(unquoted.len() - length..)?;
        let start = unquoted.len() - length + (name.len() - name.trim_start_matches(['-', '.']).len());
        let text = name.trim_start_matches(['-', '.']);
        let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        is_word.then_some(Self { text, start, quoted: unquoted.len() < bare.len(), apart: trimmed.len() < head.len() })
    }
}

/// A value with what stands around it.
#[derive(Debug)]
pub(super) struct Value<'a> {
    pub(super) text: &'a str,
    pub(super) range: Range<usize>,
    pub(super) quoted: bool,
    /// Whether there are blanks between the sign and it.
    pub(super) apart: bool,
    /// What follows it.
    pub(super) after: &'a str,
}

impl<'a> Value<'a> {
    pub(super) fn at(text: &'a str, from: usize) -> Option<Self> {
        Self::within(text, from, &mut 0)
    }

    /// The same of the next of several values. `run`: up to where, as an earlier one has found, no value without quotes ends. A line of many
    /// signs is read once that way, and not once for each of them.
    pub(super) fn within(text: &'a str, from: usize, run: &mut usize) -> Option<Self> {
        let rest = text.get(from..)?;
        let trimmed = rest.trim_start_matches([' ', '\t']);
        let unescaped = trimmed.trim_start_matches('\\');
        // Languages mark strings: `b"x"`, `r'x'`, `@"x"`, `!!str "x"`.
        let marked = unescaped.strip_prefix(['b', 'r', 'u', 'f', '@']).filter(|rest| rest.starts_with(['"', '\''])).unwrap_or(unescaped);
        let quote = marked.bytes().next().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
        let (quoted, value) = if let Some(quote) = quote {
            let inner = &marked[1..];
            let escaped = marked.len() < trimmed.len() && trimmed.starts_with('\\');
            let mut end = if quote == b'"' { inner.len() } else { inner.find(char::from(quote))? };
            for (at, _) in inner.match_indices(char::from(quote)) {
                let is_escaped = inner[..at].ends_with('\\');
                // Within escaped quotes the escape belongs to the end.
                if is_escaped == escaped {
                    end = at - usize::from(escaped);
                    break;
                }
            }
            (true, &inner[..end])
        } else {
            let is_end = |c: char| {
                c.is_whitespace()
                    || matches!(c, '"' | '\'' | '&' | ',' | ';' | '(' | ')' | '{' | '}' | '[' | ']' | '<' | '>' | '`' | '|' | '\\')
            };
            let begin = text.len() - trimmed.len();
            if begin >= *run {
                *run = begin + trimmed.find(is_end).unwrap_or(trimmed.len());
            }
            (false, text.get(begin..*run)?)
        };
        let start = value.as_ptr() as usize - text.as_ptr() as usize;
        let range = start..start + value.len();
        Some(Self { text: value, quoted, apart: trimmed.len() < rest.len(), after: &text[range.end..], range })
    }

    /// Capitals, small letters and digits in a mixture that no name has.
    pub(super) fn is_key(&self) -> bool {
        let has = |is: fn(&u8) -> bool| self.text.bytes().filter(is).count() > 1;
        let is_of_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_');
        let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
        self.text.len() >= 20 && is_mixed && self.text.bytes().all(is_of_key) && !self.text.starts_with('/')
    }

    pub(super) fn is_random(&self) -> bool {
        is_random(self.text)
    }
}

/// Letters and digits, or capitals within: not a word of prose nor a name in code.
pub(super) fn is_random(text: &str) -> bool {
    let count = |is: fn(&u8) -> bool| text.bytes().filter(is).count();
    let (digits, letters, capitals) = (count(u8::is_ascii_digit), count(u8::is_ascii_alphabetic), count(u8::is_ascii_uppercase));
    text.len() >= 6 && ((digits > 0 && letters > 0) || digits >= 6 || (capitals > 2 && letters > capitals + 2 && text.len() >= 20))
}
