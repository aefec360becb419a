//! Reads fields of a JSON value. It notes every broken rule and goes on.

use std::{
    cell::{Cell, RefCell},
    ops::RangeInclusive,
};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::job::{problem::Problem, rule::Rule};

/// How many problems are listed; further ones are only counted. A message may be 1 MiB of noise, and its event must stay small.
const MAX_PROBLEMS: usize = 50;
/// The longest path, in characters.
const MAX_PATH: usize = 200;
/// The longest text of a problem, in characters.
const MAX_TEXT: usize = 300;

/// The problems that were found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    listed: RefCell<Vec<Problem>>,
    more: Cell<usize>,
}

impl Problems {
    pub(super) fn add(&self, path: impl FnOnce() -> String, problem: impl Into<String>) {
        let mut listed = self.listed.borrow_mut();
        if listed.len() < MAX_PROBLEMS {
            listed.push(Problem { path: cut(&path(), MAX_PATH), problem: cut(&problem.into(), MAX_TEXT) });
        } else {
            self.more.set(self.more.get() + 1);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listed.borrow().is_empty()
    }

    pub(super) fn into_list(self) -> Vec<Problem> {
        let mut list = self.listed.into_inner();
        match self.more.get() {
            0 => {}
            1 => list.push(Problem { path: String::new(), problem: "and 1 more problem".into() }),
            more => list.push(Problem { path: String::new(), problem: format!("and {more} more problems") }),
        }
        list
    }
}

/// The JSON pointer of a member.
pub(super) fn pointer(parent: &str, key: &str) -> String {
    format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn cut(text: &str, max: usize) -> String {
    let mut cut: String = text.chars().take(max).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    if text.chars().nth(max).is_some() {
        cut.push('…');
    }
    cut
}

/// A value and its path. Every method that returns `None` has noted a problem.
#[derive(Debug)]
pub(super) struct Field<'a> {
    value: &'a Value,
    path: String,
    problems: &'a Problems,
}

impl<'a> Field<'a> {
    pub(super) fn root(value: &'a Value, problems: &'a Problems) -> Self {
        Self { value, path: String::new(), problems }
    }

    pub(super) fn problem(&self, problem: impl Into<String>) {
        self.problems.add(|| self.path.clone(), problem);
    }

    /// A text of at most `max` characters that obeys a rule.
    pub(super) fn text(&self, max: usize, rule: Rule) -> Option<&'a str> {
        let Value::String(text) = self.value else { return self.wrong("a string") };
        if text.chars().nth(max).is_some() {
            self.problem(format!("must be at most {max} characters"));
            return None;
        }
        rule(text).map_err(|rule| self.problem(rule)).ok()?;
        Some(text)
    }

    /// A text that a type can parse.
    pub(super) fn parsed<T, E: Into<String>>(&self, parse: fn(&str) -> Result<T, E>) -> Option<T> {
        let Value::String(text) = self.value else { return self.wrong("a string") };
        parse(text).map_err(|rule| self.problem(rule)).ok()
    }

    /// One of a few words, as serde reads them. `words`: the words, for the problem.
    pub(super) fn choice<T: DeserializeOwned>(&self, words: &str) -> Option<T> {
        let choice = if self.value.is_string() { T::deserialize(self.value).ok() } else { None };
        if choice.is_none() {
            self.problem(format!("must be {words}"));
        }
        choice
    }

    pub(super) fn number(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let number = self.value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| range.contains(number));
        if number.is_none() {
            self.problem(match (range.start(), range.end()) {
                (start, end) if start == end => format!("must be {start}"),
                (start, end) => format!("must be a whole number from {start} to {end}"),
            });
        }
        number
    }

    pub(super) fn flag(&self) -> Option<bool> {
        self.value.as_bool().or_else(|| self.wrong("true or false"))
    }

    pub(super) fn list(&self, length: RangeInclusive<usize>) -> Option<Vec<Field<'a>>> {
        let Value::Array(list) = self.value else { return self.wrong("a list") };
        if !length.contains(&list.len()) {
            self.problem(format!("must have {} to {} items, has {}", length.start(), length.end(), list.len()));
        }
        let field = |(index, value)| Field { value, path: format!("{}/{index}", self.path), problems: self.problems };
        Some(list.iter().take(*length.end()).enumerate().map(field).collect())
    }

    /// A map with any keys.
    pub(super) fn entries(&self, max: usize) -> Option<Vec<(&'a str, Field<'a>)>> {
        let Value::Object(map) = self.value else { return self.wrong("an object") };
        if map.len() > max {
            self.problem(format!("must have at most {max} entries, has {}", map.len()));
        }
        let field = |(key, value): (&'a String, &'a Value)| {
            (key.as_str(), Field { value, path: pointer(&self.path, key), problems: self.problems })
        };
        Some(map.iter().take(max).map(field).collect())
    }

    /// An object that has no other fields than `known`.
    pub(super) fn object(&self, known: &[&str]) -> Option<Object<'a>> {
        let Value::Object(map) = self.value else { return self.wrong("an object") };
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            self.problems.add(|| pointer(&self.path, key), "is not a known field");
        }
        Some(Object { map, path: self.path.clone(), problems: self.problems })
    }

    fn wrong<T>(&self, expected: &str) -> Option<T> {
        let actual = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.problem(format!("must be {expected}, is {actual}"));
        None
    }
}

/// An object and its path.
#[derive(Debug)]
pub(super) struct Object<'a> {
    map: &'a Map<String, Value>,
    path: String,
    problems: &'a Problems,
}

impl<'a> Object<'a> {
    pub(super) fn optional(&self, key: &str) -> Option<Field<'a>> {
        let value = self.map.get(key)?;
        Some(Field { value, path: pointer(&self.path, key), problems: self.problems })
    }

    pub(super) fn required(&self, key: &str) -> Option<Field<'a>> {
        let field = self.optional(key);
        if field.is_none() {
            self.problems.add(|| pointer(&self.path, key), "is required");
        }
        field
    }

    /// A field that may be left out. `None`: the field is there, and it is wrong.
    pub(super) fn or<T>(&self, key: &str, default: T, read: impl FnOnce(Field<'a>) -> Option<T>) -> Option<T> {
        self.optional(key).map_or(Some(default), read)
    }
}
