//! Checks an input against AWS's service model, and removes members that the model does not have.

use serde_json::{Map, Value};

use crate::{api::ApiError, codebuild::error::invalid};

/// The shape of a member's value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Any string.
    Text,
    /// A string of at least one character.
    NonEmpty,
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds, both included.
    Whole(i64, i64),
    /// One of these names.
    OneOf(&'static [&'static str]),
    /// A structure.
    Record(&'static [Member]),
    /// A list of at most this many values.
    List(&'static Shape, usize),
}

/// A member of a structure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
}

/// A member that may be left out.
pub(super) const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: false }
}

/// A member that must be there.
pub(super) const fn required(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: true }
}

/// The input of an operation: the members of the model, each checked. `null` is as if the member were left out.
pub(super) fn accept(members: &[Member], input: Value) -> Result<Map<String, Value>, ApiError> {
    match input {
        Value::Object(map) => record(members, "", map),
        Value::Null => record(members, "", Map::new()),
        _ => Err(misfit("the input", "a structure")),
    }
}

fn record(members: &[Member], path: &str, mut map: Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    let mut kept = Map::new();
    for member in members {
        let path = if path.is_empty() { member.name.to_owned() } else { format!("{path}.{}", member.name) };
        match map.remove(member.name) {
            None | Some(Value::Null) if member.required => return Err(broken("null", &path, "Member must not be null")),
            None | Some(Value::Null) => {}
            Some(value) => {
                kept.insert(member.name.to_owned(), member.shape.admit(&path, value)?);
            }
        }
    }
    Ok(kept)
}

impl Shape {
    fn admit(&self, path: &str, value: Value) -> Result<Value, ApiError> {
        match (self, value) {
            (Self::NonEmpty, Value::String(text)) if text.is_empty() => {
                Err(broken("''", path, "Member must have length greater than or equal to 1"))
            }
            (Self::OneOf(names), Value::String(text)) if !names.contains(&text.as_str()) => {
                let rule = format!("Member must satisfy enum value set: [{}]", names.join(", "));
                Err(broken(&format!("'{text}'"), path, &rule))
            }
            (Self::Text | Self::NonEmpty | Self::OneOf(_), value @ Value::String(_)) | (Self::Flag, value @ Value::Bool(_)) => Ok(value),
            (Self::Whole(least, most), Value::Number(number)) => {
                let whole = number.as_i64().ok_or_else(|| misfit(path, "a whole number"))?;
                if whole < *least {
                    let rule = format!("Member must have value greater than or equal to {least}");
                    return Err(broken(&format!("'{whole}'"), path, &rule));
                }
                if whole > *most {
                    let rule = format!("Member must have value less than or equal to {most}");
                    return Err(broken(&format!("'{whole}'"), path, &rule));
                }
                Ok(whole.into())
            }
            (Self::Record(members), Value::Object(map)) => record(members, path, map).map(Value::Object),
            (Self::List(_, most), Value::Array(items)) if items.len() > *most => {
                Err(broken("'[...]'", path, &format!("Member must have length less than or equal to {most}")))
            }
            (Self::List(shape, _), Value::Array(items)) => {
                let items = items.into_iter().enumerate();
                items.map(|(at, item)| shape.admit(&format!("{path}.{}.member", at + 1), item)).collect::<Result<_, _>>().map(Value::Array)
            }
            (shape, _) => Err(misfit(path, shape.kind())),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Text | Self::NonEmpty | Self::OneOf(_) => "a string",
            Self::Flag => "a boolean",
            Self::Whole(..) => "a whole number",
            Self::Record(_) => "a structure",
            Self::List(..) => "a list",
        }
    }
}

/// The text by which AWS's services report a constraint of the model that is not met.
fn broken(value: &str, path: &str, rule: &str) -> ApiError {
    invalid(format!("1 validation error detected: Value {value} at '{path}' failed to satisfy constraint: {rule}"))
}

fn misfit(path: &str, kind: &str) -> ApiError {
    ApiError::new("SerializationException", format!("{path} must be {kind}"))
}
