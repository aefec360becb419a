//! A job, tenant or project with a fault does not stop the builds of others.
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
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::world::{World, job, world};

/// Refuses one operation while the switch is on.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) operation: &'static str,
    pub(crate) code: &'static str,
    pub(crate) on: Arc<AtomicBool>,
}

impl Refused {
    pub(crate) fn new(operation: &'static str, code: &'static str) -> Self {
        Self { operation, code, on: Arc::default() }
    }
}

impl Faults for Refused {
    fn before(&self, _: &str, operation: &str) -> Option<Fault> {
        let refused = operation == self.operation && self.on.load(Ordering::Relaxed);
        refused.then(|| Fault::Error(ApiError::new(self.code, "refused")))
    }
}

fn tenants(job: &Value, tenant: &str) -> Value {
    let mut job = job.clone();
    job["tenant"] = json!(tenant);
    job
}

/// Expects a job of another tenant to be built within a minute.
async fn expect_another_to_build(world: &mut World) {
    let began = Instant::now();
    let mut anothers = tenants(&job("another"), "team-b");
    // Its id is that of its message, so no build has to be looked up.
    anothers.as_object_mut().unwrap().remove("id");
    anothers["labels"] = json!({ "is": "another" });
    world.submit(&anothers).await;
    while world.next_end().await["data"]["job"]["labels"]["is"] != "another" {}
    assert!(began.elapsed() < Duration::from_mins(1), "another's job took {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn jobs_of_a_missing_project_end_and_take_no_place() {
    let mut world = world(|_| Script::succeeds()).start_without_daemon().await;
    world.add_profile("gone", "no-such-project");
    world.start_daemon().await;
    for number in 0..4 {
        let mut of_gone = job(&format!("gone-{number}"));
        of_gone["profile"] = json!("gone");
        world.submit(&of_gone).await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    expect_another_to_build(&mut world).await;
    let began = Instant::now();
    world.send(r#"{ "version": 1, "cancel": "gone-0" }"#).await;
    for number in 0..4 {
        let end = world.next_end().await;
        let wanted = if number == 0 { ("gone-0/finished", "cancelled") } else { (end["id"].as_str().unwrap(), "errored") };
        assert_eq!((end["id"].as_str().unwrap(), end["data"]["status"].as_str().unwrap()), wanted);
        if number > 0 {
            assert_eq!(end["data"]["failure"]["code"], "ResourceNotFoundException");
            assert!(end["data"]["failure"]["message"].as_str().unwrap().contains("no-such-project"), "{end}");
        }
    }
    assert!(began.elapsed() < Duration::from_mins(15), "took {:?}", began.elapsed());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn jobs_that_cannot_start_take_no_place_of_those_that_can() {
    type Flood = (&'static str, fn(usize) -> Value);
    let floods: [Flood; 4] = [
        ("cancels of unknown jobs", |n| json!({ "version": 1, "cancel": format!("unknown-{n}") })),
        ("jobs of one group", |n| {
            let mut job = job(&format!("flood-{n}"));
            job["group"] = json!({ "key": "one" });
            job
        }),
        ("jobs of a tenant at its limit", |n| job(&format!("flood-{n}"))),
        ("repeats of one id", |_| job("flood")),
    ];
    for (what, message) in floods {
        let refused = Refused::new("ListBuildsForProject", "ThrottlingException");
        let setup = world(|build| match build.environment.get("SLIPWAY_TENANT").map(String::as_str) {
            Some("team-b") => Script::succeeds(),
            _ => Script::hangs(),
        });
        let limits = "SLIPWAY__LIMITS__WAITING=50 SLIPWAY__LIMITS__RUNNING=4 SLIPWAY__LIMITS__PER_TENANT=2";
        let mut world = setup.with(limits).faults(refused.clone()).start().await;
        // The cancellations look for builds everywhere, and get no answer.
        refused.on.store(what.starts_with("cancels"), Ordering::Relaxed);
        for number in 0..60 {
            world.send(&message(number).to_string()).await;
        }
        tokio::time::sleep(Duration::from_secs(20)).await;
        expect_another_to_build(&mut world).await;
        world.abandon().await;
    }
}

#[tokio::test(start_paused = true)]
async fn rejected_messages_without_a_dead_letter_queue_take_no_place() {
    let mut world = world(|_| Script::succeeds()).with("SLIPWAY__LIMITS__WAITING=50").start_without_daemon().await;
    world.bury_in("http://127.0.0.1:4566/000000000000/no-such-queue");
    world.start_daemon().await;
    for _ in 0..60 {
        world.send("no job").await;
    }
    tokio::time::sleep(Duration::from_secs(20)).await;
    expect_another_to_build(&mut world).await;
    world.abandon().await;
}

#[tokio::test(start_paused = true)]
async fn unpublished_ends_stop_new_starts_and_are_published_later() {
    let refused = Refused::new("PublishBatch", "Throttled");
    let setup = world(|_| Script::succeeds()).with("SLIPWAY__LIMITS__WAITING=20 SLIPWAY__LIMITS__RUNNING=2").faults(refused.clone());
    let mut world = setup.start().await;
    refused.on.store(true, Ordering::Relaxed);
    for number in 0..40 {
        world.submit(&job(&format!("app-{number}"))).await;
    }
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(world.builds().len(), 22, "only as many jobs as may run and wait");
    refused.on.store(false, Ordering::Relaxed);
    assert_eq!(world.ends().await.len(), 40);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn no_job_starts_before_the_running_builds_are_known() {
    let refused = Refused::new("ListBuildsForProject", "AccessDeniedException");
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(5)));
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=4").faults(refused.clone()).start().await;
    for number in 0..4 {
        world.submit(&job(&format!("app-{number}"))).await;
    }
    world.until_builds(|builds| builds.len() == 4).await;
    world.kill().await;
    refused.on.store(true, Ordering::Relaxed);
    world.start_daemon().await;
    for _ in 0..4 {
        let mut unnamed = job("");
        unnamed.as_object_mut().unwrap().remove("id");
        world.submit(&unnamed).await;
    }
    tokio::time::sleep(Duration::from_secs(45)).await;
    assert_eq!(world.builds().len(), 4, "a build was started before it was known how many run");
    refused.on.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(world.builds().iter().filter(|build| build.status == "IN_PROGRESS").count(), 4);
    assert_eq!(world.ends().await.len(), 8);
    world.end().await;
}

/// Makes the task that calls an operation panic, this many times.
#[derive(Debug)]
struct Panics(&'static str, std::sync::atomic::AtomicU32);

impl Faults for Panics {
    fn before(&self, _: &str, operation: &str) -> Option<Fault> {
        let left = operation == self.0 && self.1.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        assert!(!left, "an injected panic");
        None
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_task_panics_continues_or_is_given_back() {
    for (panics, longest) in [(1, Duration::from_secs(10)), (2, Duration::from_mins(2))] {
        let mut world = world(|_| Script::succeeds()).faults(Panics("StartBuild", panics.into())).start().await;
        let began = Instant::now();
        world.submit(&job("app-1")).await;
        assert_eq!(world.next_end().await["data"]["status"], "succeeded");
        assert!(began.elapsed() < longest, "{panics} panics: took {:?}", began.elapsed());
        assert!(world.dead_letters().await.is_empty());
        world.end().await;
    }
}
