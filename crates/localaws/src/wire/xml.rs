//! The XML of the query protocol.

use std::fmt::Write;

use serde_json::Value;

/// Outputs that are maps and not structures. Their entries are written as `<entry><key/><value/></entry>`.
const MAPS: [&str; 1] = ["Attributes"];

/// A JSON value as `<name>...</name>`. Structures have a child for each field, lists a `<member>` for each value.
pub(super) fn element(name: &str, value: &Value) -> String {
    let content = match value {
        Value::Object(entries) if MAPS.contains(&name) => {
            let entry = |(key, value): (&String, &Value)| format!("<entry>{}{}</entry>", text("key", key), element("value", value));
            entries.iter().map(entry).collect()
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| element(name, value)).collect(),
        Value::Array(members) => members.iter().map(|member| element("member", member)).collect(),
        Value::String(content) => escape(content),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    format!("<{name}>{content}</{name}>")
}

/// `<name>text</name>`.
pub(super) fn text(name: &str, content: &str) -> String {
    format!("<{name}>{}</{name}>", escape(content))
}

/// XML cannot have most control characters, U+FFFE and U+FFFF: they become U+FFFD. A carriage return needs a reference, or parsers turn it
/// into a line feed.
fn escape(content: &str) -> String {
    content.chars().fold(String::with_capacity(content.len()), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            '\u{7F}'..='\u{9F}' => {
                // These are legal, but parsers of XML 1.1 read them differently if they are not references. Writing to a string cannot
                // fail.
                write!(escaped, "&#x{:X};", u32::from(character)).ok();
            }
            '\t' | '\n' | '\u{20}'..='\u{FFFD}' | '\u{10000}'.. => escaped.push(character),
            _ => escaped.push('\u{FFFD}'),
        }
        escaped
    })
}
