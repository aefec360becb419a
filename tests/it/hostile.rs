//! Hostile messages: the invariants of the fuzz target, checked on its seeds and on malformed messages.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

#[path = "../../fuzz/invariants.rs"]
mod invariants;

fn seeds() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/message");
    fs::read_dir(folder).unwrap().map(|seed| fs::read_to_string(seed.unwrap().path()).unwrap()).collect()
}

#[test]
fn the_invariants_hold_for_the_seeds_of_the_fuzz_target() {
    let seeds = seeds();
    assert!(seeds.len() > 10, "{} seeds", seeds.len());
    for seed in &seeds {
        invariants::check(seed);
    }
}

/// Texts that broke programs before.
fn hostile_text() -> impl Strategy<Value = String> {
    let texts = [
        "",
        " ",
        "-",
        "--upload-pack=touch /tmp/x",
        "-rf",
        "..",
        "../../etc/passwd",
        "a/../../b",
        "/etc/passwd",
        "~root",
        "a\\..\\b",
        "a\0b",
        "a\nb",
        "a\r\nb: c",
        "\u{1b}]0;x\u{7}",
        "\u{202e}txt.exe",
        "\u{feff}main",
        "\u{fffe}\u{ffff}",
        "e\u{301}\u{301}\u{301}",
        "😀",
        "$(id)",
        "`id`",
        "; id #",
        "' OR '1'='1",
        "{{7*7}}",
        "%s%n",
        "${SLIPWAY_IMAGES}",
        "null",
        "main@{1}",
        "a..b",
        "refs/heads/.lock",
        "CODEBUILD_SRC_DIR",
        "SLIPWAY_JOB_ID",
        "AWS_SECRET_ACCESS_KEY",
        "__proto__",
        "https://user:secret@github.com/acme/app",
        "https://github.com:99999/acme/app",
        "https://github.com/acme/../evil/app",
        "https://github.com/acme/app?x=1#y",
        "https://gıthub.com/acme/app",
        "ext::sh -c id",
        "ssh://git@github.com/acme/app",
        "file:///srv/../etc",
        "s3://bucket/../other",
        "s3://bucket/key.zip",
        "https://github.com/acme/app",
        "team/app",
        "latest",
        "default",
    ];
    prop_oneof![
        6 => prop::sample::select(texts.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,80}",
        1 => "[\u{0}-\u{1f}\u{7f}-\u{9f}]{1,8}",
        1 => ("[a-z\"\\\\/é😀~-]", 1_usize..5_000).prop_map(|(text, times)| text.repeat(times)),
    ]
}

/// Values that no field accepts, or that are nearly valid.
fn hostile_value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        prop::sample::select(vec![json!(-1), json!(0), json!(4), json!(2_161), json!(1.5), json!(1e300), json!(u64::MAX), json!(i64::MIN)]),
        any::<i32>().prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        6 => hostile_text().prop_map(Value::from),
        1 => number,
        1 => prop::sample::select(vec![Value::Null, json!(true), json!([]), json!({})]),
    ];
    leaf.prop_recursive(3, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
            prop::collection::vec((hostile_text(), inner), 0..12).prop_map(|list| Value::Object(list.into_iter().collect())),
        ]
    })
}

/// A change of a message: the value at a place is replaced, removed or doubled, or gets a new member.
#[derive(Debug, Clone)]
enum Harm {
    Replace(Value),
    Remove,
    Repeat(usize),
    Add(String, Value),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        4 => hostile_value().prop_map(Harm::Replace),
        1 => Just(Harm::Remove),
        1 => (2_usize..130).prop_map(Harm::Repeat),
        1 => (hostile_text(), hostile_value()).prop_map(|(key, value)| Harm::Add(key, value)),
    ]
}

/// The pointers to all parts of a value.
fn places(value: &Value, path: &str, all: &mut Vec<String>) {
    all.push(path.to_owned());
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| places(value, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), all));
        }
        Value::Array(list) => list.iter().enumerate().for_each(|(at, value)| places(value, &format!("{path}/{at}"), all)),
        _ => {}
    }
}

fn apply(message: &mut Value, at: prop::sample::Index, harm: Harm) {
    let mut all = Vec::new();
    places(message, "", &mut all);
    let place: &String = at.get(&all);
    let value = message.pointer_mut(place).unwrap();
    match harm {
        Harm::Replace(other) => *value = other,
        Harm::Remove => match value {
            Value::Object(map) => map.clear(),
            Value::Array(list) => _ = list.pop(),
            other => *other = Value::Null,
        },
        Harm::Repeat(times) => *value = Value::Array(vec![value.clone(); times]),
        Harm::Add(key, added) => match value {
            Value::Object(map) => _ = map.insert(key, added),
            other => *other = Value::Object(Map::from_iter([(key, added)])),
        },
    }
}

proptest! {
    #[test]
    fn no_message_breaks_an_invariant(
        seed in any::<prop::sample::Index>(), harms in prop::collection::vec((any::<prop::sample::Index>(), harm()), 0..4),
    ) {
        let seeds: Vec<Value> = seeds().iter().filter_map(|seed| serde_json::from_str(seed).ok()).collect();
        let mut message = seed.get(&seeds).clone();
        for (at, harm) in harms {
            apply(&mut message, at, harm);
        }
        invariants::check(&message.to_string());
    }

    /// A repeated member, a text that is cut, or one with a stray byte.
    #[test]
    fn no_text_breaks_an_invariant(
        seed in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), stray in "[\"\\\\{}\\[\\],:0\u{0}é]?", keep: bool,
    ) {
        let seeds = seeds();
        let seed = seed.get(&seeds);
        let places: Vec<usize> = seed.char_indices().map(|(at, _)| at).collect();
        let (before, after) = seed.split_at(*at.get(&places));
        invariants::check(&format!("{before}{stray}{}", if keep { after } else { "" }));
        invariants::check(&seed.replacen(r#""version": 1"#, r#""version": 1, "version": 1"#, 1));
    }
}
