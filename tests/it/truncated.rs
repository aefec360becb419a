//! Answers with status 200 that leave entries out, and lists without an end.
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

/// So many calls of an operation are answered so, from the first that comes once the daemon is up; each answer is a page of its own.
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

/// The last is cut off where the connection was.
#[tokio::test(start_paused = true)]
async fn what_an_answer_does_not_name_has_not_been_done() {
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
            // It asserts that no message is left.
            world.end().await;
            assert!(count.load(Ordering::Relaxed) > 2, "{operation}: {answer:?}");
        }
    }
}

/// As CloudWatch does of events that have expired.
#[tokio::test(start_paused = true)]
async fn a_log_whose_empty_pages_have_no_end_is_given_up() {
    for script in [Script::succeeds(), Script::fails("make", "error: x", 2)] {
        let page =
            |call| json!({ "events": [], "nextForwardToken": format!("f/{call}"), "nextBackwardToken": format!("b/{call}") }).to_string();
        let script = script.taking(Duration::from_mins(1));
        let (setup, reads) = answering(world(move |_| script.clone()), "GetLogEvents", u32::MAX - 1, page);
        let (world, end) = end_of_a_job(setup).await;
        assert_eq!(end["data"]["log"]["complete"], false);
        // The look of a success is one of several.
        let reads = reads.load(Ordering::Relaxed);
        assert!(reads <= 200, "{reads} reads");
        let told: jiff::Timestamp = end["time"].as_str().unwrap().parse().unwrap();
        let ended: jiff::Timestamp = end["data"]["build"]["ended_at"].as_str().unwrap().parse().unwrap();
        let late = told.duration_since(ended).as_secs_f64();
        assert!(late < 30.0, "{late} s");
        world.end().await;
    }
}

/// Nor is the job lost for it: the list is read again, until it has an end.
#[tokio::test(start_paused = true)]
async fn a_list_of_builds_without_an_end_is_given_up_and_tried_again() {
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
