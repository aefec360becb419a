//! Pauses: paused jobs neither start nor use up receives, also after a restart and if the tag was set by hand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use localaws::runner::scripted::Script;
use serde_json::{Value, json};
use slipway::{
    aws::queue::Queue,
    engine::pause::Error,
    job::standing::{Pause, PauseScope},
};
use tokio::time::sleep;

use crate::world::{World, job, world};

/// A world whose jobs queue allows two receives.
async fn twice_at_most() -> (World, Queue) {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(1))).start_without_daemon().await;
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:slipway-jobs-dlq","maxReceiveCount":2}"#;
    let queue = world.create_queue("strict", &[(QueueAttributeName::RedrivePolicy, policy)]).await;
    world.take_from(queue.url());
    (world, queue)
}

fn of_tenant(id: &str, tenant: &str) -> Value {
    let mut job = job(id);
    job["tenant"] = json!(tenant);
    job
}

fn tenant(name: &str) -> PauseScope {
    PauseScope::Tenant(name.to_owned())
}

async fn send(queue: &Queue, job: &Value) {
    queue.send(&job.to_string(), &slipway::aws::queue::Attributes::new()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_paused_queue_is_not_received_from_and_its_messages_lose_no_receives() {
    let (mut world, queue) = twice_at_most().await;
    queue.tag("slipway:pause", "by hand").await.unwrap();
    // The daemon is ready, although it receives nothing.
    world.start_daemon().await;
    let pauses = world.controls().pauses;
    assert_eq!(pauses.now(), [Pause { scope: PauseScope::All, since: None, reason: Some("by hand".to_owned()) }]);
    send(&queue, &job("app-1")).await;
    // Much longer than a visibility timeout, with restarts.
    for _ in 0..3 {
        sleep(Duration::from_hours(2)).await;
        world.kill().await;
        world.start_daemon().await;
    }
    assert!(world.builds().is_empty() && world.dead_letters().await.is_empty());
    assert!(world.controls().pauses.resume(&PauseScope::All).await.unwrap());
    assert_eq!(world.next_end().await["data"]["status"], "succeeded");
    assert!(queue.tags().await.unwrap().is_empty());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_received_before_a_pause_waits_and_is_not_dead_lettered() {
    let (mut world, queue) = twice_at_most().await;
    world.set("SLIPWAY__LIMITS__RUNNING=1");
    world.take_from(queue.url());
    world.start_daemon().await;
    let busy = world.clients.queue(queue.url());
    send(&busy, &job("first")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    send(&busy, &job("second")).await;
    // The job is received in this time.
    sleep(Duration::from_secs(10)).await;
    let name = PauseScope::Queue("strict".to_owned());
    world.controls().pauses.pause(name.clone(), None).await.unwrap();
    assert_eq!(world.next_end().await["id"], "first/finished");
    // Longer than SQS can hide a message: it returns to the queue, and is not received again.
    sleep(Duration::from_hours(13)).await;
    assert_eq!(world.builds().len(), 1);
    assert!(world.dead_letters().await.is_empty());
    assert!(world.controls().pauses.resume(&name).await.unwrap());
    assert_eq!(world.next_end().await["id"], "second/finished");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn jobs_of_a_paused_tenant_wait_while_others_run_also_after_a_restart() {
    let (mut world, queue) = twice_at_most().await;
    world.start_daemon().await;
    let pauses = world.controls().pauses;
    pauses.pause(tenant("team-a"), Some("see (here)".to_owned())).await.unwrap();
    for n in 0..30 {
        send(&queue, &of_tenant(&format!("a-{n}"), "team-a")).await;
    }
    for round in 0..4 {
        send(&queue, &of_tenant(&format!("b-{round}"), "team-b")).await;
        assert_eq!(world.next_end().await["id"], format!("b-{round}/finished"));
        sleep(Duration::from_mins(20)).await;
    }
    assert_eq!(world.builds().len(), 4, "no job of team-a has started");
    assert!(world.dead_letters().await.is_empty());
    // Another process reads the same pause.
    world.kill().await;
    world.start_daemon().await;
    let pauses = world.controls().pauses;
    assert_eq!(pauses.now()[0].reason.as_deref(), Some("see (here)"));
    assert!(pauses.resume(&tenant("team-a")).await.unwrap() && !pauses.resume(&tenant("team-a")).await.unwrap());
    for _ in 0..30 {
        assert_eq!(world.next_end().await["data"]["status"], "succeeded");
    }
    assert!(world.dead_letters().await.is_empty());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_notice_names_a_paused_job_before_its_receives_run_out() {
    let mut world = world(|_| Script::succeeds()).start_without_daemon().await;
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:slipway-jobs-dlq","maxReceiveCount":3}"#;
    let queue = world.create_queue("strict", &[(QueueAttributeName::RedrivePolicy, policy)]).await;
    world.take_from(queue.url());
    world.start_daemon().await;
    let pauses = world.controls().pauses;
    pauses.pause(tenant("team-a"), None).await.unwrap();
    send(&queue, &of_tenant("a-1", "team-a")).await;
    for is_shown in [false, true, true] {
        sleep(Duration::from_mins(5)).await;
        let notices = world.vitals().console().unwrap().snapshot().notices.clone();
        assert_eq!(notices.iter().any(|notice| notice.kind == "receives_run_out"), is_shown, "{notices:?}");
        if !is_shown {
            world.kill().await;
            world.start_daemon().await;
        }
    }
    // After the longest visibility timeout comes another receive, which is the last one.
    sleep(Duration::from_hours(12)).await;
    assert!(world.controls().pauses.resume(&tenant("team-a")).await.unwrap());
    assert_eq!(world.next_end().await["data"]["status"], "succeeded");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn paused_jobs_do_not_stop_others_from_being_received() {
    let mut world = world(|_| Script::succeeds()).with("SLIPWAY__LIMITS__WAITING=10").start().await;
    let pauses = world.controls().pauses;
    pauses.pause(PauseScope::Profile("default".to_owned()), None).await.unwrap();
    for n in 0..60 {
        world.submit(&of_tenant(&format!("a-{n}"), "team-a")).await;
    }
    sleep(Duration::from_mins(5)).await;
    assert!(world.builds().is_empty());
    // All of them are held, although only ten may wait for a place: none of them could start.
    assert!(world.clients.queue(&world.provision.jobs).receive(1, Duration::ZERO, Duration::ZERO).await.unwrap().is_empty());
    pauses.resume(&PauseScope::Profile("default".to_owned())).await.unwrap();
    assert_eq!(world.ends().await.len(), 60);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_is_set_elsewhere_takes_effect_within_a_minute() {
    let mut world = world(|_| Script::succeeds()).start().await;
    let queue = world.clients.queue(&world.provision.jobs);
    queue.tag("slipway:pause:tenant:team-a", "2026-11-22T10:00:00Z =28by hand=29").await.unwrap();
    queue.tag("owner", "team-x").await.unwrap();
    queue.tag("slipway:pause:tenat:team-b", "").await.unwrap();
    sleep(Duration::from_secs(61)).await;
    let notices = world.vitals().console().unwrap().snapshot().notices.clone();
    assert!(
        notices.iter().any(|notice| notice.kind == "pause_strange" && notice.text.contains("slipway:pause:tenat:team-b")),
        "{notices:?}"
    );
    let paused = world.controls().pauses.now();
    assert_eq!((paused.len(), paused[0].reason.as_deref()), (1, Some("(by hand)")));
    world.submit(&of_tenant("a-1", "team-a")).await;
    sleep(Duration::from_mins(10)).await;
    assert!(world.builds().is_empty());
    queue.untag("slipway:pause:tenant:team-a").await.unwrap();
    assert_eq!(world.ends().await.len(), 1);
    assert_eq!(queue.tags().await.unwrap().len(), 2, "other tags are not ours");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_invalid_pause_is_refused_with_the_reason() {
    let world = world(|_| Script::succeeds()).start().await;
    let pauses = world.controls().pauses;
    for (scope, expected) in [
        (PauseScope::Queue("other".to_owned()), "there is no queue other, only slipway-jobs"),
        (PauseScope::Profile("other".to_owned()), "there is no profile other"),
        (tenant("a b"), "the tenant's name"),
    ] {
        let error = pauses.pause(scope, None).await.unwrap_err();
        assert!(matches!(&error, Error::Unknown(text) if text.starts_with(expected)), "{error}");
    }
    let error = pauses.pause(PauseScope::All, Some("x".repeat(300))).await.unwrap_err();
    assert!(matches!(error, Error::Reason(_)));
    assert!(pauses.now().is_empty());
    world.end().await;
}
