//! A regular expression of the operator's. It is compiled once, when the configuration is read.

use regex::{Regex, RegexBuilder};

/// The largest size of a compiled expression, in bytes. A larger one would be slow on every line.
const LARGEST: usize = 1 << 20;

/// A regular expression. Two are equal if their texts are.
#[derive(Debug, Clone)]
pub struct Expression(Regex);

impl Expression {
    /// Compiles an expression.
    ///
    /// # Errors
    /// The rule that the text breaks.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let compiled = RegexBuilder::new(text).size_limit(LARGEST).build();
        let regex = compiled.map_err(|error| match &error {
            regex::Error::CompiledTooBig(_) => format!("must be a smaller regular expression: compiled it takes more than {LARGEST} bytes"),
            // The last line of the error is its text; the lines above show the place.
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

    /// The compiled expression. A clone is cheap.
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
