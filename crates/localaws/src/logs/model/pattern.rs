//! Filter patterns for text: terms, phrases, and regular expressions.

use regex::Regex;

use crate::{api::ApiError, logs::error::invalid};

/// CloudWatch Logs: the longest filter pattern, in characters.
const LENGTH_MAX: usize = 1024;

/// The terms that a message must contain, and those that it must not.
#[derive(Debug, Default)]
pub(crate) struct Pattern {
    all: Vec<Term>,
    /// `?term`: one of these is enough. AWS ignores them if there are other terms.
    any: Vec<Term>,
    none: Vec<Term>,
}

#[derive(Debug)]
enum Term {
    /// Whole words next to each other, with this case.
    Text(String),
    Regex(Regex),
}

impl Pattern {
    /// Reads a pattern. Patterns for JSON (`{ $.json }`) and for columns (`[space, delimited]`) are refused.
    pub(crate) fn read(text: &str) -> Result<Self, ApiError> {
        let mut pattern = Self::default();
        if text.chars().nth(LENGTH_MAX).is_some() {
            return Err(invalid(format!("Invalid filter pattern: it has more than {LENGTH_MAX} characters")));
        }
        let mut rest = text.trim();
        if rest.starts_with(['{', '[']) {
            return Err(invalid("Invalid filter pattern: only patterns for unstructured text are taken here"));
        }
        while !rest.is_empty() {
            let (terms, marked) = match rest.chars().next() {
                Some('?') => (&mut pattern.any, &rest[1..]),
                Some('-') => (&mut pattern.none, &rest[1..]),
                _ => (&mut pattern.all, rest),
            };
            let (term, after) = term(marked)?;
            terms.push(term);
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    pub(crate) fn matches(&self, message: &str) -> bool {
        let has = |term: &Term| term.is_in(message);
        let optional = self.all.is_empty() && self.none.is_empty() && !self.any.is_empty();
        self.all.iter().all(has) && !self.none.iter().any(has) && (!optional || self.any.iter().any(has))
    }
}

/// The first term of the text, and the rest.
fn term(text: &str) -> Result<(Term, &str), ApiError> {
    for mark in ['"', '%'] {
        let Some(inner) = text.strip_prefix(mark) else { continue };
        let (inner, after) = inner.split_once(mark).ok_or_else(|| invalid("Invalid filter pattern: a quote is not closed"))?;
        let term = match mark {
            '%' => Term::Regex(Regex::new(inner).map_err(|error| invalid(format!("Invalid filter pattern: {error}")))?),
            _ => Term::Text(inner.to_owned()),
        };
        return Ok((term, after));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    if word.is_empty() {
        return Err(invalid("Invalid filter pattern: a term is empty"));
    }
    Ok((Term::Text(word.to_owned()), after))
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Regex(regex) => regex.is_match(message),
            Self::Text(words) => message.match_indices(words.as_str()).any(|(start, found)| {
                let (before, after) = (message.get(..start), message.get(start + found.len()..));
                let joins_before = joined(before.and_then(|text| text.chars().next_back()), found.chars().next());
                let joins_after = joined(found.chars().next_back(), after.and_then(|text| text.chars().next()));
                !joins_before && !joins_after
            }),
        }
    }
}

/// Whether two neighbouring characters belong to the same word.
fn joined(left: Option<char>, right: Option<char>) -> bool {
    left.zip(right).is_some_and(|(left, right)| left.is_alphanumeric() && right.is_alphanumeric())
}
