//! What subscribers rely on: the official and own schemas of events, the `AsyncAPI` document, and the filter policies in the manual.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock, time::Duration};

use jsonschema::Validator;
use localaws::runner::scripted::Script;
use serde_json::{Value, json};

use crate::world::{is_terminal, job, world};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static CLOUDEVENTS: LazyLock<Validator> = LazyLock::new(|| schema("tests/cloudevents/cloudevents.json"));
static EVENT: LazyLock<Validator> = LazyLock::new(|| schema("docs/schemas/event.schema.json"));

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn schema(path: &str) -> Validator {
    let schema: Value = serde_json::from_str(&read(path)).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn assert_valid(validator: &Validator, value: &Value) {
    let errors: Vec<_> = validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}\n{value:#}");
}

#[test]
fn the_official_schema_refuses_other_json() {
    let event = json!({ "specversion": "1.0", "id": "a", "source": "urn:x", "type": "t", "time": "2026-11-22T10:22:00.123Z", "data": {} });
    assert_valid(&CLOUDEVENTS, &event);
    for (key, wrong) in [("id", json!("")), ("source", json!("a b")), ("time", json!("yesterday")), ("subject", json!(1))] {
        let mut event = event.clone();
        event[key] = wrong;
        assert!(!CLOUDEVENTS.is_valid(&event), "{event}");
    }
}

/// A job with each ending, and every kind of event.
#[tokio::test(start_paused = true)]
async fn every_kind_of_event_is_a_valid_cloudevent_and_fits_its_schema() {
    let mut world = world(|assignment| match assignment.environment.get("SLIPWAY_JOB_ID").map(String::as_str) {
        Some("good") => Script::succeeds()
            .taking(Duration::from_mins(1))
            .resolving("4f2a")
            .exporting("SLIPWAY_RESULT", json!([{ "reference": "registry.test/team/app:1", "digest": DIGEST }]).to_string()),
        _ => Script::fails("docker pull node", "toomanyrequests: You have reached your pull rate limit.", 1),
    })
    .start()
    .await;
    let mut good = job("good");
    good["labels"] = json!({ "release": "1" });
    world.submit(&good).await;
    world.submit(&job("bad")).await;
    world.submit_text("{}").await;
    let mut events = Vec::new();
    while events.iter().filter(|event| is_terminal(event)).count() < 3 {
        events.push(world.next_event().await);
    }
    for event in &events {
        assert_valid(&CLOUDEVENTS, event);
        assert_valid(&EVENT, event);
    }
    let of = |kind: &str| events.iter().filter(|event| event["type"] == format!("slipway.job.{kind}")).count();
    assert_eq!(["queued", "started", "finished", "rejected"].map(of), [2, 2, 2, 1]);

    let finished = |id: &str| &events.iter().find(|event| event["id"] == format!("{id}/finished")).unwrap()["data"];
    assert_eq!(finished("good")["images"], json!([{ "reference": "registry.test/team/app:1", "digest": DIGEST }]));
    assert_eq!(finished("bad")["failure"]["code"], "DOCKER_HUB_RATE_LIMIT");
    let message = finished("bad")["failure"]["message"].as_str().unwrap();
    assert!(message.starts_with("toomanyrequests: You have reached your pull rate limit. ("), "{message}");
    assert!(message.contains("public.ecr.aws/docker/library"), "{message}");
    world.end().await;
}

/// The fields of the contract's example event, without those that only some builds have.
#[tokio::test(start_paused = true)]
async fn no_field_of_the_contract_is_missing() {
    let mut world = world(|_| Script::fails("make", "x", 2).taking(Duration::from_mins(1)).resolving("4f2a")).start().await;
    let mut full = job("app-1");
    full["source"]["revision"] = json!("main");
    world.submit(&full).await;
    let event = world.next_end().await;
    for pointer in "/specversion /id /source /type /subject /time /datacontenttype /data/version /data/status /data/job/id \
        /data/job/message_id /data/job/tenant /data/job/profile /data/job/priority /data/job/source/url /data/job/source/revision \
        /data/job/source/commit /data/job/labels /data/job/enqueued_at /data/attempt /data/build/id /data/build/arn /data/build/number \
        /data/build/project /data/build/started_at /data/build/ended_at /data/build/console_url /data/build/phases/0/name \
        /data/build/phases/0/status /data/build/phases/0/seconds /data/failure/kind /data/failure/phase /data/failure/code \
        /data/failure/message /data/failure/command /data/log/excerpt /data/log/group /data/log/stream /data/log/url /data/log/lines \
        /data/log/truncated /data/log/complete /data/log/redactions /data/timings/queued_seconds /data/timings/waiting_seconds \
        /data/timings/provisioning_seconds /data/timings/building_seconds"
        .split_whitespace()
    {
        assert!(event.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}: {event:#}");
    }
    world.end().await;
}

/// A topic accepts 256 KiB by default, whatever `topic.max_bytes` says. A batch counts as a whole.
#[tokio::test(start_paused = true)]
async fn events_fit_a_topic_that_accepts_less_than_configured() {
    let line = |n| format!("{n:04} {}\n", "x".repeat(400));
    let output = (0..1_000).map(line).collect::<Vec<_>>().concat();
    let setup = world(move |assignment| match assignment.environment["SLIPWAY_JOB_ID"].as_str() {
        // The event of a success has as many of the closing lines as fit.
        id if id.starts_with("large") => Script::succeeds().printing(output.clone()),
        // Five of them are more than 256 KiB.
        _ => Script::succeeds().printing(output[..200_000].to_owned()),
    });
    let mut world = setup.with("SLIPWAY__TOPIC__MAX_BYTES=1MiB SLIPWAY__LOG__LINES=1000 SLIPWAY__LOG__BYTES=512KiB").start().await;
    for id in ["large-1", "half-1", "half-2", "half-3", "half-4", "half-5"] {
        world.submit(&job(id)).await;
    }
    let ends = world.ends().await;
    let bytes = |id: &str| ends[&format!("{id}/finished")].to_string().len();
    assert!((250_000..262_144).contains(&bytes("large-1")), "{}", bytes("large-1"));
    assert!(bytes("half-1") > 200_000, "{}", bytes("half-1"));
    // The topic's limit is known now.
    let before = world.aws.calls()["sns.PublishBatch"];
    world.submit(&job("large-2")).await;
    let end = world.next_end().await;
    assert!((250_000..262_144).contains(&end.to_string().len()));
    // Its `queued`, its `started` and this one.
    assert_eq!(world.aws.calls()["sns.PublishBatch"] - before, 3);
    world.end().await;
}

/// The message may be on its queue by mistake, or the queue may belong to another program. In both cases the daemon must not delete it.
#[tokio::test(start_paused = true)]
async fn other_messages_stay_on_the_queue_of_build_events() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(3))).with("SLIPWAY__WATCH__INTERVAL=10m").start().await;
    let events = world.clients.queue(&world.provision.build_events);
    events.send("{}", &BTreeMap::new()).await.unwrap();
    world.submit(&job("app-1")).await;
    let end = world.next_end().await;
    let (published, ended) = (&end["time"], &end["data"]["build"]["ended_at"]);
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    // Without pushed events, the next status read is at 10:10. The log may be read a second time, one second after the first.
    assert!(time(published).duration_since(time(ended)).as_secs_f64() < 5.0, "pushed events still count: {end:#}");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(events.depth().await.unwrap(), 1);
    world.end().await;
}

