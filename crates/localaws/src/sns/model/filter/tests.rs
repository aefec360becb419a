use serde_json::json;

use super::*;

fn matches(policy: &Value, message: &Value) -> bool {
    let policy = Policy::parse(&policy.to_string(), true);
    policy.is_ok_and(|policy| message.as_object().is_some_and(|message| policy.matches(message)))
}

#[test]
fn policies_match_as_in_the_documentation_of_sns() {
    // A policy, messages that match, and messages that do not.
    let table = [
        (
            json!({ "a": ["x", 1, null, true] }),
            vec![json!({ "a": "x" }), json!({ "a": 1.0 }), json!({ "a": null }), json!({ "a": true })],
            vec![json!({ "a": "X" }), json!({ "a": "1" }), json!({ "a": 2 }), json!({ "a": false }), json!({})],
        ),
        (
            json!({ "a": ["x"], "b": ["y"] }),
            vec![json!({ "a": "x", "b": "y", "c": 1 })],
            vec![json!({ "a": "x" }), json!({ "a": "x", "b": "z" })],
        ),
        (json!({ "a": ["x"] }), vec![json!({ "a": ["z", "x"] })], vec![json!({ "a": [] }), json!({ "a": { "x": 1 } })]),
        (
            json!({ "a": [{ "prefix": "ab" }, { "suffix": "yz" }] }),
            vec![json!({ "a": "abc" }), json!({ "a": "xyz" })],
            vec![json!({ "a": "bab" }), json!({ "a": 1 })],
        ),
        (json!({ "a": [{ "equals-ignore-case": "Tést" }] }), vec![json!({ "a": "tÉST" })], vec![json!({ "a": "test" })]),
        (
            json!({ "a": [{ "anything-but": ["x", 1] }] }),
            vec![json!({ "a": "y" }), json!({ "a": 2 }), json!({ "a": ["x", "y"] })],
            vec![json!({ "a": "x" }), json!({ "a": 1.0 }), json!({})],
        ),
        (json!({ "a": [{ "anything-but": "x" }] }), vec![json!({ "a": "y" })], vec![json!({ "a": "x" })]),
        (json!({ "a": [{ "anything-but": { "prefix": "x" } }] }), vec![json!({ "a": "yx" })], vec![json!({ "a": "xy" }), json!({})]),
        (
            json!({ "a": [{ "anything-but": { "suffix": ["x", "y"] } }] }),
            vec![json!({ "a": "yz" })],
            vec![json!({ "a": "zy" }), json!({ "a": "zx" })],
        ),
        (json!({ "a": [{ "exists": true }] }), vec![json!({ "a": "" }), json!({ "a": null })], vec![json!({}), json!({ "b": 1 })]),
        (json!({ "a": [{ "exists": false }] }), vec![json!({}), json!({ "b": 1 })], vec![json!({ "a": 0 })]),
        (
            json!({ "a": [{ "numeric": [">", 0, "<=", 1.5] }] }),
            vec![json!({ "a": 0.1 }), json!({ "a": 1.5 })],
            vec![json!({ "a": 0 }), json!({ "a": 1.6 }), json!({ "a": "1" })],
        ),
        (
            json!({ "a": [{ "numeric": ["=", 3] }, { "numeric": ["<", -1] }] }),
            vec![json!({ "a": 3 }), json!({ "a": -2 })],
            vec![json!({ "a": -1 }), json!({ "a": 2.9 })],
        ),
        (
            json!({ "a": [{ "cidr": "10.0.0.0/24" }, { "cidr": "2001:db8::/33" }, { "cidr": "192.0.2.1" }] }),
            vec![json!({ "a": "10.0.0.255" }), json!({ "a": "2001:db8:7fff::1" }), json!({ "a": ["x", "192.0.2.1"] })],
            vec![
                json!({ "a": "10.0.1.0" }),
                json!({ "a": "2001:db8:8000::1" }),
                json!({ "a": "192.0.2.2" }),
                json!({ "a": "x" }),
                json!({ "a": 10 }),
            ],
        ),
        (json!({ "a": [{ "cidr": "0.0.0.0/0" }] }), vec![json!({ "a": "10.0.0.255" })], vec![json!({ "a": "::1" }), json!({})]),
        (
            json!({ "a": { "b": { "c": ["x"] } } }),
            vec![json!({ "a": { "b": { "c": "x" } } }), json!({ "a": [{ "b": { "c": "z" } }, { "b": { "c": "x" } }] })],
            vec![json!({ "a": { "b": "x" } }), json!({ "a": "x" }), json!({})],
        ),
        (json!({ "a": { "b": [{ "exists": false }] } }), vec![json!({ "a": {} }), json!({})], vec![json!({ "a": { "b": 1 } })]),
        (
            json!({ "c": ["x"], "$or": [{ "a": [1] }, { "b": [2] }] }),
            vec![json!({ "c": "x", "a": 1 }), json!({ "c": "x", "b": 2 })],
            vec![json!({ "c": "x" }), json!({ "a": 1 }), json!({ "c": "x", "a": 2 })],
        ),
    ];
    for (policy, matching, others) in &table {
        for message in matching {
            assert!(matches(policy, message), "{policy} should match {message}");
        }
        for message in others {
            assert!(!matches(policy, message), "{policy} should not match {message}");
        }
    }
}

#[test]
fn an_invalid_policy_is_refused() {
    let table = [
        json!([]),
        json!({ "a": "x" }),
        json!({ "a": [] }),
        json!({ "a": {} }),
        json!({ "a": [["x"]] }),
        json!({ "a": [{ "like": "x" }] }),
        json!({ "a": [{ "prefix": "x", "suffix": "y" }] }),
        json!({ "a": [{ "prefix": 1 }] }),
        json!({ "a": [{ "cidr": "10.0.0.0/33" }] }),
        json!({ "a": [{ "cidr": "10.0.0/8" }] }),
        json!({ "a": [{ "cidr": "10.0.0.0/+8" }] }),
        json!({ "a": [{ "exists": "yes" }] }),
        json!({ "a": [{ "numeric": ["~", 1] }] }),
        json!({ "a": [{ "numeric": [">", "1"] }] }),
        json!({ "a": [{ "numeric": [">", 2, "<", 1] }] }),
        json!({ "a": [{ "numeric": ["<", 1, ">", 2] }] }),
        json!({ "a": [{ "anything-but": [] }] }),
        json!({ "a": [{ "anything-but": { "numeric": ["=", 1] } }] }),
        json!({ "a": [1], "b": [1], "c": [1], "d": [1], "e": [1], "f": [1] }),
    ];
    for policy in table {
        assert!(Policy::parse(&policy.to_string(), true).is_err(), "{policy}");
    }
    assert!(Policy::parse("not json", true).is_err());
    let nested = json!({ "a": { "b": ["x"] } }).to_string();
    assert!(Policy::parse(&nested, true).is_ok() && Policy::parse(&nested, false).is_err());
}
