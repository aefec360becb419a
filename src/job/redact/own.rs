//! Values that must not appear, whatever they look like.

use std::{borrow::Cow, cmp::Reverse, collections::HashMap};

use regex::Regex;

use super::{MARK, pattern};

/// A shorter value is more likely an ordinary word than a secret.
const SHORTEST: usize = 6;
/// One pattern looks for no more than this many bytes of values.
const MOST: usize = 32 * 1024;
/// So much of a value is taken out at a line's end, where the next line may go on with the rest.
const BEGINNING: usize = 6;

/// The values, and the other ways in which programs write them.
#[derive(Debug, Default)]
pub(super) struct Own {
    values: Vec<String>,
    patterns: Vec<Regex>,
    /// The beginnings of the values by their last byte.
    begins: HashMap<u8, Vec<Begun>>,
}

/// The beginning of a value at the end of a line: which one, and how many bytes of it.
pub(super) type Begun = (usize, usize);

impl Own {
    pub(super) fn new(secrets: impl Iterator<Item = String>) -> Self {
        let mut values: Vec<_> = secrets.flat_map(|secret| written(&secret)).filter(|value| value.chars().count() >= SHORTEST).collect();
        // Longest first: one may be a part of another.
        values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        let mut patterns = Vec::new();
        let mut rest = &values[..];
        while !rest.is_empty() {
            let mut bytes = 0;
            let fitting = rest.iter().take_while(|value| {
                bytes += value.len();
                bytes <= MOST
            });
            let (part, others) = rest.split_at(fitting.count().max(1));
            patterns.extend(Regex::new(&part.iter().map(|value| regex::escape(value)).collect::<Vec<_>>().join("|")).ok());
            rest = others;
        }
        let mut begins = HashMap::<_, Vec<_>>::new();
        for (index, value) in values.iter().enumerate() {
            for (at, last) in value.bytes().enumerate().take(value.len() - 1).filter(|&(at, _)| value.is_char_boundary(at + 1)) {
                begins.entry(last).or_default().push((index, at + 1));
            }
        }
        for begins in begins.values_mut() {
            begins.sort_by_key(|&(_, length)| Reverse(length));
        }
        Self { values, patterns, begins }
    }

    pub(super) fn redact<'a>(&self, text: Cow<'a, str>, count: &mut usize) -> Cow<'a, str> {
        self.patterns.iter().fold(text, |text, pattern| pattern::replace(text, pattern, count, |_| Some(MARK.to_owned())))
    }

    /// Whether a value lies over a place in a text.
    fn is_over(&self, text: &str, place: usize) -> bool {
        self.patterns.iter().any(|pattern| pattern.find_iter(text).any(|found| found.start() < place && found.end() > place))
    }

    /// Where at a line's end so much of a value begins that it has to be taken out before it is known whether the rest follows.
    pub(super) fn begins(&self, begun: &[Begun], text: &str) -> Option<usize> {
        let telling = begun.iter().filter(|&&begun| self.is_telling(begun)).map(|&(_, length)| text.len() - length);
        telling.filter(|&at| !self.is_over(text, at)).min()
    }

    /// The values that a line's end may be the beginning of, the longest beginnings first.
    pub(super) fn begun(&self, text: &str) -> Vec<Begun> {
        let begins = text.bytes().next_back().and_then(|last| self.begins.get(&last)).into_iter().flatten();
        begins.filter(|&&(index, length)| text.ends_with(&self.values[index][..length])).copied().collect()
    }

    /// Whether so much of a value has to be taken out before it is known whether the rest follows.
    pub(super) fn is_telling(&self, (index, length): Begun) -> bool {
        length >= BEGINNING || self.values.get(index).is_some_and(|value| length * 2 >= value.len())
    }

    /// How many bytes of a line go on with a value that the line before it began, and what the next line may go on with. `indented`: blanks
    /// were taken off the line, and do not count in the value.
    pub(super) fn go_on(&self, begun: &[Begun], text: &str, indented: bool) -> (usize, Vec<Begun>) {
        let rest = |&(index, length): &Begun| {
            let rest = self.values.get(index).and_then(|value| value.get(length..)).unwrap_or_default();
            if indented { rest.trim_start() } else { rest }
        };
        if let Some(end) = begun.iter().map(rest).find(|rest| !rest.is_empty() && text.starts_with(rest)) {
            return (end.len(), Vec::new());
        }
        let further = begun.iter().filter(|begun| !text.is_empty() && rest(begun).starts_with(text));
        let length = |begun: &Begun| self.values.get(begun.0).map_or(0, |value| value.len() - rest(begun).len() + text.len());
        let further: Vec<_> = further.map(|begun| (begun.0, length(begun))).collect();
        let is_telling = further.iter().any(|&begun| self.is_telling(begun));
        (if is_telling { text.len() } else { 0 }, further)
    }
}

/// The ways in which a value is written: line by line, in JSON, in a URL, in base64.
fn written(secret: &str) -> Vec<String> {
    let mut ways: Vec<_> = secret.lines().map(|line| line.trim().to_owned()).collect();
    ways.push(secret.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n"));
    let percent = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    ways.push(secret.bytes().map(percent).collect());
    ways.push(base64(secret.as_bytes()));
    ways
}

/// The part of the base64 text that is the same whatever follows the value, such as a line break.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let whole = bytes.chunks_exact(3).map(|three| three.iter().fold(0_usize, |bits, &byte| bits << 8 | usize::from(byte)));
    whole.flat_map(|bits| [18, 12, 6, 0].map(|shift| char::from(DIGITS[bits >> shift & 63]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_however_it_is_written() {
        let own = Own::new(["pa\"ss wörd!".to_owned(), "first line\nsecond line".into()].into_iter());
        for text in
            ["pa\"ss wörd!", r#"pa\"ss wörd!"#, "pa%22ss%20w%C3%B6rd%21", "cGEic3Mgd8O2cmQh", "second line", r"first line\nsecond line"]
        {
            let mut count = 0;
            assert_eq!(own.redact(Cow::Borrowed(text), &mut count).replace(MARK, ""), "", "{text}");
            assert_eq!(count, 1, "{text}");
        }
    }
}
