//! Answers with status 200 that leave out entries, and lists that do not end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use localaws::runner::scripted::Script;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::world::{Setup, World, job, world};

/// Answers a number of calls of an operation with `body`, beginning with the first one after the daemon's start. Returns the number of
/// answered calls.
fn answering(
    setup: Setup,
    operation: &'static str,
    calls: u32,
    body: impl Fn(u32) -> String + Send + Sync + 'static,
) -> (Setup, Arc<AtomicU32>) {
    let count = Arc::<AtomicU32>::default();
    let counted = Arc::clone(&count);
    let setup = setup.answering(move |asked| {
        let call = if asked == operation { counted.fetch_add(1, Ordering::Relaxed) } else { u32::MAX };
        (call < calls).then(|| body(call))
    });
    (setup, count)
}

async fn end_of_a_job(setup: Setup) -> (World, Value) {
    let mut world = setup.start().await;
    world.submit(&job("app-1")).await;
    let end = world.next_end().await;
    (world, end)
}

/// The last job's answer is cut where the connection broke.
#[tokio::test(start_paused = true)]
async fn an_entry_that_an_answer_does_not_name_counts_as_not_done() {
    const XML: [&str; 4] = [
        "",
        "{}",
        "<PublishBatchResponse><PublishBatchResult><Successful/><Failed/></PublishBatchResult></PublishBatchResponse>",
        "<PublishBatchResponse><PublishBatchResult><Successful><member>",
    ];
    const LISTS: [&str; 4] = ["", "{}", r#"{"Successful":[],"Failed":[]}"#, r#"{"Successful":[{"Id":"#];
    const BUILDS: [&str; 4] = ["", "{}", r#"{"builds":[],"buildsNotFound":[]}"#, r#"{"builds":[{"id":"#];
    const BUILD: [&str; 4] = ["", "{}", r#"{"build":null}"#, r#"{"build":{"id":"#];
    for (operation, answers) in [("PublishBatch", XML), ("DeleteMessageBatch", LISTS), ("BatchGetBuilds", BUILDS), ("StartBuild", BUILD)] {
        for answer in answers {
            let setup = world(|_| Script::succeeds().taking(Duration::from_mins(2))).with("SLIPWAY__TOPIC__EVENTS=[\"finished\"]");
            let (setup, count) = answering(setup, operation, 2, |_| answer.to_owned());
            let (world, end) = end_of_a_job(setup).await;
            assert_eq!((&end["id"], &end["data"]["status"]), (&"app-1/finished".into(), &"succeeded".into()), "{operation}: {answer:?}");
            assert_eq!(world.builds().len(), 1, "{operation}: {answer:?}");
            // This asserts that no message is left.
            world.end().await;
            assert!(count.load(Ordering::Relaxed) > 2, "{operation}: {answer:?}");
        }
    }
}

/// CloudWatch answers so for events that have expired.
#[tokio::test(start_paused = true)]
async fn a_log_with_endless_empty_pages_is_given_up() {
    for script in [Script::succeeds(), Script::fails("make", "error: x", 2)] {
        let page =
            |call| json!({ "events": [], "nextForwardToken": format!("f/{call}"), "nextBackwardToken": format!("b/{call}") }).to_string();
        let script = script.taking(Duration::from_mins(1));
        let (setup, reads) = answering(world(move |_| script.clone()), "GetLogEvents", u32::MAX - 1, page);
        let (world, end) = end_of_a_job(setup).await;
        assert_eq!(end["data"]["log"]["complete"], false);
        // The read for a success is one of several.
        let reads = reads.load(Ordering::Relaxed);
        assert!(reads <= 200, "{reads} reads");
        let published: jiff::Timestamp = end["time"].as_str().unwrap().parse().unwrap();
        let ended: jiff::Timestamp = end["data"]["build"]["ended_at"].as_str().unwrap().parse().unwrap();
        let late = published.duration_since(ended).as_secs_f64();
        assert!(late < 30.0, "{late} s");
        world.end().await;
    }
}

/// The job is not lost either: the list is read again until it ends.
#[tokio::test(start_paused = true)]
async fn an_endless_list_of_builds_is_given_up_and_read_again() {
    let (began, pages) = (Instant::now(), AtomicU32::new(0));
    let setup = world(|_| Script::succeeds()).answering(move |operation| {
        let endless = operation == "ListBuildsForProject" && began.elapsed() < Duration::from_mins(5);
        endless.then(|| json!({ "ids": [], "nextToken": pages.fetch_add(1, Ordering::Relaxed).to_string() }).to_string())
    });
    let (world, end) = end_of_a_job(setup).await;
    assert_eq!(end["data"]["status"], "succeeded");
    assert!(began.elapsed() < Duration::from_mins(10), "{:?}", began.elapsed());
    world.end().await;
}
