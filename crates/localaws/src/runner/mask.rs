//! Keeping what must not be read out of a log, as CodeBuild does: values of the Parameter Store and the Secrets Manager, and AWS access
//! key ids, are replaced by `***`.

use std::{borrow::Cow, sync::LazyLock};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::Regex;

/// What stands in a value's place.
const HIDDEN: &[u8] = b"***";

/// Of a value of several lines each line is hidden by itself, for the log is made of lines; but not one as short as a lone brace, which
/// is in many logs and tells nothing.
const SHORTEST_LINE: usize = 4;

/// The length of an access key id.
const KEY_ID: usize = 20;

static KEY_IDS: LazyLock<Regex> = LazyLock::new(key_ids);

#[expect(clippy::expect_used, reason = "the pattern is a constant, and the test compiles it")]
fn key_ids() -> Regex {
    Regex::new(r"(?-u)\b(?:AKIA|ASIA)[A-Z0-9]{16}\b").expect("a pattern that compiles")
}

/// Knows the values of one build.
#[derive(Debug)]
pub(super) struct Mask {
    values: Option<AhoCorasick>,
    longest: usize,
}

impl Mask {
    pub(super) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles = Vec::new();
        for value in values {
            match value.trim_end_matches(['\r', '\n']) {
                "" => {}
                one if !one.contains('\n') => needles.push(one),
                several => needles.extend(several.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE)),
            }
        }
        let longest = needles.iter().map(|needle| needle.len()).max().unwrap_or_default().max(KEY_ID);
        // It fails only for more than 2^31 bytes of values.
        let values = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(needles).ok();
        Self { values: values.filter(|values| values.patterns_len() > 0), longest }
    }

    /// How much of a text must be seen at once for nothing to be overlooked, in bytes.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// The text with everything hidden that is to be.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(masked) => Cow::Owned(String::from_utf8_lossy(&masked).into_owned()),
        }
    }

    pub(super) fn bytes<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut masked = Cow::Borrowed(text);
        if let Some(values) = &self.values
            && values.is_match(text)
        {
            let mut out = Vec::with_capacity(text.len());
            values.replace_all_with_bytes(text, &mut out, |_, _, out| {
                out.extend_from_slice(HIDDEN);
                true
            });
            masked = Cow::Owned(out);
        }
        match KEY_IDS.replace_all(&masked, HIDDEN) {
            Cow::Borrowed(_) => masked,
            Cow::Owned(replaced) => Cow::Owned(replaced),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mask;

    #[test]
    fn values_are_hidden_wherever_they_stand() {
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
        assert_eq!(Mask::new([]).text(&id), "***");
    }
}
