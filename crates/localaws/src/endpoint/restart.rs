//! The state after a kill: every call that was answered, and no part of another.
//!
//! A kill is simulated by a copy of the folder that is opened while the first endpoint goes on. Both must then give the same answers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    time::{Duration, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use super::*;
use crate::runner::scripted::{Script, Scripted};

mod builds;
mod queues;
mod topics;

/// An endpoint and its folder.
struct World {
    aws: LocalAws,
    store: Arc<Store>,
    clock: Clock,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let clock = Clock::starting_at(UNIX_EPOCH + Duration::from_hours(500_000));
        Self::open(tempfile::tempdir().unwrap(), options(clock))
    }

    fn open(folder: TempDir, options: Options) -> Self {
        let clock = options.clock;
        let store = Arc::new(Store::open(folder.path(), &options.region, &options.account).unwrap());
        Self { aws: LocalAws::on(&store, options).unwrap(), store, clock, folder }
    }

    /// The endpoint of a process that is started after this one was killed.
    fn killed(&self) -> Self {
        self.killed_into(options(self.clock))
    }

    fn killed_into(&self, options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        Self::open(folder, options)
    }

    async fn call(&self, service: Service, operation: &str, input: Value) -> Value {
        self.aws.dispatch(service, operation, input, None).await.unwrap()
    }

    async fn sqs(&self, operation: &str, input: Value) -> Value {
        self.call(Service::Sqs, operation, input).await
    }

    async fn bodies(&self, queue: &str) -> Vec<String> {
        let answer = self.sqs("ReceiveMessage", json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10 })).await;
        let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|message| message["Body"].as_str().unwrap().to_owned()).collect()
    }

    /// How many rows a table has.
    fn rows(&self, table: &str) -> i64 {
        rows(&self.store, table)
    }
}

fn rows(store: &Store, table: &str) -> i64 {
    let mut count = 0;
    let read = |row: &rusqlite::Row<'_>| {
        count = row.get(0)?;
        Ok(())
    };
    store.each(&format!("SELECT count(*) FROM {table}"), read).unwrap();
    count
}

/// Builds hang or fail if their variable `DO` says so, and else succeed. Two run at once.
fn options(clock: Clock) -> Options {
    let script = |assignment: &crate::runner::Assignment| match assignment.environment.get("DO").map(String::as_str) {
        Some("hang") => Script::hangs().printing("before\n"),
        Some("fail") => Script::fails("make", "", 2),
        _ => Script::succeeds().printing("done\n").exporting("RESULT", "42").resolving("abc123"),
    };
    Options {
        account_limit: Some(2),
        build_events: Some("arn:aws:sqs:us-east-1:000000000000:events".to_owned()),
        ..Options::new(clock, Arc::new(Scripted::new(script).with_clock(clock)))
    }
}

/// Makes the calls one by one. After each, a killed endpoint must answer the questions like the first one.
async fn step_by_step(world: &World, service: Service, calls: &[(&str, Value)], questions: &[(&str, Value)]) {
    for (operation, input) in calls {
        world.call(service, operation, input.clone()).await;
        let killed = world.killed();
        for (question, input) in questions {
            let answers = [world, &killed].map(|world| world.aws.dispatch(service, question, input.clone(), None));
            let [left, right] = answers;
            assert_eq!(left.await, right.await, "{question} {input} after {operation}");
        }
    }
}

/// Makes the same call to both endpoints, one after the other.
async fn same(worlds: [&World; 2], service: Service, operation: &str, input: Value) -> Value {
    let [left, right] = worlds.map(|world| world.aws.dispatch(service, operation, input.clone(), None));
    let answers = (left.await, right.await);
    assert_eq!(answers.0, answers.1, "{operation} {input}");
    answers.0.unwrap()
}

