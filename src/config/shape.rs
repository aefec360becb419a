//! Checks that a document has the shape of the schema: only known keys, each with its type. A value that does not fit is noted as a fault
//! and removed, so that the rest can still be checked by the rules.

use serde_json::Value as Schema;
use toml::{Table, Value};

use super::document::{Document, join};

/// Notes every unknown key and every wrong type. Afterwards the document deserialises.
pub(super) fn check(document: &mut Document, schema: &Schema) {
    let mut table = std::mem::take(&mut document.table);
    check_table(document, &mut table, schema, "");
    document.table = table;
}

/// The schema of a table's key; `None` for a key that the table does not have.
pub(super) fn of_key<'a>(schema: &'a Schema, key: &str) -> Option<&'a Schema> {
    schema["properties"].get(key).or_else(|| schema.get("additionalProperties").filter(|any| any.is_object()))
}

/// Says that there is no such key, and which one may have been meant.
pub(super) fn unknown<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> String {
    match closest(key, known) {
        Some(name) => format!("there is no such key; did you mean {name}?"),
        None => "there is no such key".to_owned(),
    }
}

/// The name that may have been meant by another.
pub(super) fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Closer than a swapped pair of letters or a forgotten one, so that no far-fetched name is offered.
    const CLOSE: f64 = 0.75;
    let closest = known.map(|other| (strsim::jaro_winkler(name, other), other)).max_by(|one, other| one.0.total_cmp(&other.0));
    closest.filter(|(likeness, _)| *likeness >= CLOSE).map(|(_, other)| other)
}

fn check_table(document: &mut Document, table: &mut Table, schema: &Schema, path: &str) {
    table.retain(|key, value| {
        let here = join(path, key);
        if let Some(schema) = of_key(schema, key) {
            check_value(document, value, schema, &here)
        } else {
            let known = schema["properties"].as_object().into_iter().flat_map(|keys| keys.keys().map(String::as_str));
            document.fault(&here, unknown(key, known));
            false
        }
    });
}

/// Whether the value is of the schema's type.
fn check_value(document: &mut Document, value: &mut Value, schema: &Schema, path: &str) -> bool {
    let rule = match (schema["type"].as_str().unwrap_or_default(), value) {
        ("object", Value::Table(table)) => {
            check_table(document, table, schema, path);
            return true;
        }
        ("array", Value::Array(items)) => {
            for (index, item) in items.iter_mut().enumerate() {
                // A faulty item leaves a blank, so that the others keep their places.
                if !check_value(document, item, &schema["items"], &format!("{path}[{index}]")) {
                    *item = if schema["items"]["type"] == "object" { Table::new().into() } else { Value::from("") };
                }
            }
            return true;
        }
        ("string", Value::String(_)) | ("integer", Value::Integer(_)) | ("boolean", Value::Boolean(_)) => return true,
        ("object", _) => "must be a table".to_owned(),
        ("array", _) => "must be a list".to_owned(),
        ("integer", _) => "must be a whole number".to_owned(),
        ("boolean", _) => "must be true or false".to_owned(),
        _ => schema["default"].as_str().map_or("must be a string".to_owned(), |one| format!("must be a string, like \"{one}\"")),
    };
    document.fault(path, rule);
    false
}
