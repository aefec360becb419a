//! Takes secrets out of log lines before anything is cut or published.

mod own;
mod pattern;
mod seam;

use std::{
    borrow::Cow,
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use regex::Regex;

use super::{agent, plain::plain, step};
use own::Own;
use seam::Seam;

/// What stands where a secret was.
pub const MARK: &str = "[redacted]";

/// A private key has no more lines.
const LONGEST_KEY: usize = 200;
/// A shorter line of a key is not remembered, nor are more lines than this.
const SHORTEST_KEY_LINE: usize = 16;
const MOST_KEY_LINES: usize = 1_000;

/// Redacts a stream of lines; a secret may span several.
///
/// A line is answered at once, so of a secret that goes on in the next line its first few letters may stay (five, or fewer than half of a
/// short one): where a line ends with more of what may be one, that is taken out before the next line is seen.
#[derive(Debug)]
pub struct Redactor {
    own: Own,
    /// The operator's.
    patterns: Vec<Regex>,
    count: usize,
    seam: Seam,
    key: Option<Key>,
    /// Lines of private keys: docker repeats a failed step's last lines, and the key's beginning need not be among them.
    of_keys: HashSet<u64>,
}

/// A private key that began and has not ended.
#[derive(Debug)]
struct Key {
    /// The BuildKit step that prints it.
    step: Option<u32>,
    /// Lines that may still belong to it.
    lines: usize,
}

impl Redactor {
    /// `secrets`: values that must not appear, whatever they look like; see [`super::Job::secrets`].
    pub fn new(secrets: impl Iterator<Item = String>) -> Self {
        Self { own: Own::new(secrets), patterns: Vec::new(), count: 0, seam: Seam::default(), key: None, of_keys: HashSet::new() }
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
        // CodeBuild's own lines are never part of a secret, and tell where a build failed.
        if agent::words(&text).is_some() {
            (self.seam, self.key) = (Seam::default(), None);
        }
        let (step, from) = step::prefix(&text);
        let body = &text[from..];
        if self.is_of_key(step, body) {
            return Cow::Owned(format!("{}{MARK}", &text[..from]));
        }
        let rest = self.seam.rest(step, body, &self.own);
        self.count += usize::from(rest.is_new);
        let begin = rest.bytes;
        let (end, seam) = Seam::end(step, body, rest, &self.own);
        self.seam = seam;
        if begin == 0 && end == body.len() {
            // The usual case: nothing to put together.
            let is_long = text.ends_with(|c: char| c.is_ascii_graphic());
            let redacted = self.within(step, text);
            if is_long && redacted.ends_with(MARK) {
                self.seam.may_be_wrapped(line);
            }
            return redacted;
        }
        self.count += usize::from(end < body.len());
        let mark = |is_there: bool| if is_there { MARK } else { "" };
        let (head, tail) = (mark(begin > 0), mark(end < body.len()));
        let middle = body.get(begin..end).unwrap_or_default().to_owned();
        let middle = self.within(step, Cow::Owned(middle));
        Cow::Owned(format!("{}{head}{middle}{tail}", &text[..from]))
    }

    /// A text without the secrets that lie within it.
    fn within<'a>(&mut self, step: Option<u32>, text: Cow<'a, str>) -> Cow<'a, str> {
        let text = self.own.redact(text, &mut self.count);
        let count = &mut self.count;
        let text = self.patterns.iter().fold(text, |text, own| pattern::replace(text, own, count, |_| Some(MARK.to_owned())));
        let (text, found) = pattern::redact(text);
        self.count += found;
        match pattern::key_begins(&text) {
            Some(at) => {
                self.count += 1;
                self.key = Some(Key { step, lines: LONGEST_KEY });
                Cow::Owned(format!("{}{MARK}", &text[..at]))
            }
            None => text,
        }
    }

    /// Whether a line is part of the private key that began before it, or was part of one before.
    fn is_of_key(&mut self, step: Option<u32>, text: &str) -> bool {
        let word = text.split_whitespace().next_back().filter(|word| word.len() >= SHORTEST_KEY_LINE).map(hash);
        let Some(key) = self.key.as_mut().filter(|key| key.step == step) else {
            return !self.of_keys.is_empty() && word.is_some_and(|word| self.of_keys.contains(&word));
        };
        let ends = pattern::ends_key(text);
        let belongs = ends || (key.lines > 0 && pattern::is_of_key(text));
        key.lines = key.lines.saturating_sub(1);
        if ends || !belongs {
            self.key = None;
        }
        if belongs && self.of_keys.len() < MOST_KEY_LINES {
            self.of_keys.extend(word);
        }
        belongs
    }

    /// How many secrets have been taken out.
    pub fn count(&self) -> usize {
        self.count
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
