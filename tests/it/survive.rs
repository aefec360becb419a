//! What the daemon survives: kills, failing and throttled calls, expired credentials, lost leases.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::atomic::{AtomicU32, Ordering},
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
async fn a_cancellation_survives_the_daemon_that_received_it() {
    let mut world = world(|_| Script::hangs()).start().await;
    world.submit(&job("app-1")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    world.send(r#"{ "version": 1, "cancel": "app-1" }"#).await;
    // The cancellation is received, and not yet carried out.
    while !world.aws.calls().contains_key("codebuild.StopBuild") {
        tokio::task::yield_now().await;
    }
    world.kill().await;
    world.start_daemon().await;
    assert_eq!(world.next_end().await["data"]["status"], "cancelled");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_stays_superseded_after_a_restart() {
    let setup = world(|assignment| if assignment.environment["SLIPWAY_JOB_ID"] == "old" { Script::hangs() } else { Script::succeeds() });
    let mut world = setup.start().await;
    let of_group = |id| {
        let mut job = job(id);
        job["group"] = json!({ "key": "main", "on_conflict": "supersede" });
        job
    };
    world.submit(&of_group("old")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    world.submit(&of_group("new")).await;
    while !world.aws.calls().contains_key("codebuild.StopBuild") {
        tokio::task::yield_now().await;
    }
    world.kill().await;
    tokio::time::sleep(Duration::from_mins(5)).await;
    world.start_daemon().await;
    let ends = world.ends().await;
    assert_eq!(ends["old/finished"]["data"]["status"], "superseded");
    assert_eq!(ends["new/finished"]["data"]["status"], "succeeded");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_killed_daemon_loses_nothing_and_the_next_builds_nothing_twice() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(2))).start().await;
    for n in 0..3 {
        world.submit(&job(&format!("app-{n}"))).await;
    }
    world.until_builds(|builds| builds.len() == 3).await;
    world.kill().await;
    world.start_daemon().await;
    assert_eq!(world.ends().await.len(), 3);
    assert_eq!(world.builds().len(), 3);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_build_that_ended_without_a_daemon_is_reported_by_the_next_one() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(1))).start().await;
    world.submit(&job("app-1")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    world.kill().await;
    world.until_builds(|builds| builds[0].end_ms.is_some()).await;
    world.start_daemon().await;
    assert_eq!(world.next_end().await["data"]["status"], "succeeded");
    assert_eq!(world.builds().len(), 1);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn many_jobs_are_adopted_with_as_few_calls_as_one() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(4)));
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=150").start().await;
    for n in 0..150 {
        world.submit(&job(&format!("app-{n}"))).await;
    }
    world.until_builds(|builds| builds.len() == 150).await;
    world.kill().await;
    let before = world.aws.calls()["codebuild.ListBuildsForProject"];
    world.start_daemon().await;
    assert_eq!(world.ends().await.len(), 150);
    let listings = world.aws.calls()["codebuild.ListBuildsForProject"] - before;
    assert!(listings <= 6, "{listings} pages were listed for 150 adoptions");
    assert_eq!(world.builds().len(), 150);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn running_builds_count_before_their_messages_are_received_again() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(10)));
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=2 SLIPWAY__QUEUES__0__VISIBILITY=5m").start().await;
    world.submit(&job("runs-1")).await;
    world.submit(&job("runs-2")).await;
    world.until_builds(|builds| builds.len() == 2).await;
    world.kill().await;
    world.start_daemon().await;
    world.submit(&job("waits")).await;
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(world.builds().len(), 2, "the limit holds over the restart");
    assert_eq!(world.ends().await.len(), 3);
    world.end().await;
}

/// Answers one operation with an error for half an hour.
#[derive(Debug)]
struct Refusal {
    since: tokio::time::Instant,
    operation: &'static str,
    code: &'static str,
}

impl Refusal {
    fn of(operation: &'static str, code: &'static str) -> Self {
        Self { since: tokio::time::Instant::now(), operation, code }
    }
}