fn asyncapi() -> Value {
    serde_saphyr::from_str(&read("docs/asyncapi.yaml")).unwrap()
}

/// Every `$ref` in a value.
fn references(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            all.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| references(value, all));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, all)),
        _ => {}
    }
}

#[test]
fn every_reference_in_the_asyncapi_document_resolves() {
    let document = asyncapi();
    assert_eq!(document["asyncapi"], "3.0.0");
    let mut all = Vec::new();
    references(&document, &mut all);
    assert!(all.iter().any(|reference| reference.ends_with("job.schema.json")) && all.len() > 20, "{all:?}");
    for reference in all {
        match reference.strip_prefix('#') {
            Some(pointer) => assert!(document.pointer(pointer).is_some(), "{reference}"),
            None => assert!(serde_json::from_str::<Value>(&read(&format!("docs/{reference}"))).is_ok(), "{reference}"),
        }
    }
}

#[test]
fn the_examples_of_the_asyncapi_document_are_valid() {
    let document = asyncapi();
    let job = schema("docs/schemas/job.schema.json");
    let attributes = jsonschema::validator_for(&document["components"]["schemas"]["attributes"]).unwrap();
    let messages = document["components"]["messages"].as_object().unwrap();
    assert_eq!(messages.len(), 6);
    for (name, message) in messages {
        let examples = message["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{name}");
        for example in examples {
            let payload = &example["payload"];
            if message["payload"]["$ref"] == "#/components/schemas/message" {
                assert_valid(&job, payload);
                continue;
            }
            assert_valid(&EVENT, payload);
            assert_valid(&CLOUDEVENTS, payload);
            assert_valid(&attributes, &example["headers"]);
            assert_eq!(payload["type"], format!("slipway.job.{name}"));
            assert_eq!(
                (&payload["type"], payload.pointer("/data/status")),
                (&example["headers"]["type"], example["headers"].get("status"))
            );
        }
    }
}

/// The policy in the manual's block with this name.
fn policy(name: &str) -> String {
    let page = read("docs/subscribers.md");
    let (_, rest) = page.split_once(&format!("```json {name}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_command_in_the_manual_subscribes_with_the_policy_in_the_manual() {
    let page = read("docs/subscribers.md");
    let (_, rest) = page.split_once("--attributes '").unwrap();
    let attributes: Value = serde_json::from_str(rest.split_once('\'').unwrap().0).unwrap();
    let given: Value = serde_json::from_str(attributes["FilterPolicy"].as_str().unwrap()).unwrap();
    assert_eq!(given, serde_json::from_str::<Value>(&policy("attributes")).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_gets_the_events_that_the_policies_of_the_manual_choose() {
    let mut world = world(|assignment| match assignment.environment.get("SLIPWAY_JOB_ID").map_or("", String::as_str) {
        id if id.starts_with("good") => Script::succeeds(),
        id if id.ends_with("login") => Script::fails("docker push x", "no basic auth credentials", 1),
        _ => Script::fails("make", "error: x", 2),
    })
    .start()
    .await;
    let wanted = world.subscribe("mine", &policy("attributes"), "MessageAttributes").await;
    let mending = world.subscribe("mending", &policy("body"), "MessageBody").await;
    for (id, tenant) in [("good-1", "team-a"), ("bad-1", "team-b"), ("bad-login", "team-a"), ("bad-2", "team-a"), ("other-login", "team-b")]
    {
        let mut job = job(id);
        job["tenant"] = tenant.into();
        world.submit(&job).await;
    }
    world.ends().await;
    assert_eq!(world.received(&wanted).await, ["bad-2/finished", "bad-login/finished"]);
    assert_eq!(world.received(&mending).await, ["bad-login/finished"]);
    world.end().await;
}
