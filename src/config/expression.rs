//! A regular expression of the operator's, compiled once, when the configuration is read.

use regex::{Regex, RegexBuilder};

/// An expression larger than this, compiled, in bytes would slow down every line.
const LARGEST: usize = 1 << 20;

/// A regular expression. Two are the same if they are written the same.
#[derive(Debug, Clone)]
pub struct Expression(Regex);

impl Expression {
    /// What is wrong with a text that is none, as a rule.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let compiled = RegexBuilder::new(text).size_limit(LARGEST).build();
        let regex = compiled.map_err(|error| match &error {
            regex::Error::CompiledTooBig(_) => format!("must be a smaller regular expression: compiled it takes more than {LARGEST} bytes"),
            // The last line says what is wrong, those above it draw where.
            error => {
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default();
                format!("must be a regular expression: {}", reason.strip_prefix("error: ").unwrap_or(reason))
            }
        })?;
        if regex.is_match("") {
            return Err("must not match the empty text, which is everywhere".to_owned());
        }
        Ok(Self(regex))
    }

    /// As compiled; a clone is cheap.
    pub fn regex(&self) -> &Regex {
        &self.0
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Expression {}
