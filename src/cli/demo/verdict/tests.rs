use serde_json::{Value, json};

use super::*;
use crate::cli::demo::{
    ledger::Ledger,
    plan::{Expected, Planned},
};

/// A ledger with one job that must fail, sent twice.
fn ledger() -> Ledger {
    let expected = Expected {
        status: Some(Status::Failed),
        commit: Some("4f2a".to_owned()),
        made: Some("app"),
        phase: Some("BUILD"),
        code: Some("COMMAND_EXECUTION_ERROR"),
        says: Some("exit status 1"),
        command: Some("make"),
        excerpt: &["[Container] Running command make"],
        problems: &[],
    };
    let planned = Planned { name: "app", about: "", body: String::new(), copies: 2, cancel_after: None, expected };
    let mut ledger = Ledger::default();
    ledger.sent(planned, vec!["m-1".to_owned(), "m-2".to_owned()]);
    ledger
}

fn event(id: &str, kind: &str, data: &Value) -> Event {
    let mut event = json!({
        "specversion": "1.0", "id": id, "source": "urn:slipway:slipway-jobs", "type": format!("slipway.job.{kind}"), "subject": "app",
        "time": "2026-11-22T10:00:00.000Z", "datacontenttype": "application/json",
        "data": { "version": 1, "job": { "id": "app", "message_id": "m-1", "source": { "url": "file:///srv/app", "commit": "4f2a" } } },
    });
    for (name, value) in data.as_object().unwrap() {
        event["data"][name] = value.clone();
    }
    serde_json::from_value(event).unwrap()
}

fn finished() -> Event {
    let failure = json!({
        "kind": "build", "phase": "BUILD", "code": "COMMAND_EXECUTION_ERROR", "command": "make",
        "message": "Error while executing command: make. Reason: exit status 1",
    });
    let log = json!({
        "excerpt": "[Container] 2026/11/22 10:00:00.000000 Running command make\nerror: no", "group": "g", "stream": "s", "lines": 2,
        "truncated": false, "complete": true, "redactions": 0,
    });
    event("app/finished", "finished", &json!({ "status": "failed", "failure": failure, "log": log, "images": [{ "reference": "app:1" }] }))
}

fn differences_of(events: impl IntoIterator<Item = Event>) -> Vec<String> {
    let mut ledger = ledger();
    for event in events {
        ledger.note(event, String::new());
    }
    differences(&ledger.entries[0])
}

#[test]
fn a_job_that_ends_as_it_should_shows_no_difference() {
    let events = [event("app/queued", "queued", &json!({})), event("app/1/started", "started", &json!({})), finished(), finished()];
    assert_eq!(differences_of(events.clone()), Vec::<String>::new());
    assert_eq!(differences_of(events[..3].to_vec()).len(), 1, "the repeat of the end is missing");
    assert_eq!(differences_of([]), ["no terminal event came"]);
}

#[test]
fn each_thing_that_is_not_as_it_should_be_is_told() {
    let change = |path: &str, value: Value| {
        let mut event = serde_json::to_value(finished()).unwrap();
        *event.pointer_mut(path).unwrap() = value;
        serde_json::from_value::<Event>(event).unwrap()
    };
    for (path, value, expected) in [
        ("/data/status", json!("succeeded"), r#"the end is "succeeded" instead of "failed""#),
        ("/data/job/source/commit", json!("beef"), r#"the commit is "beef" instead of "4f2a""#),
        ("/data/images", json!([]), r#"what was made is nothing instead of "app""#),
        ("/data/failure/phase", json!("INSTALL"), r#"the failed phase is "INSTALL" instead of "BUILD""#),
        ("/data/failure/code", json!("X"), r#"the code is "X" instead of "COMMAND_EXECUTION_ERROR""#),
        ("/data/failure/command", json!("true"), r#"the command is "true" instead of "make""#),
        ("/data/failure/message", json!("no"), r#"the failure's message is "no" instead of "exit status 1""#),
        ("/data/log/excerpt", json!("SUCCEEDED"), r#"the log's excerpt lacks "[Container] Running command make""#),
    ] {
        let events =
            [event("app/queued", "queued", &json!({})), event("app/1/started", "started", &json!({})), change(path, value), finished()];
        assert_eq!(differences_of(events), [expected], "{path}");
    }
}
