//! Masks secrets in a log, as CodeBuild does: values of the Parameter Store and Secrets Manager, and AWS access key ids, become `***`.

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::Regex;

/// The text that replaces a value.
const HIDDEN: &[u8] = b"***";

/// Shorter values are parts of many words, so they are masked only as whole words. A value of several lines is masked line by line, because
/// the log consists of lines. Its shorter lines, such as a single brace, are not masked.
const SHORT: usize = 4;

/// The length of an access key id, in characters.
const KEY_ID: usize = 20;

static KEY_IDS: LazyLock<Regex> = LazyLock::new(key_ids);

/// Escape sequences such as colours, which readers of the log remove.
static ESCAPES: LazyLock<Regex> = LazyLock::new(escapes);

#[expect(clippy::expect_used, reason = "the pattern is a constant, and the test compiles it")]
fn escapes() -> Regex {
    Regex::new(r"(?-u)\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])").expect("a pattern that compiles")
}

#[expect(clippy::expect_used, reason = "the pattern is a constant, and the test compiles it")]
fn key_ids() -> Regex {
    Regex::new(r"(?-u)\b(?:AKIA|ASIA)[A-Z0-9]{16}\b").expect("a pattern that compiles")
}

/// The secrets of one build.
#[derive(Debug)]
pub(super) struct Mask {
    values: Option<AhoCorasick>,
    short: Option<AhoCorasick>,
    longest: usize,
}

impl Mask {
    pub(super) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles = Vec::new();
        for value in values {
            match value.trim_end_matches(['\r', '\n']) {
                "" => {}
                one if !one.contains('\n') => needles.push(one),
                several => needles.extend(several.lines().map(str::trim).filter(|line| line.len() >= SHORT)),
            }
        }
        let longest = needles.iter().map(|needle| needle.len()).max().unwrap_or_default().max(KEY_ID);
        let (short, long): (Vec<_>, Vec<_>) = needles.into_iter().partition(|needle| needle.len() < SHORT);
        // Fails only for more than 2^31 bytes of values.
        let build = |needles: Vec<&str>| AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(needles).ok();
        let of = |needles: Vec<&str>| build(needles).filter(|values| values.patterns_len() > 0);
        Self { values: of(long), short: of(short), longest }
    }

    /// The length of the longest text that is masked, in bytes. A text must be masked in pieces that overlap by this.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// The text with all secrets masked.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(masked) => Cow::Owned(String::from_utf8_lossy(&masked).into_owned()),
        }
    }

    pub(super) fn bytes<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let masked = self.as_it_stands(text);
        // A value with a colour in its middle is readable once the colour is removed.
        if let Cow::Owned(bare) = ESCAPES.replace_all(&masked, b"")
            && let Cow::Owned(masked) = self.as_it_stands(&bare)
        {
            return Cow::Owned(masked);
        }
        masked
    }

    fn as_it_stands<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut masked = Cow::Borrowed(text);
        for (values, alone) in [(&self.values, false), (&self.short, true)] {
            if let Some(values) = values
                && values.is_match(&*masked)
            {
                let mut out = Vec::with_capacity(masked.len());
                values.replace_all_with_bytes(&masked, &mut out, |found, value, out| {
                    let hides = !alone || stands_alone(&masked, found.range());
                    out.extend_from_slice(if hides { HIDDEN } else { value });
                    true
                });
                masked = Cow::Owned(out);
            }
        }
        match KEY_IDS.replace_all(&masked, HIDDEN) {
            Cow::Borrowed(_) => masked,
            Cow::Owned(replaced) => Cow::Owned(replaced),
        }
    }
}

/// Whether the characters next to a value do not continue it as a word.
fn stands_alone(text: &[u8], at: Range<usize>) -> bool {
    let is_word = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
    let goes_on = |inside: Option<usize>, outside: Option<usize>| is_word(inside) && is_word(outside);
    !goes_on(Some(at.start), at.start.checked_sub(1)) && !goes_on(at.end.checked_sub(1), Some(at.end))
}

#[cfg(test)]
mod tests {
    use super::Mask;

    #[test]
    fn values_are_masked_anywhere_in_a_text() {
        let id = format!("AKIA{}", "Z7Q4".repeat(4));
        let mask = Mask::new(["s3cret", "s3cret-longer", "", "\n", "first line\n}\nsecond line\r\n", "ends\n", "ö€"]);
        for (text, expected) in [
            ("nothing here", "nothing here"),
            ("s3cret", "***"),
            ("a=s3cret;b=s3crets3cret", "a=***;b=******"),
            ("s3cret-longer", "***"),
            ("  first line, } second lin", "  ***, } second lin"),
            ("ends\n", "***\n"),
            ("ä ö€ \u{fffd}", "ä *** \u{fffd}"),
            (&format!("key {id}."), "key ***."),
            (&format!("X{id}"), &format!("X{id}")),
        ] {
            assert_eq!(mask.text(text), expected, "{text}");
        }
        for (text, expected) in
            [("\u{1b}[1ms3c\u{1b}[0mret\u{1b}]8;;x\u{7}!", "***!"), ("\u{1b}[1mred\u{1b}[0m s3cret", "\u{1b}[1mred\u{1b}[0m ***")]
        {
            assert_eq!(mask.text(text), expected, "{text}");
        }
        assert_eq!(Mask::new([]).text(&id), "***");
    }

    #[test]
    fn a_short_value_is_masked_as_a_whole_word_and_does_not_uncover_a_longer_one() {
        let mask = Mask::new(["a", "12", "%", "2-long-value", "ü"]);
        for (text, expected) in [
            ("PIN=12, a=a", "PIN=***, ***=***"),
            ("make all of 312 or 120 parts", "make all of 312 or 120 parts"),
            ("x12_12", "x12_***"),
            ("12-long-value", "1***"),
            ("5%", "5***"),
            ("für ü", "für ***"),
        ] {
            assert_eq!(mask.text(text), expected, "{text}");
        }
    }
}
