//! Takes secrets out of log lines before anything is cut or published.

use std::borrow::Cow;

/// Redacts a stream of lines; private keys span several.
#[derive(Debug)]
pub struct Redactor {
    secrets: Vec<String>,
    count: usize,
}

impl Redactor {
    /// `secrets`: values that must not appear, whatever they look like; see [`super::Job::secrets`].
    pub fn new(secrets: impl Iterator<Item = String>) -> Self {
        Self { secrets: secrets.collect(), count: 0 }
    }

    /// The next line as plain text without its secrets.
    pub fn line<'a>(&mut self, line: &'a str) -> Cow<'a, str> {
        todo!("{line} {:?}", self.secrets)
    }

    /// How many secrets have been taken out.
    pub fn count(&self) -> usize {
        self.count
    }
}
