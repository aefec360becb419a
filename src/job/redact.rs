//! Takes secrets out of log lines before anything is cut or published.
//!
//! Each line is searched once for the keywords of all rules; the rules themselves look only at lines that have one.

mod assignment;
mod below;
mod cell;
mod escape;
mod key;
mod name;
mod own;
mod seam;
mod table;
mod url;
mod value;

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use regex::Regex;

use super::{agent, plain::plain, step};
use below::Below;
use key::Keys;
pub use name::speaks_of_secrets;
use own::Own;
use seam::Seam;
use table::TABLE;

/// What stands where a secret was.
pub const MARK: &str = "[redacted]";

/// The rules that are not in the table, as [`Redactor::rules`] names them.
const OWN: &str = "job-secret";
const OPERATOR: &str = "operator-pattern";
const PRIVATE_KEY: &str = "private-key";
const WRAPPED: &str = "wrapped-secret";

/// A pattern whose classes are those of ASCII: they are far faster.
#[expect(clippy::expect_used, reason = "the patterns are constants, and a test compiles every one")]
fn compile(pattern: &str) -> Regex {
    Regex::new(&pattern.replace(r"\b", r"(?-u:\b)").replace(r"\d", "[0-9]").replace(r"\w", "[A-Za-z0-9_]"))
        .expect("a pattern that compiles")
}

/// Redacts a stream of lines; a secret may span several.
///
/// A line is answered at once, so of a secret that a program wrapped its first few letters may stay.
#[derive(Debug)]
pub struct Redactor {
    own: Own,
    /// The operator's.
    patterns: Vec<Regex>,
    counts: BTreeMap<&'static str, usize>,
    seam: Seam,
    keys: Keys,
    below: Below,
    /// The places of the latest line's secrets, kept for their memory.
    places: Vec<(Range<usize>, &'static str)>,
}

impl Redactor {
    /// `secrets`: values that must not appear, whatever they look like; see [`super::Job::secrets`].
    pub fn new(secrets: impl Iterator<Item = String>) -> Self {
        Self {
            own: Own::new(secrets),
            patterns: Vec::new(),
            counts: BTreeMap::new(),
            seam: Seam::default(),
            keys: Keys::default(),
            below: Below::default(),
            places: Vec::new(),
        }
    }

    /// Takes out what these patterns match, too.
    #[must_use]
    pub fn with(self, patterns: impl IntoIterator<Item = Regex>) -> Self {
        Self { patterns: patterns.into_iter().collect(), ..self }
    }

    /// A text of several lines, without its secrets.
    pub fn text(&mut self, text: &str) -> String {
        text.lines().map(|line| self.line(line).into_owned()).collect::<Vec<_>>().join("\n")
    }

    /// The next line as plain text (see [`plain`]: an escape sequence must not hide a secret) without its secrets.
    pub fn line<'a>(&mut self, line: &'a str) -> Cow<'a, str> {
        let text = plain(line);
        let (step, mut from) = step::prefix(&text);
        // CodeBuild's own words are never part of a secret, whatever a value is, and tell where a build failed.
        if let Some(words) = agent::words(&text) {
            self.seam = Seam::default();
            self.keys.close();
            self.below.close();
            from = text.len() - words.len() + agent::own(words);
        }
        let body = &text[from..];
        if self.keys.has(step, body) {
            return Cow::Owned(format!("{}{MARK}", &text[..from]));
        }
        let begin = self.seam.rest(step, body, &self.own);
        if begin.is_some_and(|(bytes, _)| bytes == body.len()) {
            self.note(begin.filter(|&(_, known)| !known).map(|_| WRAPPED));
            return Cow::Owned(format!("{}{MARK}", &text[..from]));
        }
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        if let Some((bytes, known)) = begin {
            places.push((0..bytes, if known { "" } else { WRAPPED }));
        }
        self.find(step, body, &mut places);
        merge(&mut places);
        let taken = places.last().map_or(0, |(place, _)| place.end);
        if let Some(at) = self.seam.end(step, body, taken, &self.own) {
            places.push((at..body.len(), WRAPPED));
        }
        for (_, rule) in &places {
            self.note(Some(*rule).filter(|rule| !rule.is_empty()));
        }
        let redacted = if places.is_empty() { None } else { Some(without(&text, from, &places)) };
        self.places = places;
        redacted.map_or(text, Cow::Owned)
    }

    /// Finds every secret that lies within a text.
    fn find(&mut self, step: Option<u32>, text: &str, places: &mut Vec<(Range<usize>, &'static str)>) {
        places.extend(self.own.find(text).map(|place| (place, OWN)));
        for pattern in &self.patterns {
            places.extend(pattern.find_iter(text).filter(|place| !place.is_empty()).map(|place| (place.range(), OPERATOR)));
        }
        let suspects = TABLE.suspects(text);
        let known = |place: &Range<usize>| place.is_empty() || text.get(place.clone()).is_none_or(|text| text.starts_with(MARK));
        let mut found = |place: Range<usize>, rule| {
            if !known(&place) {
                places.push((place, rule));
            }
        };
        TABLE.find(text, &suspects, &mut found);
        if suspects.names {
            assignment::find(text, &mut found);
            url::find(text, |place| found(place, "url-credentials"));
            cell::find(text, |place| found(place, "table-cell"));
        }
        self.below.find(step, text, suspects.names, |place| found(place, "value-below-name"));
        self.keys.find(step, text, |place| found(place, PRIVATE_KEY));
    }

    fn note(&mut self, rule: Option<&'static str>) {
        if let Some(rule) = rule {
            *self.counts.entry(rule).or_default() += 1;
        }
    }

    /// How many secrets have been taken out.
    pub fn count(&self) -> usize {
        self.counts.values().sum()
    }

    /// How many secrets have been taken out, by the rule that found them.
    pub fn rules(&self) -> &BTreeMap<&'static str, usize> {
        &self.counts
    }
}

/// Puts places in order and makes one of those that overlap; the first that was found names it.
fn merge(places: &mut Vec<(Range<usize>, &'static str)>) {
    if places.len() < 2 {
        return;
    }
    // The order of finding is the order of rank, which a stable sort keeps.
    places.sort_by_key(|(place, _)| place.start);
    places.dedup_by(|next, earlier| {
        let overlaps = next.0.start < earlier.0.end;
        if overlaps {
            earlier.0.end = earlier.0.end.max(next.0.end);
        }
        overlaps
    });
}

/// The text with a mark for each place; places count from `from`.
fn without(text: &str, from: usize, places: &[(Range<usize>, &'static str)]) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut at = 0;
    for (place, _) in places {
        redacted.push_str(text.get(at..from + place.start).unwrap_or_default());
        redacted.push_str(MARK);
        at = from + place.end;
    }
    redacted.push_str(text.get(at..).unwrap_or_default());
    redacted
}

#[cfg(test)]
mod tests;
