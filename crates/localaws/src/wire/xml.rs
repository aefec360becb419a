//! XML as the query protocol writes it.

use std::fmt::Write;

use serde_json::Value;

/// The outputs of our operations that are maps, not structures: their entries are written as `<entry><key/><value/></entry>`.
const MAPS: [&str; 1] = ["Attributes"];

/// `<name>...</name>` for a JSON value: structures by their fields, lists by `<member>`s.
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

/// XML has no way at all to write most control characters, U+FFFE and U+FFFF: they become U+FFFD. A carriage return needs a reference,
/// or parsers turn it into a line feed.
fn escape(content: &str) -> String {
    content.chars().fold(String::with_capacity(content.len()), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            '\u{7F}'..='\u{9F}' => {
                // Legal, but read differently by parsers of XML 1.1 unless written as a reference. Writing to a string cannot fail.
                write!(escaped, "&#x{:X};", u32::from(character)).ok();
            }
            '\t' | '\n' | '\u{20}'..='\u{FFFD}' | '\u{10000}'.. => escaped.push(character),
            _ => escaped.push('\u{FFFD}'),
        }
        escaped
    })
}
