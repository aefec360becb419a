#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::time::sleep;

use super::Logs;
use crate::clock::Clock;

const START_MS: u64 = 1_795_342_920_000;

/// A stream `s` in a group `g` with `lines` lines, one each millisecond.
fn logs(lines: u64) -> Logs {
    let logs = Logs::new(Clock::starting_at(UNIX_EPOCH + Duration::from_millis(START_MS)), "us-east-1", "000000000000");
    logs.append("g", "s", (0..lines).map(|line| (START_MS + line, format!("line {line}"))).collect());
    logs
}

fn read(logs: &Logs, more: Value) -> Value {
    ok(logs, "GetLogEvents", in_stream(more))
}

fn in_stream(mut input: Value) -> Value {
    input["logGroupName"] = json!("g");
    input["logStreamName"] = json!("s");
    input
}

fn ok(logs: &Logs, operation: &str, input: Value) -> Value {
    logs.call(operation, input).unwrap()
}

fn messages(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
}

/// Reads forward until the token repeats; returns the messages of each page.
fn pages(logs: &Logs, mut input: Value) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    loop {
        let answer = read(logs, input.clone());
        if input.get("nextToken") == Some(&answer["nextForwardToken"]) {
            assert!(messages(&answer).is_empty());
            return pages;
        }
        pages.push(messages(&answer).into_iter().map(str::to_owned).collect());
        input["nextToken"] = answer["nextForwardToken"].clone();
    }
}

#[tokio::test(start_paused = true)]
async fn reading_forward_ends_when_the_token_repeats() {
    let logs = logs(5);
    let input = json!({"startFromHead": true, "limit": 2});
    assert_eq!(pages(&logs, input), [vec!["line 0", "line 1"], vec!["line 2", "line 3"], vec!["line 4"]]);

    let end = read(&logs, json!({"startFromHead": true}))["nextForwardToken"].clone();
    assert_eq!(read(&logs, json!({"nextToken": end}))["nextForwardToken"], end);
    logs.append("g", "s", vec![(START_MS + 9, "later".to_owned())]);
    assert_eq!(messages(&read(&logs, json!({"nextToken": end}))), ["later"], "the last token continues with later events");
}

#[tokio::test(start_paused = true)]
async fn reading_without_a_token_begins_at_the_newest_page_and_goes_back() {
    let logs = logs(5);
    let newest = read(&logs, json!({"limit": 3}));
    assert_eq!(messages(&newest), ["line 2", "line 3", "line 4"]);
    let before = read(&logs, json!({"limit": 3, "nextToken": newest["nextBackwardToken"]}));
    assert_eq!(messages(&before), ["line 0", "line 1"]);
    let head = read(&logs, json!({"limit": 3, "nextToken": before["nextBackwardToken"]}));
    assert_eq!((messages(&head).len(), &head["nextBackwardToken"]), (0, &before["nextBackwardToken"]));
    let forward = read(&logs, json!({"limit": 3, "nextToken": before["nextForwardToken"]}));
    assert_eq!(messages(&forward), messages(&newest));
}

#[tokio::test(start_paused = true)]
async fn empty_pages_come_between_full_ones_if_configured() {
    let logs = logs(3);
    logs.set_empty_pages(true);
    let pages = pages(&logs, json!({"startFromHead": true, "limit": 2}));
    assert_eq!(pages, [vec![], vec!["line 0", "line 1"], vec![], vec!["line 2"]]);
}

