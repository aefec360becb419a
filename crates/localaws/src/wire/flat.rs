//! SQS's form of the query protocol: lists and maps have no name of their own. Only their entries have one, with a number.

use serde_json::{Map, Value};

use crate::{
    api::ApiError,
    wire::{form::Node, xml},
};

/// A list, or a map with the names of an entry's key and value.
#[derive(Debug, Clone, Copy)]
enum Kind {
    List,
    Map(&'static str, &'static str),
}

const ATTRIBUTES: Kind = Kind::Map("Name", "Value");
const TAGS: Kind = Kind::Map("Key", "Value");

/// For inputs: the name of an entry, and the name of the list or map in JSON.
const INPUTS: [(&str, &str, Kind); 11] = [
    ("Attribute", "Attributes", ATTRIBUTES),
    ("AttributeName", "AttributeNames", Kind::List),
    ("ChangeMessageVisibilityBatchRequestEntry", "Entries", Kind::List),
    ("DeleteMessageBatchRequestEntry", "Entries", Kind::List),
    ("MessageAttribute", "MessageAttributes", ATTRIBUTES),
    ("MessageAttributeName", "MessageAttributeNames", Kind::List),
    ("MessageSystemAttribute", "MessageSystemAttributes", ATTRIBUTES),
    ("MessageSystemAttributeName", "MessageSystemAttributeNames", Kind::List),
    ("SendMessageBatchRequestEntry", "Entries", Kind::List),
    ("Tag", "Tags", TAGS),
    ("TagKey", "TagKeys", Kind::List),
];
/// The names of values that are numbers in JSON.
const NUMBERS: [&str; 6] =
    ["DelaySeconds", "MaxNumberOfMessages", "MaxNumberOfMessagesPerSecond", "MaxResults", "VisibilityTimeout", "WaitTimeSeconds"];
/// The operations without an answer.
const VOID: [&str; 7] =
    ["ChangeMessageVisibility", "DeleteMessage", "DeleteQueue", "PurgeQueue", "SetQueueAttributes", "TagQueue", "UntagQueue"];

/// The JSON for a form.
pub(super) fn input(form: Node) -> Map<String, Value> {
    let mut input = Map::new();
    for (name, node) in form.children {
        let flat = INPUTS.iter().find(|(entry, ..)| *entry == name);
        if let (Some((_, whole, kind)), false) = (flat, node.children.is_empty()) {
            input.insert((*whole).to_owned(), kind.read(node));
        } else if !node.children.is_empty() {
            input.insert(name, self::input(node).into());
        } else if let Ok(number) = node.text.parse::<i64>()
            && NUMBERS.contains(&name.as_str())
        {
            input.insert(name, number.into());
        } else if !(node.text.is_empty() && INPUTS.iter().any(|(_, whole, _)| *whole == name)) {
            // No empty list: clients write that under the name of the list.
            input.insert(name, node.text.into());
        }
    }
    input
}

/// A value that may have parts.
fn value(node: Node) -> Value {
    if node.children.is_empty() { node.text.into() } else { input(node).into() }
}

impl Kind {
    fn read(self, node: Node) -> Value {
        match self {
            Self::List => node.numbered().map(value).collect(),
            Self::Map(key, of) => {
                let entry = |mut entry: Node| {
                    let mut part = |name| entry.children.remove(name).unwrap_or_default();
                    (part(key).text, value(part(of)))
                };
                node.numbered().map(entry).collect::<Map<_, _>>().into()
            }
        }
    }

    fn write(self, name: &str, operation: &str, whole: &Value) -> String {
        match (self, whole) {
            (Self::List, Value::Array(entries)) => entries.iter().map(|entry| element(name, operation, entry)).collect(),
            (Self::Map(key, of), Value::Object(entries)) => {
                let entry = |(key_of, value): (&String, &Value)| {
                    format!("<{name}>{}{}</{name}>", xml::text(key, key_of), element(of, operation, value))
                };
                entries.iter().map(entry).collect()
            }
            _ => String::new(),
        }
    }
}

/// An answer in its result element. Empty for an operation without an answer.
pub(super) fn result(operation: &str, output: &Value) -> String {
    if VOID.contains(&operation) { String::new() } else { element(&format!("{operation}Result"), operation, output) }
}

fn element(name: &str, operation: &str, value: &Value) -> String {
    let Value::Object(members) = value else { return xml::element(name, value) };
    let member = |(name, value): (&String, &Value)| {
        let (entry, kind) = match name.as_str() {
            "Attributes" => ("Attribute", ATTRIBUTES),
            "MessageAttributes" => ("MessageAttribute", ATTRIBUTES),
            "Tags" => ("Tag", TAGS),
            "Messages" => ("Message", Kind::List),
            "QueueUrls" | "queueUrls" => ("QueueUrl", Kind::List),
            "Results" => ("ListMessageMoveTasksResultEntry", Kind::List),
            "Failed" => ("BatchResultErrorEntry", Kind::List),
            "Successful" => return Kind::List.write(&format!("{operation}ResultEntry"), operation, value),
            other => return element(other, operation, value),
        };
        kind.write(entry, operation, value)
    };
    format!("<{name}>{}</{name}>", members.iter().map(member).collect::<String>())
}

/// The code of an error, which may have another name in the query protocol.
pub(super) fn code(error: &ApiError) -> &str {
    if error.code == "UnknownOperationException" { "InvalidAction" } else { error.query_code.unwrap_or(&error.code) }
}
