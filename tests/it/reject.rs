//! Messages that are no valid jobs.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use localaws::{
    ApiError,
    fault::{Fault, Faults},
    runner::scripted::Script,
};
use serde_json::json;

use crate::world::{job, world};

#[tokio::test(start_paused = true)]
async fn a_rejected_message_is_kept_unchanged_and_its_event_has_every_problem() {
    let mut world = world(|_| Script::succeeds()).start().await;
    let body = json!({
        "version": 1,
        "id": "app-1",
        "source": { "url": "https://github.com/acme/app", "revision": "--upload-pack=x" },
        "images": [{ "name": "Team/App", "dockerfile": "../Dockerfile" }],
        "buildspec": "mine",
    });
    world.submit(&body).await;
    let end = world.next_end().await;
    assert_eq!((&end["id"], &end["type"]), (&json!("app-1/rejected"), &json!("slipway.job.rejected")));
    let problems = end["data"]["problems"].as_array().unwrap();
    let paths: Vec<_> = problems.iter().map(|problem| problem["path"].as_str().unwrap()).collect();
    for path in ["/source/revision", "/images/0/name", "/images/0/dockerfile", "/buildspec"] {
        assert!(paths.contains(&path), "{path} is not among {paths:?}");
    }
    let letters = world.dead_letters().await;
    assert_eq!(letters[0].body, body.to_string());
    assert_eq!(letters[0].text(slipway::engine::REASONS).unwrap().lines().count(), problems.len());
    assert!(world.builds().is_empty());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn noise_of_any_size_is_rejected_and_harms_no_other_job() {
    let mut world = world(|_| Script::succeeds()).start().await;
    let megabyte = "\u{1F4A9}".repeat(1024 * 1024 / 4);
    let fields = format!("{{{}}}", (0..40_000).map(|n| format!("\"field-{n}\":{n}")).collect::<Vec<_>>().join(","));
    let nested = "[".repeat(100_000);
    for body in ["not json", "{}", "null", "[]", "\"text\"", " ", &megabyte, &fields, &nested] {
        let message = world.submit_text(body).await;
        let end = world.next_end().await;
        assert_eq!(end["id"], format!("{message}/rejected"), "{:.40}", body);
        assert!(!end["data"]["problems"].as_array().unwrap().is_empty());
        assert_eq!(world.dead_letters().await[0].body, body);
    }
    world.submit(&job("good")).await;
    assert_eq!(world.next_end().await["data"]["status"], "succeeded");
    world.end().await;
}

/// A jobs queue that is subscribed to the topic of its own events.
#[tokio::test(start_paused = true)]
async fn an_event_that_returns_as_a_message_causes_no_other_event() {
    let mut world = world(|_| Script::succeeds()).start().await;
    let event = json!({ "specversion": "1.0", "id": "app-1/finished", "type": "slipway.job.finished", "data": {} });
    let envelope = json!({ "Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:events", "Message": event.to_string() });
    for body in [event.to_string(), envelope.to_string()] {
        world.submit_text(&body).await;
        let letters = world.dead_letters().await;
        assert!(letters[0].text(slipway::engine::REASONS).unwrap().contains("the daemon's own events"), "{letters:?}");
    }
    world.submit(&job("next")).await;
    assert_eq!(world.next_end().await["id"], "next/finished");
    world.end().await;
}

/// While the switch is on, SQS does not answer which dead-letter queue there is.
#[derive(Debug, Clone, Default)]
struct Silence(Arc<AtomicBool>);

impl Faults for Silence {
    fn before(&self, _: &str, operation: &str) -> Option<Fault> {
        let silent = operation == "GetQueueAttributes" && self.0.load(Ordering::Relaxed);
        silent.then(|| Fault::Error(ApiError::new("AccessDenied", "not authorized to perform: sqs:getqueueattributes").with_status(403)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejected_message_is_kept_until_the_dead_letter_queue_is_known() {
    let silence = Silence::default();
    let mut world = world(|_| Script::succeeds()).faults(silence.clone()).start_without_daemon().await;
    world.name_no_dead_letters();
    silence.0.store(true, Ordering::Relaxed);
    world.start_daemon().await;
    world.submit_text("not json").await;
    assert_eq!(world.next_end().await["type"], "slipway.job.rejected");
    tokio::time::sleep(Duration::from_mins(30)).await;
    silence.0.store(false, Ordering::Relaxed);
    assert_eq!(world.depth().await, 1, "the message is kept");
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(world.dead_letters().await[0].body, "not json");
    world.end().await;
}
