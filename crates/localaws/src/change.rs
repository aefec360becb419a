//! A change of the store.

use serde::Serialize;

/// A statement and its values.
#[derive(Debug)]
#[cfg_attr(not(feature = "data"), expect(dead_code, reason = "without a store no change is made"))]
pub(crate) struct Change {
    pub(crate) sql: &'static str,
    pub(crate) values: Vec<Cell>,
}

impl Change {
    pub(crate) fn new<const N: usize>(sql: &'static str, values: [Cell; N]) -> Self {
        Self { sql, values: values.into() }
    }
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Text(String),
}

impl Cell {
    /// A value with parts, as JSON. All maps here have string keys, so serialisation cannot fail.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        Self::Text(serde_json::to_string(value).unwrap_or_default())
    }
}

impl From<u64> for Cell {
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Integer(value.into())
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The changes cannot be written. The next commit tries again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the data cannot be kept: {0}")]
pub(crate) struct NotKept(pub(crate) String);