impl Faults for Refusal {
    fn before(&self, _: &str, operation: &str) -> Option<Fault> {
        let refuses = operation == self.operation && self.since.elapsed() < Duration::from_mins(30);
        refuses.then(|| Fault::Error(ApiError::new(self.code, "not now").with_status(403)))
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_the_topic_refuses_keeps_its_message_until_it_is_accepted() {
    let mut world = world(|_| Script::succeeds()).faults(Refusal::of("PublishBatch", "AuthorizationError")).start().await;
    world.submit(&job("app-1")).await;
    tokio::time::sleep(Duration::from_mins(20)).await;
    assert_eq!(world.depth().await, 1, "the message is kept");
    assert_eq!(world.next_end().await["id"], "app-1/finished");
    assert_eq!(world.builds().len(), 1);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_delay_jobs_but_fail_none() {
    let mut world = world(|_| Script::succeeds()).faults(Refusal::of("StartBuild", "ExpiredTokenException")).start().await;
    world.submit(&job("app-1")).await;
    let began = tokio::time::Instant::now();
    assert_eq!(world.next_end().await["data"]["status"], "succeeded");
    assert!(began.elapsed() > Duration::from_mins(29), "the credentials had not expired");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_may_last_longer_than_the_twelve_hours_of_a_lease() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(750)));
    let mut world = setup.with("SLIPWAY__PROFILES__DEFAULT__TIMEOUT_MINUTES=2160 SLIPWAY__WATCH__INTERVAL=5m SLIPWAY__QUEUES__0__WAIT=20s SLIPWAY__QUEUES__0__VISIBILITY=10m").start().await;
    world.submit(&job("app-1")).await;
    tokio::time::sleep(Duration::from_hours(12)).await;
    assert_eq!(world.next_end().await["data"]["status"], "succeeded");
    assert_eq!(world.builds().len(), 1);
    world.end().await;
}

/// Injects a fault into every fifth call, each time another one.
#[derive(Debug, Default)]
struct BadDay {
    calls: AtomicU32,
}

impl BadDay {
    fn next(&self, kinds: &[fn() -> Fault]) -> Option<Fault> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) as usize;
        // The first calls create the queues and the topic.
        (call > 40 && call.is_multiple_of(5)).then(|| kinds[call / 5 % kinds.len()]())
    }
}

impl Faults for BadDay {
    fn before(&self, _: &str, _: &str) -> Option<Fault> {
        self.next(&[
            || Fault::Error(ApiError::new("ThrottlingException", "Rate exceeded")),
            || Fault::Error(ApiError::new("InternalError", "We are sorry").with_status(500)),
            || Fault::Hang,
        ])
    }

    fn after(&self, _: &str, _: &str) -> Option<Fault> {
        self.next(&[|| Fault::Drop, || Fault::Delay(Duration::from_secs(5))])
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_errors_and_lost_replies_only_delay_jobs() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(1)));
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=10").faults(BadDay::default()).start_without_daemon().await;
    for n in 0..20 {
        world.submit(&job(&format!("app-{n}"))).await;
    }
    world.start_daemon().await;
    let mut ends = std::collections::BTreeSet::new();
    while ends.len() < 20 {
        // The subscriber's own calls fail too. At-least-once delivery allows repeated events with the same id.
        let end = world.next_end().await;
        assert_eq!(end["data"]["status"], "succeeded");
        ends.insert(end["id"].to_string());
    }
    assert_eq!(world.builds().len(), 20);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_jobs_of_a_group_run_one_at_a_time_after_a_restart_with_lower_limits() {
    let setup = world(|assignment| match assignment.environment["SLIPWAY_JOB_ID"].as_str() {
        "first" => Script::succeeds().taking(Duration::from_mins(30)),
        "second" => Script::succeeds(),
        _ => Script::succeeds().taking(Duration::from_mins(5)),
    });
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=10").start().await;
    let of_group = |id| {
        let mut job = job(id);
        job["group"] = json!({ "key": "main" });
        job
    };
    world.submit(&of_group("first")).await;
    for number in 0..9 {
        world.submit(&job(&format!("app-{number}"))).await;
    }
    world.until_builds(|builds| builds.len() == 10).await;
    world.kill().await;
    // One of the ten has a place.
    world.set("SLIPWAY__LIMITS__RUNNING=1");
    world.start_daemon().await;
    world.submit(&of_group("second")).await;
    let mut order = Vec::new();
    for _ in 0..11 {
        order.push(world.next_end().await["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(order[9..], ["first/finished", "second/finished"]);
    world.end().await;
}
