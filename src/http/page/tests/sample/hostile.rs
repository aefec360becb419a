//! The same daemon, where everything that a sender chooses is hostile.

use serde_json::{Value, json};

use super::{
    Sample, ago,
    detail::failed,
    jobs::{ended, running, waiting},
    limits::{letters, limits},
    sample,
};

/// The same daemon, where everything that a sender chooses is hostile, and as long as it may be.
pub(in super::super) fn hostile() -> Sample {
    let texts = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "a\u{202e}gnp.exe\u{200b}",
        "javascript:alert(1)",
        "nul\0 escape\u{1b}[31mred\u{1b}[0m",
        "a-name-without-any-break-that-goes-on-and-on-for-two-hundred-characters-so-that-nothing-fits-in-a-row-of-a-lane-and-everything-has-to-give-way-to-figures-which-never-do-that-is-the-rule-of-names-in-rows-0",
    ];
    let mut next = 0;
    let mut hostile = |value: &mut Value, keys: &[&str]| {
        for key in keys {
            if value.get(key).is_some_and(|value| !value.is_null()) {
                next += 1;
                value[*key] = texts[next % texts.len()].into();
            }
        }
    };
    let mut jobs: Vec<_> = [waiting(), running(), ended()].concat();
    for job in &mut jobs {
        hostile(job, &["repository", "queue", "phase", "decisive_line", "cancel_reason", "superseded_by", "group", "profile"]);
        hostile(&mut job["source"], &["url", "revision", "commit"]);
        job["tenant"] = "t".repeat(64).into();
        job["labels"] = json!({ texts[1]: texts[0], "release": texts[5] });
        job["group"] = texts[0].into();
        if job.get("pushed").is_some() {
            job["pushed"] = json!([texts[0], texts[5]]);
        }
        if let Some(reasons) = job.pointer_mut("/wait/reasons") {
            hostile(&mut reasons[0], &["name", "job"]);
        }
    }
    let mut limits = limits();
    for (index, tenant) in limits["tenants"].as_array_mut().unwrap().iter_mut().enumerate() {
        tenant["name"] = format!("{}{index}", texts[5]).into();
    }
    limits["pauses"] = json!([{ "scope": { "tenant": texts[2] }, "since": ago(100), "reason": texts[0] }, { "scope": { "profile": texts[5] }, "reason": texts[5] }]);
    limits["all"]["refusal"] = texts[5].into();
    let mut letters = letters();
    for letter in letters.as_array_mut().unwrap() {
        hostile(letter, &["job", "body", "queue"]);
        letter["problems"] = json!([{ "path": texts[1], "problem": texts[5] }, { "path": texts[5], "problem": texts[2] }]);
    }
    let mut failed = serde_json::to_value(failed()).unwrap();
    hostile(&mut failed, &["repository", "decisive_line", "group"]);
    hostile(&mut failed["source"], &["url", "revision"]);
    hostile(&mut failed["failure"], &["message", "command", "phase", "code"]);
    failed["labels"] = json!({ texts[1]: texts[0], "release": texts[5] });
    failed["log"]["url"] = texts[3].into();
    failed["log"]["excerpt"] = texts.join("\n").into();
    failed["builds"][0]["console_url"] = texts[3].into();
    for entry in failed["history"].as_array_mut().unwrap() {
        hostile(entry, &["text"]);
    }
    for phase in failed["builds"][0]["phases"].as_array_mut().unwrap() {
        hostile(phase, &["name"]);
    }
    sample(&jobs, &limits, letters, serde_json::from_value(failed).unwrap())
}
