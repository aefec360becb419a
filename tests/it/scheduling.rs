//! The order of starts in the whole daemon: floods, bursts, groups, full queues.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "simulated times and counts are far below 2^52")]

#[path = "../../bench/schedule/days.rs"]
mod days;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::http::StatusCode;
use localaws::{
    ApiError,
    codebuild::BuildView,
    fault::{Fault, Faults},
    runner::scripted::Script,
};
use serde_json::{Value, json};
use slipway::config::{TenantLimits, WhenFull};
use tokio::time::Instant;

use crate::{
    api::{ask, get, open},
    world::{World, job, world},
};

fn of_tenant(tenant: &str, id: &str) -> Value {
    let mut job = job(id);
    job["tenant"] = json!(tenant);
    job
}

fn of_group(id: &str, on_conflict: &str) -> Value {
    let mut job = job(id);
    job["group"] = json!({ "key": "acme/app@main", "on_conflict": on_conflict });
    job
}

fn job_of(build: &BuildView) -> &str {
    &build.variables["SLIPWAY_JOB_ID"]
}

/// The jobs that were built, in the order of their starts.
fn order(world: &World) -> Vec<String> {
    let mut builds = world.builds();
    builds.sort_by_key(|build| build.start_ms);
    builds.iter().map(|build| job_of(build).to_owned()).collect()
}

#[test]
fn every_promise_holds_over_days_of_a_mixed_load() {
    let report = days::run(6, 3);
    days::check(&report);
    assert!(report.compared > 20 && report.beside_floods > 0 && report.waits.1 > 0, "{report:?}");
}

/// Twice the default of `limits.waiting`, all without a `MessageGroupId`.
#[tokio::test(start_paused = true)]
async fn a_flood_of_one_tenant_delays_the_first_job_of_another_by_one_build() {
    let world = world(|_| Script::succeeds().taking(Duration::from_mins(10))).start().await;
    for number in 0..2000 {
        world.send(&of_tenant("flood", &format!("flood-{number}")).to_string()).await;
    }
    let running = world.running();
    world.until_builds(|builds| builds.len() == running).await;
    world.send(&of_tenant("quiet", "first").to_string()).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.builds().len(), running, "all places are taken");
    world.until_builds(|builds| builds.iter().any(|build| job_of(build) == "first")).await;
    let at = order(&world).iter().position(|id| id == "first").unwrap();
    assert!(at <= running + 1, "{} of the flood went before", at - running);
    world.abandon().await;
}

/// `StartBuild` accepts this many calls in any second.
#[derive(Debug, Clone)]
struct Throttled {
    most: usize,
    taken: Arc<Mutex<VecDeque<Instant>>>,
    throttles: Arc<AtomicUsize>,
}

