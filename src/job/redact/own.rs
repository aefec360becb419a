//! Values that must not appear, whatever they look like.

use std::{cmp::Reverse, collections::HashMap, fmt::Write, ops::Range};

use aho_corasick::{AhoCorasick, MatchKind};

use super::escape::Unescaped;

/// A shorter value is more likely an ordinary word than a secret.
const SHORTEST: usize = 6;
/// So much of a value is taken out at the end of a line that was wrapped, before it is known whether the next one goes on with the rest.
const BEGINNING: usize = 6;

/// The values, and the other ways in which programs write them.
#[derive(Debug, Default)]
pub(super) struct Own {
    values: Vec<String>,
    finder: Option<AhoCorasick>,
    /// The beginnings of the values by their last byte.
    begins: HashMap<u8, Vec<Begun>>,
}

/// The beginning of a value at the end of a line: which one, and how many bytes of it.
pub(super) type Begun = (usize, usize);

impl Own {
    pub(super) fn new(secrets: impl Iterator<Item = String>) -> Self {
        let mut values: Vec<_> = secrets.flat_map(|secret| written(&secret)).filter(|value| value.chars().count() >= SHORTEST).collect();
        values.sort();
        values.dedup();
        // Longest first: one may be a part of another.
        let build = || AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&values).ok();
        let finder = if values.is_empty() { None } else { build() };
        let mut begins = HashMap::<_, Vec<_>>::new();
        for (index, value) in values.iter().enumerate() {
            for (at, last) in value.bytes().enumerate().take(value.len() - 1).filter(|&(at, _)| value.is_char_boundary(at + 1)) {
                begins.entry(last).or_default().push((index, at + 1));
            }
        }
        for begins in begins.values_mut() {
            begins.sort_by_key(|&(_, length)| Reverse(length));
        }
        Self { values, finder, begins }
    }

    /// Where values lie.
    pub(super) fn find(&self, text: &str) -> impl Iterator<Item = Range<usize>> {
        let as_it_is = self.finder.iter().flat_map(move |finder| finder.find_iter(text).map(|found| found.range()));
        let unescaped = self.finder.as_ref().zip(Unescaped::new(text));
        let hidden = unescaped.into_iter().flat_map(move |(finder, unescaped)| {
            unescaped.places(finder).into_iter().filter(move |place| !finder.is_match(&text[place.clone()]))
        });
        as_it_is.chain(hidden)
    }

    /// Where at a line's end so much of a value begins that it has to be taken out before it is known whether the rest follows.
    pub(super) fn begins(&self, begun: &[Begun], text: &str) -> Option<usize> {
        begun.iter().filter(|&&begun| self.is_telling(begun)).map(|&(_, length)| text.len() - length).min()
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

/// The ways in which a value is written: line by line, in JSON, in a URL, in a shell's quotes, in XML, in hexadecimal digits, in base64
/// (whatever stands before and after it). What escapes character by character is undone in the text instead: see [`Unescaped`].
fn written(secret: &str) -> Vec<String> {
    let mut ways: Vec<_> = secret.lines().map(|line| line.trim().to_owned()).collect();
    let json = secret.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n").replace('\t', r"\t");
    ways.push(json.replace('/', r"\/"));
    ways.push(json.replace('&', r"\u0026").replace('<', r"\u003c").replace('>', r"\u003e"));
    ways.push(json.replace('\\', r"\\").replace('"', r#"\""#));
    ways.push(json);
    ways.push(secret.replace('\'', r"'\''"));
    ways.push(secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"));
    for upper in [true, false] {
        let percent = percent(secret, upper);
        ways.push(percent.replace("%20", "+"));
        ways.push(percent);
    }
    let hex = secret.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    ways.push(hex.to_uppercase());
    ways.push(hex);
    for offset in 0..3 {
        let digits = base64(secret.as_bytes(), offset);
        ways.push(digits.replace('+', "-").replace('/', "_"));
        ways.push(digits);
    }
    ways
}

/// As in a URL, with capital or small hexadecimal digits.
fn percent(text: &str, upper: bool) -> String {
    text.bytes().fold(String::new(), |mut text, byte| {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        let written = match (is_plain, upper) {
            (true, _) => write!(text, "{}", char::from(byte)),
            (false, true) => write!(text, "%{byte:02X}"),
            (false, false) => write!(text, "%{byte:02x}"),
        };
        debug_assert!(written.is_ok(), "a text takes whatever is written");
        text
    })
}

/// The part of the base64 text that is the same whatever stands before the value, so many bytes of it in the value's first group, and after
/// it, such as a line break.
fn base64(bytes: &[u8], offset: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let shifted: Vec<_> = std::iter::repeat_n(0, offset).chain(bytes.iter().copied()).collect();
    // A digit is of six bits: those that share one with a byte before the value or after it are not known.
    let (from, to) = ((offset * 8).div_ceil(6), shifted.len() * 8 / 6);
    let bit = |at: usize| shifted.get(at / 8).map_or(0, |byte| usize::from(byte >> (7 - at % 8) & 1));
    let digit = |at: usize| (at * 6..at * 6 + 6).fold(0, |bits, at| bits << 1 | bit(at));
    (from..to).map(|at| char::from(DIGITS[digit(at)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_however_it_is_written() {
        let own = Own::new(["pa\"ss wörd!".to_owned(), "first line\nsecond line".into(), "a/b+c&d'e<f".into()].into_iter());
        for text in [
            "pa\"ss wörd!",
            r#"pa\"ss wörd!"#,
            r#"pa\\\"ss wörd!"#,
            "pa%22ss%20w%C3%B6rd%21",
            "pa%22ss+w%c3%b6rd%21",
            "cGEic3Mgd8O2cmQh",
            "second line",
            r"first line\nsecond line",
            r"a\/b+c&d'e<f",
            "a%2fb%2bc%26d%27e%3cf",
            r"a/b+c\u0026d'e\u003cf",
            "a/b+c&amp;d'e&lt;f",
            r"a/b+c&d'\''e<f",
            r"pa\x22ss\ w\u00f6rd\!",
            "pa&#34;ss&#x20;w&#246;rd&#33;",
            "pa&quot;ss&#32;wörd!",
            r"a/b+c\&d\'e\<f",
            "a/b+c&amp;d&#39;e&#x3C;f",
            r"a\057b+c\046d\047e\074f",
            "70612273732077c3b6726421",
            "612F622B632664276 53C66".replace(' ', "").as_str(),
        ] {
            let mut found = own.find(text);
            assert_eq!((found.next(), found.next()), (Some(0..text.len()), None), "{text}");
        }
        // `user:` and `users:` before it, in base64.
        for text in ["dXNlcjphL2IrYyZkJ2U8Zg==", "dXNlcnM6YS9iK2MmZCdlPGY=", "dToYS9iK2MmZCdlPGYK", "dTphL2IrYyZkJ2U8Zgo="] {
            assert!(own.find(text).any(|found| found.len() >= 12), "{text}");
        }
    }
}
