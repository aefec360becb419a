//! One id is one job, and a job has one end: with lost answers, repeats, restarts and newer jobs of its group.
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
use serde_json::{Value, json};

use crate::{
    isolation::Refused,
    world::{World, job, world},
};

/// The answer to the first start is lost, and the second start is refused.
#[derive(Debug)]
struct LostThenRefused {
    code: &'static str,
    starts: AtomicU32,
}

impl Faults for LostThenRefused {
    fn before(&self, _: &str, operation: &str) -> Option<Fault> {
        let is_second = operation == "StartBuild" && self.starts.fetch_add(1, Ordering::Relaxed) == 1;
        is_second.then(|| Fault::Error(ApiError::new(self.code, "refused")))
    }

    fn after(&self, _: &str, operation: &str) -> Option<Fault> {
        (operation == "StartBuild" && self.starts.load(Ordering::Relaxed) == 1).then_some(Fault::Drop)
    }
}

#[tokio::test(start_paused = true)]
async fn the_build_is_looked_for_when_a_start_is_refused_after_a_lost_answer() {
    for code in ["AccessDeniedException", "InvalidInputException", "AccountLimitExceededException"] {
        let setup = world(|_| Script::succeeds().taking(Duration::from_mins(5)));
        let mut world = setup.faults(LostThenRefused { code, starts: AtomicU32::new(0) }).start().await;
        world.submit(&job("app-1")).await;
        let end = world.next_end().await;
        assert_eq!((&end["data"]["status"], &end["data"]["attempt"]), (&json!("succeeded"), &json!(1)), "{code}");
        assert_eq!(world.builds().len(), 1, "{code}");
        world.end().await;
    }
}

fn of_group(id: &str) -> Value {
    let mut job = job(id);
    job["group"] = json!({ "key": "main", "on_conflict": "supersede" });
    job
}

/// Sends a message that cannot be received for some minutes.
async fn send_late(world: &mut World, job: &Value) {
    world.submit(job).await;
    world.hide_message(Duration::from_mins(3)).await;
}

#[tokio::test(start_paused = true)]
async fn an_older_job_is_superseded_even_if_the_newer_one_has_ended() {
    for restart in [false, true] {
        let mut world = world(|_| Script::succeeds().taking(Duration::from_secs(10))).start_without_daemon().await;
        send_late(&mut world, &of_group("old")).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.start_daemon().await;
        world.submit(&of_group("new")).await;
        assert_eq!(world.next_end().await["id"], "new/finished");
        if restart {
            world.kill_when_quiet().await;
            world.start_daemon().await;
        }
        let end = world.next_end().await;
        assert_eq!((&end["id"], &end["data"]["status"]), (&json!("old/finished"), &json!("superseded")), "restart: {restart}");
        assert_eq!(world.builds().len(), 1);
        world.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_running_build_is_adopted_however_old_it_is() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(50)));
    let mut world = setup.with("SLIPWAY__LIMITS__DEDUPLICATION=1m").start().await;
    world.submit(&job("app-1")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    tokio::time::sleep(Duration::from_mins(20)).await;
    world.kill().await;
    world.submit(&job("app-1")).await;
    world.start_daemon().await;
    let (first, second) = (world.next_end().await, world.next_end().await);
    assert_eq!((&first["id"], &first["data"]["build"]["id"]), (&second["id"], &second["data"]["build"]["id"]));
    assert_eq!(world.builds().len(), 1);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_repeated_job_gets_the_same_end_even_without_a_build() {
    let refused = Refused::new("StartBuild", "InvalidInputException");
    let mut world = world(|_| Script::succeeds()).faults(refused.clone()).start().await;
    refused.on.store(true, Ordering::Relaxed);
    world.submit(&job("app-1")).await;
    let first = world.next_end().await;
    assert_eq!(first["data"]["status"], "errored");
    refused.on.store(false, Ordering::Relaxed);
    world.submit(&job("app-1")).await;
    assert_eq!(world.next_end().await, first);
    assert!(world.builds().is_empty());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_event_of_a_repeated_job_shows_the_job_as_it_was_built() {
    let labelled = |label: &str| {
        let mut job = job("app-1");
        job["labels"] = json!({ "release": label });
        job["tenant"] = json!(label);
        job["source"]["revision"] = json!(label);
        job
    };
    let mut world = world(|_| Script::succeeds().resolving("4f2a")).start().await;
    world.submit(&labelled("first")).await;
    let first = world.next_end().await;
    world.submit(&labelled("second")).await;
    assert_eq!(world.next_end().await, first, "the same process publishes identical events");
    world.kill_when_quiet().await;
    world.start_daemon().await;
    world.submit(&labelled("third")).await;
    let mut again = world.next_end().await;
    // Only the first process knew how long the job had waited, and each message has its own id.
    for (place, name) in [("", "time"), ("/data/job", "message_id"), ("/data", "timings")] {
        again.pointer_mut(place).unwrap()[name] = first.pointer(place).unwrap()[name].clone();
    }
    assert_eq!(again, first);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_clean_restart_costs_a_message_one_receive() {
    let setup = world(|build| if build.environment["SLIPWAY_JOB_ID"] == "first" { Script::hangs() } else { Script::succeeds() });
    let limits = "SLIPWAY__LIMITS__RUNNING=1 SLIPWAY__SHUTDOWN__GRACE=1s SLIPWAY__QUEUES__0__WAIT=20s";
    let mut world = setup.with(limits).start().await;
    let mut first = job("first");
    first["timeout_minutes"] = json!(10);
    world.submit(&first).await;
    world.until_builds(|builds| builds.len() == 1).await;
    for number in 0..20 {
        world.submit(&job(&format!("app-{number}"))).await;
    }
    // The queue's redrive policy allows five receives: the first, and one for each of four restarts.
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let began = tokio::time::Instant::now();
        world.drain().await;
        assert!(began.elapsed() < Duration::from_secs(5), "the open poll delayed the drain by {:?}", began.elapsed());
        world.start_daemon().await;
    }
    let ends = world.ends().await;
    assert!(world.dead_letters().await.is_empty());
    assert!(ends.values().all(|end| end["data"]["job"]["last_receive"] == true), "each of them was received for the last time");
    world.end().await;
}
