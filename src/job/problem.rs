//! What is wrong with a message, in words for its sender.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plain::escaped;

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The place in the message, as a JSON pointer (RFC 6901) such as `/images/0/dockerfile`; empty for the whole message.
    pub path: String,
    /// The rule that is broken.
    pub problem: String,
}

impl Problem {
    /// With invisible characters written as codes: a name in a message may have any.
    #[must_use]
    pub fn escaped(&self) -> Self {
        Self { path: escaped(&self.path).into_owned(), problem: escaped(&self.problem).into_owned() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&escaped(&self.problem)),
            path => write!(f, "{}: {}", escaped(path), escaped(&self.problem)),
        }
    }
}
