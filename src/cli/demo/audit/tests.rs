use serde_json::json;

use super::*;

fn run(start: &str, end: &str) -> Event {
    let build = json!({ "id": "p:1", "arn": "a", "project": "p", "started_at": start, "ended_at": end, "phases": [] });
    serde_json::from_value(json!({
        "specversion": "1.0", "id": "a/finished", "source": "s", "type": "slipway.job.finished", "subject": "a", "time": "t",
        "datacontenttype": "application/json", "data": { "version": 1, "job": { "message_id": "m" }, "build": build },
    }))
    .unwrap()
}

#[test]
fn the_most_builds_at_once_are_counted_by_their_times() {
    for (runs, expected) in [
        (vec![], 0),
        (vec![("10:00", "10:05")], 1),
        (vec![("10:00", "10:05"), ("10:05", "10:06")], 1),
        (vec![("10:00", "10:05"), ("10:04", "10:06"), ("10:05", "10:07")], 2),
        (vec![("10:00", "10:05"), ("10:01", "10:06"), ("10:02", "10:07")], 3),
    ] {
        let events: Vec<_> = runs.iter().map(|(start, end)| run(start, end)).collect();
        assert_eq!(peak(events.iter()), expected, "{runs:?}");
    }
}