#[tokio::test(start_paused = true)]
async fn a_page_is_bounded_in_bytes_with_26_for_each_event() {
    let logs = logs(0);
    // Two of these are exactly 1 MiB.
    let message = "x".repeat(512 * 1024 - 26);
    logs.append("g", "s", vec![(START_MS, message.clone()), (START_MS, message), (START_MS, "y".to_owned())]);
    let sizes: Vec<_> = pages(&logs, json!({"startFromHead": true})).iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_time_span_includes_its_start_but_not_its_end() {
    let logs = logs(5);
    let span = json!({"startFromHead": true, "limit": 2, "startTime": START_MS + 1, "endTime": START_MS + 4});
    assert_eq!(pages(&logs, span.clone()), [vec!["line 1", "line 2"], vec!["line 3"]]);
    logs.append("g", "s", vec![(START_MS + 2, "out of order".to_owned())]);
    assert_eq!(pages(&logs, span), [vec!["line 1", "line 2"], vec!["line 3", "out of order"]]);
}

#[tokio::test(start_paused = true)]
async fn lines_become_visible_late_if_configured() {
    let logs = logs(1);
    logs.set_ingestion_delay(Duration::from_secs(5));
    logs.append("g", "s", vec![(START_MS + 1, "late".to_owned())]);
    let first = read(&logs, json!({"startFromHead": true}));
    assert_eq!(messages(&first), ["line 0"]);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(messages(&read(&logs, json!({"nextToken": first["nextForwardToken"]}))), ["late"]);
}

#[tokio::test(start_paused = true)]
async fn patterns_match_as_in_cloudwatch() {
    let messages = ["ERROR: disk full", "WARN disk slow", "ERRORS found", "all well, no ERROR or WARN"];
    for (pattern, expected) in [
        ("", vec![0, 1, 2, 3]),
        ("ERROR", vec![0, 3]),
        ("error", vec![]),
        ("ERROR WARN", vec![3]),
        ("?ERROR ?WARN", vec![0, 1, 3]),
        ("-ERROR", vec![1, 2]),
        ("disk -WARN", vec![0]),
        ("\"disk full\"", vec![0]),
        ("-\"disk slow\" WARN", vec![3]),
        ("%^ERRORS?%", vec![0, 2]),
        ("disk ?WARN", vec![0, 1]),
    ] {
        let logs = logs(0);
        logs.append("g", "s", messages.iter().map(|message| (START_MS, (*message).to_owned())).collect());
        let answer = ok(&logs, "FilterLogEvents", json!({"logGroupName": "g", "filterPattern": pattern}));
        let expected: Vec<_> = expected.into_iter().map(|at: usize| messages[at]).collect();
        assert_eq!(self::messages(&answer), expected, "{pattern}");
    }
    for pattern in ["\"open", "{ $.a = 1 }", "a -"] {
        let error = logs(0).call("FilterLogEvents", json!({"logGroupName": "g", "filterPattern": pattern})).unwrap_err();
        assert_eq!(error.code, "InvalidParameterException", "{pattern}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_is_searched_over_its_streams_by_time_and_in_pages() {
    let logs = logs(3);
    logs.append("g", "t/1", vec![(START_MS + 1, "other 1".to_owned()), (START_MS + 9, "other 9".to_owned())]);
    let mut input = json!({"logGroupName": "g", "limit": 2});
    let mut found = Vec::new();
    loop {
        let answer = ok(&logs, "FilterLogEvents", input.clone());
        found.push(messages(&answer).join(", "));
        match answer.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(found, ["line 0, line 1", "other 1, line 2", "other 9"]);
    let one = ok(&logs, "FilterLogEvents", json!({"logGroupName": "g", "logStreamNames": ["t/1"], "endTime": START_MS + 1}));
    assert_eq!(messages(&one), ["other 1"]);
}

#[tokio::test(start_paused = true)]
async fn groups_and_streams_are_described_in_pages() {
    let logs = logs(2);
    for group in ["/aws/b", "/aws/a"] {
        ok(&logs, "CreateLogGroup", json!({"logGroupName": group}));
    }
    ok(&logs, "PutRetentionPolicy", json!({"logGroupName": "/aws/b", "retentionInDays": 30}));
    let first = ok(&logs, "DescribeLogGroups", json!({"logGroupNamePrefix": "/aws/", "limit": 1}));
    assert_eq!(first["logGroups"][0]["arn"], "arn:aws:logs:us-east-1:000000000000:log-group:/aws/a:*");
    let next = json!({"logGroupNamePrefix": "/aws/", "limit": 1, "nextToken": first["nextToken"]});
    let second = ok(&logs, "DescribeLogGroups", next);
    assert_eq!((&second["logGroups"][0]["retentionInDays"], second.get("nextToken")), (&json!(30), None));

    logs.append("g", "a", vec![(START_MS + 7, "newer".to_owned())]);
    let named = ok(&logs, "DescribeLogStreams", json!({"logGroupName": "g"}));
    let newest = ok(&logs, "DescribeLogStreams", json!({"logGroupName": "g", "orderBy": "LastEventTime"}));
    assert_eq!((&named["logStreams"][0]["logStreamName"], &newest["logStreams"][0]["logStreamName"]), (&json!("a"), &json!("s")));
    assert_eq!(named["logStreams"][1]["lastEventTimestamp"], START_MS + 1);
}

#[tokio::test(start_paused = true)]
async fn written_events_are_read_back_unless_they_are_too_old_or_too_new() {
    let logs = logs(0);
    let (day, hour) = (24 * 3_600_000, 3_600_000);
    let times = [START_MS - 15 * day, START_MS - 13 * day, START_MS + hour, START_MS + 3 * hour];
    let events: Vec<_> = times.iter().enumerate().map(|(at, time)| json!({"timestamp": time, "message": at.to_string()})).collect();
    let answer = ok(&logs, "PutLogEvents", in_stream(json!({"logEvents": events})));
    assert_eq!(answer["rejectedLogEventsInfo"], json!({"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 3}));
    assert_eq!(messages(&read(&logs, json!({}))), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn tags_are_kept_with_their_group() {
    let logs = logs(0);
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:g";
    ok(&logs, "TagResource", json!({"resourceArn": arn, "tags": {"team": "a", "env": "b"}}));
    ok(&logs, "UntagResource", json!({"resourceArn": format!("{arn}:*"), "tagKeys": ["env"]}));
    assert_eq!(ok(&logs, "ListTagsForResource", json!({"resourceArn": arn}))["tags"], json!({"team": "a"}));
}

#[tokio::test(start_paused = true)]
async fn inputs_that_aws_refuses_are_refused() {
    let logs = logs(1);
    let backward = json!([{"timestamp": START_MS + 1, "message": "b"}, {"timestamp": START_MS, "message": "a"}]);
    for (operation, input, error) in [
        (
            "GetLogEvents",
            json!({"logGroupName": "none", "logStreamName": "s"}),
            "ResourceNotFoundException: The specified log group does not exist.",
        ),
        (
            "GetLogEvents",
            json!({"logGroupName": "g", "logStreamName": "none"}),
            "ResourceNotFoundException: The specified log stream does not exist.",
        ),
        ("GetLogEvents", in_stream(json!({"limit": 10_001})), "InvalidParameterException: 1 validation error"),
        ("GetLogEvents", in_stream(json!({"limit": 0})), "InvalidParameterException: 1 validation error"),
        ("GetLogEvents", in_stream(json!({"nextToken": "f/x"})), "InvalidParameterException: The specified nextToken is invalid."),
        ("PutLogEvents", in_stream(json!({"logEvents": backward})), "InvalidParameterException"),
        ("CreateLogGroup", json!({"logGroupName": "g"}), "ResourceAlreadyExistsException: The specified log group already exists"),
        ("CreateLogGroup", json!({"logGroupName": "a b"}), "InvalidParameterException"),
        ("CreateLogStream", in_stream(json!({})), "ResourceAlreadyExistsException: The specified log stream already exists"),
        ("DeleteLogStream", json!({"logGroupName": "g", "logStreamName": "none"}), "ResourceNotFoundException"),
        ("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 2}), "InvalidParameterException"),
        ("StartQuery", json!({}), "UnknownOperationException"),
    ] {
        let refusal = logs.call(operation, input.clone()).unwrap_err().to_string();
        assert!(refusal.starts_with(error), "{operation} {input}: {refusal}");
    }
    ok(&logs, "DeleteLogGroup", json!({"logGroupName": "g"}));
    assert_eq!(ok(&logs, "DescribeLogGroups", json!({}))["logGroups"], json!([]));
}
