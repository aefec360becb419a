//! A job from its message to its event.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use localaws::runner::scripted::Script;
use serde_json::{Value, json};

use crate::world::{job, world};

#[tokio::test(start_paused = true)]
async fn a_job_is_built_and_its_end_is_published() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(1)).resolving("4f2a")).start().await;
    world.submit(&job("app-1")).await;
    assert_eq!(world.next_event().await["id"], "app-1/queued");
    let started = world.next_event().await;
    assert_eq!((&started["id"], &started["type"]), (&json!("app-1/1/started"), &json!("slipway.job.started")));
    let finished = world.next_event().await;
    assert_eq!((&finished["id"], &finished["type"]), (&json!("app-1/finished"), &json!("slipway.job.finished")));
    assert_eq!(finished["data"]["status"], "succeeded");
    assert_eq!(finished["data"]["job"]["source"]["commit"], "4f2a");
    assert_eq!(finished["data"]["log"]["complete"], true);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_event_of_a_failure_has_the_command_and_its_output() {
    let mut world = world(|_| Script::fails("make all", "cc: error: missing.c: no such file", 2)).start().await;
    world.submit(&job("app-1")).await;
    let end = world.next_end().await;
    let data = &end["data"];
    assert_eq!(data["status"], "failed");
    assert_eq!(data["failure"]["kind"], "build");
    assert_eq!(data["failure"]["phase"], "BUILD");
    assert_eq!(data["failure"]["code"], "COMMAND_EXECUTION_ERROR");
    assert_eq!(data["failure"]["command"], "make all");
    let excerpt = data["log"]["excerpt"].as_str().unwrap();
    assert!(excerpt.contains("missing.c: no such file"), "{excerpt}");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_build_that_takes_too_long_has_timed_out() {
    let mut world = world(|_| Script::hangs()).start().await;
    let mut job = job("app-1");
    job["timeout_minutes"] = json!(5);
    world.submit(&job).await;
    let end = world.next_end().await;
    assert_eq!((&end["data"]["status"], &end["data"]["failure"]["kind"]), (&json!("timed_out"), &json!("timeout")));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn only_platform_faults_are_retried() {
    let mut world = world(|build| match (build.environment["SLIPWAY_JOB_ID"].as_str(), build.environment["SLIPWAY_ATTEMPT"].as_str()) {
        ("recovers", "1") => Script::faults(),
        ("never", _) => Script::provisioning_error(),
        ("wrong", _) => Script::fails("false", "", 1),
        _ => Script::succeeds(),
    });
    world = world.with("SLIPWAY__RETRY__ATTEMPTS=3");
    let mut world = world.start().await;
    for id in ["recovers", "never", "wrong"] {
        world.submit(&job(id)).await;
    }
    let ends = world.ends().await;
    let status_and_attempt = |id: &str| {
        let data = &ends[&format!("{id}/finished")]["data"];
        (data["status"].as_str().unwrap().to_owned(), data["attempt"].as_u64().unwrap())
    };
    assert_eq!(status_and_attempt("recovers"), ("succeeded".to_owned(), 2));
    assert_eq!(status_and_attempt("never"), ("errored".to_owned(), 3));
    assert_eq!(status_and_attempt("wrong"), ("failed".to_owned(), 1));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn limits_hold_for_all_and_for_each_tenant() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_secs(30)));
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=3 SLIPWAY__LIMITS__PER_TENANT=2").start().await;
    for n in 0..12 {
        let mut job = job(&format!("app-{n}"));
        job["tenant"] = json!(if n < 10 { "noisy" } else { "quiet" });
        world.submit(&job).await;
    }
    let mut most = (0, 0);
    world
        .until_builds(|builds| {
            let running = |tenant: Option<&str>| {
                let of = |id: &str| if matches!(id, "app-10" | "app-11") { "quiet" } else { "noisy" };
                let running = builds.iter().filter(|build| build.end_ms.is_none());
                running.filter(|build| tenant.is_none_or(|tenant| of(&build.variables["SLIPWAY_JOB_ID"]) == tenant)).count()
            };
            most = (most.0.max(running(None)), most.1.max(running(Some("noisy"))));
            builds.iter().filter(|build| build.end_ms.is_some()).count() == 12
        })
        .await;
    assert_eq!(most, (3, 2));
    assert_eq!(world.ends().await.len(), 12);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_profile_has_a_limit_of_its_own() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_secs(30)));
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=10 SLIPWAY__PROFILES__DEFAULT__RUNNING=2").start().await;
    for n in 0..6 {
        world.submit(&job(&format!("app-{n}"))).await;
    }
    let mut most = 0;
    world
        .until_builds(|builds| {
            most = most.max(builds.iter().filter(|build| build.end_ms.is_none()).count());
            builds.iter().filter(|build| build.end_ms.is_some()).count() == 6
        })
        .await;
    assert_eq!(most, 2);
    assert_eq!(world.ends().await.len(), 6);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_repeated_id_is_built_once_and_each_message_gets_the_same_terminal_event() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(1))).start().await;
    world.submit(&job("app-1")).await;
    world.submit(&job("app-1")).await;
    let ends = [world.next_end().await, world.next_end().await];
    assert_eq!(ends[0], ends[1]);
    // Long after its end, but within the deduplication window.
    tokio::time::sleep(Duration::from_mins(30)).await;
    world.submit(&job("app-1")).await;
    let again = world.next_end().await;
    assert_eq!(
        (&again["id"], &again["data"]["status"], &again["data"]["build"]),
        (&ends[0]["id"], &ends[0]["data"]["status"], &ends[0]["data"]["build"])
    );
    assert_eq!(world.builds().len(), 1);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_jobs_of_a_group_run_one_at_a_time_or_supersede_each_other() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(5))).start().await;
    let grouped = |id: &str, on_conflict: &str| {
        let mut job = job(id);
        job["group"] = json!({ "key": "acme/app@main", "on_conflict": on_conflict });
        job
    };
    world.submit(&grouped("first", "queue")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    world.submit(&grouped("second", "queue")).await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(world.builds().len(), 1, "the second waits for the first");
    world.submit(&grouped("third", "supersede")).await;
    let ends = world.ends().await;
    let statuses: Vec<&Value> = ["first", "second", "third"].iter().map(|id| &ends[&format!("{id}/finished")]["data"]["status"]).collect();
    assert_eq!(statuses, ["superseded", "superseded", "succeeded"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_is_cancelled_while_it_waits_while_it_runs_and_before_it_is_received() {
    let setup = world(|_| Script::hangs());
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=1").start().await;
    let cancel = |id: &str| json!({ "version": 1, "cancel": id, "reason": "by hand" }).to_string();
    world.send(&cancel("early")).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.submit(&job("running")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    world.submit(&job("waiting")).await;
    world.submit(&job("early")).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.send(&cancel("waiting")).await;
    world.send(&cancel("running")).await;
    let ends = world.ends().await;
    assert!(ends.values().all(|end| end["data"]["status"] == "cancelled"), "{ends:#?}");
    assert_eq!(ends.len(), 3);
    assert_eq!(world.builds().len(), 1);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_thousand_jobs_are_built_and_none_is_lost() {
    let mut world = world(|_| Script::succeeds()).with("SLIPWAY__LIMITS__RUNNING=1000").start().await;
    for n in 0..1000 {
        world.submit(&job(&format!("app-{n}"))).await;
    }
    let ends = world.ends().await;
    assert_eq!(ends.len(), 1000);
    assert!(ends.values().all(|end| end["data"]["status"] == "succeeded"));
    assert_eq!(world.builds().len(), 1000);
    world.end().await;
}
