//! Properties of all messages.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Values that are valid in some fields and not in others.
fn value() -> impl Strategy<Value = Value> {
    let words = [
        "",
        "a",
        "main",
        "-x",
        "../x",
        "a/b",
        "A_B",
        "high",
        "secret",
        "supersede",
        "linux/arm64",
        "PLAINTEXT",
        "local",
        "default",
        "https://github.com/acme/x",
        "https://github.com/acme/a?b",
        "file:///srv/x",
        "a\nb",
        "SLIPWAY_X",
        "a.b-c",
        "a---b/c__d",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(Value::from);
    let leaf = prop_oneof![
        4 => word,
        1 => "\\PC{0,5}".prop_map(Value::from),
        2 => (-1_i64..2_200).prop_map(Value::from),
        1 => Just(json!(1.0)),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    let key = prop::sample::select(vec!["name", "key", "url", "depth", "A", "x"]);
    leaf.prop_recursive(2, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4).prop_map(|list| list.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

/// The pointers to all parts of a value.
fn places(value: &Value, path: &str, all: &mut Vec<String>) {
    all.push(path.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| places(value, &format!("{path}/{key}"), all)),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, value)| places(value, &format!("{path}/{index}"), all)),
        _ => {}
    }
}

proptest! {
    /// The full message with some values replaced or removed. Many of these stay valid.
    #[test]
    fn accepted_messages_fit_the_schema_and_the_types_give_the_same_job(
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(value())), 0..3)
    ) {
        let mut message = full();
        for (index, change) in changes {
            let mut all = Vec::new();
            places(&message, "", &mut all);
            let place = index.get(&all).clone();
            match (change, place.rsplit_once('/')) {
                (Some(value), _) => *message.pointer_mut(&place).unwrap() = value,
                (None, Some((parent, key))) => {
                    if let Some(Value::Object(map)) = message.pointer_mut(parent) {
                        map.remove(key);
                    }
                }
                (None, None) => {}
            }
        }
        if let Ok(read) = read_value(&message) {
            prop_assert!(SCHEMA.is_valid(&message), "{message}");
            // `1.0` is an integer in JSON Schema, but not for serde.
            let message = json::parse(&message.to_string(), &Problems::default()).unwrap();
            let typed: wire::QueueMessage = serde_json::from_value(message).unwrap();
            prop_assert_eq!(read_text(&serde_json::to_string(&typed).unwrap()), Ok(read));
        }
    }

    #[test]
    fn any_text_is_read_without_panic_and_with_bounded_problems(text in "\\PC{0,200}|[\\[{\"a:,}\\]]{0,60}") {
        if let Err(rejection) = read_text(&text) {
            prop_assert!(!rejection.problems.is_empty());
            prop_assert!(serde_json::to_string(&rejection.problems).unwrap().len() < 51 * 2_000);
        }
    }
}
