//! A drain: what it gives back, what it waits for, what it leaves to the next process.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use localaws::{
    fault::{Fault, Faults},
    runner::scripted::Script,
};
use slipway::engine::Exit;

use crate::world::{job, world};

#[tokio::test(start_paused = true)]
async fn a_drain_gives_waiting_jobs_back_and_leaves_running_builds_to_be_adopted() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(10)));
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=1 SLIPWAY__QUEUES__0__VISIBILITY=30m").start().await;
    world.submit(&job("runs")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    world.submit(&job("waits")).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(world.drain().await, Exit::Left(1));
    assert_eq!(world.builds()[0].status, "IN_PROGRESS", "a drain stops no build");
    // Both are visible at once, although their visibility timeouts were longer.
    let before = tokio::time::Instant::now();
    world.start_daemon().await;
    assert_eq!(world.ends().await.len(), 2);
    assert!(before.elapsed() < Duration::from_mins(25), "took {:?}", before.elapsed());
    world.end().await;
}

/// Delays the answers to one operation.
#[derive(Debug)]
struct LateAnswers(&'static str);

impl Faults for LateAnswers {
    fn after(&self, _: &str, operation: &str) -> Option<Fault> {
        (operation == self.0).then_some(Fault::Delay(Duration::from_secs(1)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_the_answer_to_a_start() {
    let mut world = world(|_| Script::succeeds()).faults(LateAnswers("StartBuild")).start().await;
    world.submit(&job("app-1")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    assert_eq!(world.drain().await, Exit::Drained);
    assert_eq!(world.depth().await, 0, "the job was given back, although its build was started");
    assert_eq!(world.next_end().await["data"]["status"], "succeeded");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_a_drain_receives_again_is_given_back_again() {
    // The delay makes a message that was given back be received again before the answer arrives.
    let setup = world(|_| Script::succeeds().taking(Duration::from_secs(20))).faults(LateAnswers("ChangeMessageVisibilityBatch"));
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=1 SLIPWAY__QUEUES__0__VISIBILITY=30m").start().await;
    world.submit(&job("runs")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    world.submit(&job("waits")).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(world.drain().await, Exit::Drained);
    let before = tokio::time::Instant::now();
    world.start_daemon().await;
    assert_eq!(world.ends().await.len(), 2);
    assert!(before.elapsed() < Duration::from_mins(25), "took {:?}", before.elapsed());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_publishes_ends_within_the_grace_period() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_secs(20))).start().await;
    world.submit(&job("runs")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    assert_eq!(world.drain().await, Exit::Drained);
    assert_eq!(world.next_end().await["id"], "runs/finished");
    world.end().await;
}

/// The list of builds is not answered while the switch is on.
#[derive(Debug, Clone, Default)]
struct NoList(Arc<AtomicBool>);

impl Faults for NoList {
    fn before(&self, _: &str, operation: &str) -> Option<Fault> {
        (operation == "ListBuildsForProject" && self.0.load(Ordering::Relaxed)).then_some(Fault::Hang)
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_gives_a_cancellation_without_an_answer_back() {
    let no_list = NoList::default();
    let mut world = world(|_| Script::succeeds()).with("SLIPWAY__SHUTDOWN__GRACE=1h").faults(no_list.clone()).start().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    no_list.0.store(true, Ordering::Relaxed);
    world.send(r#"{ "version": 1, "cancel": "unknown" }"#).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let began = tokio::time::Instant::now();
    assert_eq!(world.drain().await, Exit::Drained);
    assert!(began.elapsed() < Duration::from_secs(5), "took {:?}", began.elapsed());
    assert_eq!(world.depth().await, 1, "the cancellation stays on the queue for the next daemon");
    no_list.0.store(false, Ordering::Relaxed);
    world.start_daemon().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.end().await;
}