impl Faults for Throttled {
    fn before(&self, _: &str, operation: &str) -> Option<Fault> {
        if operation != "StartBuild" {
            return None;
        }
        let (mut taken, now) = (self.taken.lock().unwrap(), Instant::now());
        while taken.front().is_some_and(|at| now.duration_since(*at) >= Duration::from_secs(1)) {
            taken.pop_front();
        }
        if taken.len() < self.most {
            taken.push_back(now);
            return None;
        }
        self.throttles.fetch_add(1, Ordering::Relaxed);
        Some(Fault::Error(ApiError::new("ThrottlingException", "Rate exceeded")))
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_starts_are_paced_to_the_rate_of_codebuild() {
    let start_build = Throttled { most: 5, taken: Arc::default(), throttles: Arc::default() };
    // A status read of a thousand builds is expensive, and nothing here needs one.
    let setup =
        world(|_| Script::succeeds().taking(Duration::from_hours(1))).with("SLIPWAY__LIMITS__RUNNING=1000 SLIPWAY__WATCH__INTERVAL=5m");
    let mut world = setup.faults(start_build.clone()).start().await;
    for number in 0..1000 {
        world.submit(&job(&format!("app-{number}"))).await;
    }
    let began = Instant::now();
    while world.builds().len() < 1000 {
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let throttles = start_build.throttles.load(Ordering::Relaxed);
    assert!(throttles < 100, "{throttles} starts were throttled");
    assert!(began.elapsed() < Duration::from_secs(410), "{} s, where 200 s are the least", began.elapsed().as_secs());
    world.abandon().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_of_a_tenant_with_too_many_waiting_jobs_is_rejected_and_may_be_sent_again() {
    let mut world =
        world(|_| Script::succeeds().taking(Duration::from_mins(5))).with("SLIPWAY__LIMITS__RUNNING=1").start_without_daemon().await;
    let of_flood =
        TenantLimits { pattern: "flood*".to_owned(), running: None, burst: None, weight: 1, waiting: Some(3), when_full: WhenFull::Reject };
    world.limit_tenants(vec![of_flood]);
    world.start_daemon().await;
    for number in 0..6 {
        world.submit(&of_tenant("flood", &format!("app-{number}"))).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let router = open(&world);
    for (id, expected) in [("app-6", StatusCode::TOO_MANY_REQUESTS), ("app-3", StatusCode::ACCEPTED)] {
        let (status, _, text) = ask(&router, "POST /jobs", Some(of_tenant("flood", id))).await;
        assert_eq!((status, text.contains("TENANT_QUEUE_FULL")), (expected, expected != StatusCode::ACCEPTED), "{id}: {text}");
    }
    let limits = get(&router, "/limits").await;
    let flood = &limits["tenants"][0];
    assert_eq!((&flood["waiting"], &flood["waiting_limit"], &flood["when_full"]), (&json!(3), &json!(3), &json!("reject")));
    assert_eq!(limits["held"]["waiting_limit"], 1000);
    assert!(limits["held"]["bytes"].as_u64().unwrap() > 0 && limits["held"]["bytes_limit"] == 64 << 20, "{limits}");
    world.submit(&of_tenant("quiet", "quiet")).await;
    for id in ["app-4", "app-5"] {
        let end = world.next_end().await;
        assert_eq!((&end["type"], &end["subject"]), (&json!("slipway.job.rejected"), &json!(id)));
        assert_eq!(end["data"]["problems"][0]["path"], "/tenant");
        let problem = end["data"]["problems"][0]["problem"].as_str().unwrap();
        assert_eq!(problem, "TENANT_QUEUE_FULL: 3 jobs of flood wait already, as many as may; send it again later");
    }
    assert_eq!(world.dead_letters().await.len(), 2);
    // After a crash the waiting jobs are received again, and are not rejected because of it. One of them was sent twice, and has two
    // events.
    world.kill().await;
    world.start_daemon().await;
    for _ in 0..6 {
        assert_eq!(world.next_end().await["data"]["status"], "succeeded");
    }
    world.submit(&of_tenant("flood", "app-4")).await;
    assert_eq!(world.next_end().await["data"]["status"], "succeeded", "there is room again");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn fifty_jobs_that_supersede_each_other_end_with_one_build() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(5))).with("SLIPWAY__LIMITS__RUNNING=1").start().await;
    world.submit(&job("before")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    for number in 0..50 {
        world.submit(&of_group(&format!("app-{number}"), "supersede")).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let ends = world.ends().await;
    let superseded = ends.values().filter(|end| end["data"]["status"] == "superseded").count();
    assert_eq!((superseded, order(&world)), (49, vec!["before".to_owned(), "app-49".to_owned()]));
    assert_eq!(ends["app-49/finished"]["data"]["status"], "succeeded");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_group_keeps_its_order_over_a_restart() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(5)));
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=1 SLIPWAY__SHUTDOWN__GRACE=1s").start().await;
    world.submit(&job("before")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    let ids: Vec<String> = (0..8).map(|number| format!("app-{number}")).collect();
    for id in &ids {
        world.submit(&of_group(id, "queue")).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.drain().await;
    world.start_daemon().await;
    assert_eq!(world.ends().await.len(), 9);
    assert_eq!(order(&world)[1..], ids);
    world.end().await;
}
