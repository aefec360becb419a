//! The schema's shapes for each type and each status of an event.

use super::*;

#[test]
fn the_schema_has_the_fields_of_each_status() {
    let of = |status, failure: Option<Failure>| {
        let event = finish(&job(), &build(), &Outcome { status, failure }, log(""));
        serde_json::to_value(&event).unwrap()
    };
    let cancelled = of(Status::Cancelled, None);
    assert!(cancelled["data"]["reason"].as_str().unwrap().starts_with("its build was stopped in CodeBuild"), "{cancelled}");
    for (event, is_valid) in [
        (of(Status::Succeeded, None), true),
        (of(Status::Failed, failed().failure), true),
        (of(Status::Failed, None), false),
        (of(Status::TimedOut, None), false),
        (of(Status::Errored, None), false),
        (cancelled, true),
        (of(Status::Superseded, None), false),
    ] {
        assert_eq!(SCHEMA.is_valid(&event), is_valid, "{event}");
    }
}

#[test]
fn each_type_of_event_has_its_own_shape() {
    let valid = |event: &Value| SCHEMA.is_valid(event);
    let body = |event: Event| serde_json::from_str::<Value>(&event.publication(262_144).body).unwrap();
    let whole = body(finish(&job(), &build(), &failed(), log("x")));
    assert!(valid(&whole));
    for pointer in ["/data/status", "/data/timings", "/data/job/id", "/data/job/tenant", "/data/job/source", "/data/job/message_id"] {
        let mut event = whole.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        assert!(!valid(&event), "without {pointer}");
    }
    let begun = body(started(&job(), &origin(), 1, &build(), now()));
    for (name, wrong) in [("type", json!("slipway.job.started")), ("type", json!("slipway.job.rejected")), ("specversion", json!("2.0"))] {
        let mut event = body(queued(&job(), &origin(), now()));
        assert!(valid(&event) && valid(&begun));
        event[name] = wrong;
        assert!(!valid(&event), "{event}");
    }
    // Fields may be added.
    let mut event = whole;
    event["data"]["status"] = "paused".into();
    event["data"]["news"] = json!({});
    assert!(valid(&event));
}
