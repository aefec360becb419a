//! Hostile calls: the invariants of the fuzz target, checked on its seeds and on malformed calls.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use proptest::prelude::*;

#[path = "../../../../fuzz/endpoint.rs"]
mod endpoint;

fn seeds() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/endpoint");
    fs::read_dir(folder).unwrap().map(|seed| fs::read_to_string(seed.unwrap().path()).unwrap()).collect()
}

#[test]
fn the_invariants_hold_for_the_seeds_of_the_fuzz_target() {
    let seeds = seeds();
    assert!(seeds.len() >= 10, "{} seeds", seeds.len());
    let answered: usize = seeds.iter().map(|seed| endpoint::check(seed).into_iter().filter(|status| *status == 200).count()).sum();
    assert!(answered > 25, "only {answered} calls of the seeds succeed");
}

/// A deeply nested call for each kind of parser, and the expected answer.
#[test]
fn input_that_is_too_deep_or_too_large_is_the_callers_error() {
    let deep = |open: &str, inner: &str, close: &str| open.repeat(5_000) + inner + &close.repeat(5_000);
    let list = deep("[", "", "]");
    let object = deep(r#"{"a":"#, "1", "}");
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let subscribe = "Action=Subscribe&Version=2010-03-31&TopicArn=arn:aws:sns:us-east-1:000000000000:t&Protocol=sqs\
                     &Endpoint=arn:aws:sqs:us-east-1:000000000000:r&Attributes.entry.1.key=FilterPolicyScope&Attributes.entry.1.value=MessageBody";
    let policy = |policy: &str| format!("\n{subscribe}&Attributes.entry.2.key=FilterPolicy&Attributes.entry.2.value={}", encoded(policy));
    let many = "0,".repeat(40_000);
    let keys = ["a", "b", "c", "d", "e"].map(|key| format!(r#""{key}":[{many}0]"#)).join(",");
    let table = [
        format!("\nAction=CreateQueue&Version=2012-11-05&{}=x", "a.".repeat(5_000)),
        format!("\nAction=CreateTopic&Version=2010-03-31&{}=x", "a.".repeat(5_000)),
        format!("\n{}=x", "a.".repeat(5_000)),
        format!("\nAction=CreateTopic&Version=2010-03-31&Name=n{}", "&a=".repeat(10_000)),
        format!("AmazonSQS.CreateQueue\n{object}"),
        format!("AmazonSQS.CreateQueue\n{{\"QueueName\":{list}}}"),
        format!("CodeBuild_20161006.StartBuild\n{{\"projectName\":\"project\",\"logsConfigOverride\":{object}}}"),
        format!("AmazonSQS.CreateQueue\n{{\"QueueName\":\"n\",\"Attributes\":{{\"Policy\":{list:?}}}}}"),
        format!("AmazonSQS.CreateQueue\n{{\"QueueName\":\"n\",\"Attributes\":{{\"RedrivePolicy\":{object:?}}}}}"),
        policy(&object),
        policy(&deep(r#"{"$or":["#, r#"{"a":[1]}"#, "]}")),
        policy(&deep(r#"{"a":["#, "", "]}")),
        // So many combinations that their number overflows.
        policy(&format!("{{{keys}}}")),
        format!("Logs_20140328.FilterLogEvents\n{{\"logGroupName\":\"g\",\"filterPattern\":\"%{}%\"}}", "(".repeat(500) + &")".repeat(500)),
    ];
    for call in table {
        assert_eq!(endpoint::check(&call), [400], "{call:.200}");
    }
    let long = format!("Logs_20140328.FilterLogEvents\n{{\"logGroupName\":\"g\",\"filterPattern\":\"{}\"}}", "%a{999}% ".repeat(200));
    assert_eq!(endpoint::check(&long), [400]);
    // Any character may begin a term, and a term that is only marked is empty.
    let filter = |pattern: &str| {
        endpoint::check(&format!("Logs_20140328.FilterLogEvents\n{{\"logGroupName\":\"g\",\"filterPattern\":{pattern:?}}}"))
    };
    assert_eq!(filter("😀 ?é -ü"), [200]);
    assert_eq!(filter("-"), [400]);
    // A message may be of any shape: this one simply does not match the policy.
    let publish = format!("\nAction=Publish&Version=2010-03-31&TopicArn=arn:aws:sns:us-east-1:000000000000:t&Message={}", encoded(&object));
    let both = format!("{}\n\n{publish}", policy(r#"{"a":{"a":[1]}}"#));
    assert_eq!(endpoint::check(&both), [200, 200]);
}

/// Texts that broke parsers before.
fn hostile_text() -> impl Strategy<Value = String> {
    let texts = [
        "",
        "\0",
        "\n",
        ".",
        "..",
        "&",
        "=",
        "%",
        "%00",
        "%ff",
        "\u{fffe}",
        "\u{1b}[2J",
        "😀",
        "null",
        "[]",
        "{}",
        "\"",
        "]]>",
        "<a>",
        "&amp;",
        "-1",
        "99999999999999999999",
        "1e999",
        "NaN",
        "$or",
        "All",
        ".*",
        "arn:aws:sqs:us-east-1:000000000000:q",
        ":::::",
        "member.1",
        "entry.1.key",
        "18446744073709551615",
    ];
    prop_oneof![
        4 => prop::sample::select(texts.to_vec()).prop_map(str::to_owned),
        1 => (prop::sample::select(texts.to_vec()), 1..3_000_usize).prop_map(|(text, times)| text.repeat(times)),
        1 => any::<String>(),
    ]
}

/// A seed with some of it replaced by hostile text.
fn hostile_calls() -> impl Strategy<Value = String> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, hostile_text()), 1..4);
    (prop::sample::select(seeds()), edits).prop_map(|(seed, edits)| {
        edits.into_iter().fold(seed, |seed, (at, length, text)| {
            let characters: Vec<char> = seed.chars().collect();
            let from = at.index(characters.len() + 1);
            let to = characters.len().min(from + length);
            characters[..from].iter().collect::<String>() + &text + &characters[to..].iter().collect::<String>()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_call_is_answered(calls in hostile_calls()) {
        endpoint::check(&calls);
    }
}
