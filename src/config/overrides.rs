//! Overrides from the environment: `SLIPWAY__LIMITS__RUNNING=20` sets `limits.running`, `SLIPWAY__QUEUES__0__URL` the first queue's `url`,
//! `SLIPWAY__PROFILES__DEFAULT__TIMEOUT_MINUTES` a profile's timeout. They cannot add a queue or a profile.

use serde_json::Value as Schema;
use toml::{Table, Value};

use super::{
    document::{Document, join},
    fault::{Fault, Origin},
    shape,
};

/// The prefix of all overrides.
const PREFIX: &str = "SLIPWAY__";

/// Applies every override to the document. One that names no key is a fault.
pub(super) fn apply(document: &mut Document, schema: &Schema, environment: impl IntoIterator<Item = (String, String)>) {
    for (variable, text) in environment {
        let Some(name) = variable.strip_prefix(PREFIX) else { continue };
        let segments: Vec<&str> = name.split("__").collect();
        let mut root = Value::Table(std::mem::take(&mut document.table));
        match set(&mut root, schema, String::new(), &segments, &text) {
            Ok((path, value)) => document.overridden(path, &value, &variable),
            Err(rule) => document.faults.push(Fault {
                key: variable.clone(),
                value: Some(Value::from(text).to_string()),
                origin: Some(Origin::Variable("environment".to_owned())),
                rule,
            }),
        }
        if let Value::Table(table) = root {
            document.table = table;
        }
    }
}

/// Sets the value that the segments name below `place`. Returns its path and the value.
fn set(place: &mut Value, schema: &Schema, path: String, segments: &[&str], text: &str) -> Result<(String, Value), String> {
    let Some((segment, rest)) = segments.split_first() else {
        let value = parse(schema, text)?;
        *place = value.clone();
        return Ok((path, value));
    };
    match place {
        Value::Table(table) => {
            let key = key(table, schema, segment)?;
            let schema = shape::of_key(schema, &key).unwrap_or(&Schema::Null);
            let path = join(&path, &key);
            set(table.entry(key).or_insert_with(|| Table::new().into()), schema, path, rest, text)
        }
        Value::Array(items) if schema["items"]["type"] == "object" => {
            let count = items.len();
            let item = segment.parse::<usize>().ok().and_then(|index| items.get_mut(index));
            let item = item.ok_or_else(|| format!("names no entry of {path}, which has {count}, counted from 0"))?;
            set(item, &schema["items"], format!("{path}[{segment}]"), rest, text)
        }
        _ => Err(format!("names a part of {path}, which has none")),
    }
}

/// The key of a table for a segment of a variable's name.
fn key(table: &Table, schema: &Schema, segment: &str) -> Result<String, String> {
    if let Some(properties) = schema["properties"].as_object() {
        let found = properties.keys().find(|key| variable_case(key) == segment);
        let names: Vec<String> = properties.keys().map(|key| variable_case(key)).collect();
        found.cloned().ok_or_else(|| shape::unknown(segment, names.iter().map(String::as_str)))
    } else {
        let found = table.keys().find(|key| variable_case(key) == segment);
        let names: Vec<&str> = table.keys().map(String::as_str).collect();
        found.cloned().ok_or_else(|| format!("names none of {}", names.join(", ")))
    }
}

/// A key in the characters of a variable's name.
fn variable_case(key: &str) -> String {
    key.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }).collect()
}

/// Reads a value: a string unchanged, a number or a list as TOML. A text that does not parse stays a string, which the shape refuses.
fn parse(schema: &Schema, text: &str) -> Result<Value, String> {
    match schema["type"].as_str() {
        Some("string") => Ok(Value::from(text)),
        Some("object") => Err("names a whole section; an override sets one key of it".to_owned()),
        Some("array") if schema["items"]["type"] == "object" => Err("names a whole list; an override sets one key of an entry".to_owned()),
        _ => Ok(text.parse().unwrap_or_else(|_| Value::from(text))),
    }
}