#[tokio::test(start_paused = true)]
async fn log_groups_streams_and_events_survive_a_kill() {
    let world = World::new();
    let now = world.clock.millis();
    let event = |text: &str| json!({ "timestamp": now, "message": text });
    let put = |group: &str, stream: &str, events: Value| json!({ "logGroupName": group, "logStreamName": stream, "logEvents": events });
    let arn = json!({ "resourceArn": "arn:aws:logs:us-east-1:000000000000:log-group:g" });
    let read = json!({ "logGroupName": "g", "logStreamName": "s", "startFromHead": true });
    let calls = [
        ("CreateLogGroup", json!({ "logGroupName": "g", "tags": { "a": "1" } })),
        ("CreateLogGroup", json!({ "logGroupName": "gone" })),
        ("CreateLogStream", json!({ "logGroupName": "g", "logStreamName": "s" })),
        ("CreateLogStream", json!({ "logGroupName": "g", "logStreamName": "gone" })),
        ("CreateLogStream", json!({ "logGroupName": "gone", "logStreamName": "s" })),
        ("PutLogEvents", put("g", "s", json!([event("first\n"), event("é\u{0}")]))),
        ("PutLogEvents", put("g", "gone", json!([event("x")]))),
        ("PutLogEvents", put("gone", "s", json!([event("x")]))),
        ("DeleteLogGroup", json!({ "logGroupName": "gone" })),
        ("DeleteLogStream", json!({ "logGroupName": "g", "logStreamName": "gone" })),
        ("PutRetentionPolicy", json!({ "logGroupName": "g", "retentionInDays": 7 })),
        ("TagResource", json!({ "resourceArn": "arn:aws:logs:us-east-1:000000000000:log-group:g", "tags": { "b": "2", "c": "3" } })),
        ("UntagResource", json!({ "resourceArn": "arn:aws:logs:us-east-1:000000000000:log-group:g", "tagKeys": ["a"] })),
    ];
    let questions = [
        ("DescribeLogGroups", json!({})),
        ("DescribeLogStreams", json!({ "logGroupName": "g" })),
        ("DescribeLogStreams", json!({ "logGroupName": "gone" })),
        ("ListTagsForResource", arn.clone()),
        ("GetLogEvents", read.clone()),
    ];
    step_by_step(&world, Service::Logs, &calls, &questions).await;
    let killed = world.killed();
    let both = [&world, &killed];
    let groups = same(both, Service::Logs, "DescribeLogGroups", json!({})).await;
    assert_eq!((&groups["logGroups"][0]["retentionInDays"], groups["logGroups"].as_array().unwrap().len()), (&json!(7), 1));
    assert_eq!(same(both, Service::Logs, "ListTagsForResource", arn).await["tags"], json!({ "b": "2", "c": "3" }));
    assert_eq!(same(both, Service::Logs, "GetLogEvents", read.clone()).await["events"][1]["message"], "é\u{0}");
    // Writing continues at the same place, also after another restart.
    for world in both {
        world.call(Service::Logs, "CreateLogStream", json!({ "logGroupName": "g", "logStreamName": "new" })).await;
        world.call(Service::Logs, "PutLogEvents", put("g", "s", json!([event("third")]))).await;
        world.call(Service::Logs, "PutLogEvents", put("g", "new", json!([event("fourth")]))).await;
    }
    let again = killed.killed();
    assert_eq!(same([&world, &again], Service::Logs, "GetLogEvents", read).await["events"].as_array().unwrap().len(), 3);
    same([&world, &again], Service::Logs, "DescribeLogStreams", json!({ "logGroupName": "g" })).await;
    assert_eq!((killed.rows("log_stream"), killed.rows("log_event")), (2, 4), "deleted rows are removed from the store");
}

/// The first failure comes after its call was carried out, because nothing could predict it. Later calls are refused.
#[tokio::test(start_paused = true)]
async fn no_call_is_carried_out_while_changes_cannot_be_stored() {
    let world = World::new();
    world.sqs("CreateQueue", json!({ "QueueName": "q" })).await;
    world.store.fill(true).unwrap();
    let body = "x".repeat(100_000);
    let send = || world.aws.dispatch(Service::Sqs, "SendMessage", json!({ "QueueUrl": "q", "MessageBody": body }), None);
    for outcome in ["is kept as soon as that is possible", "it was not carried out", "it was not carried out"] {
        let error = send().await.unwrap_err();
        assert_eq!((error.status, &*error.code), (500, "InternalFailure"));
        assert!(error.message.contains("full") && error.message.contains(outcome), "{error}");
    }
    assert_eq!(world.killed().bodies("q").await.len(), 0);
    // Once there is room again, the earlier call is stored with the next one.
    world.store.fill(false).unwrap();
    send().await.unwrap();
    assert_eq!(world.killed().bodies("q").await.len(), 2);
}
