//! CodeBuild has no room for another build.

use std::time::Duration;

use localaws::runner::scripted::Script;

use crate::world::{job, world};

#[tokio::test(start_paused = true)]
async fn a_job_waits_while_codebuild_has_no_capacity() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(1))).account_limit(2);
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=10").start().await;
    for n in 0..10 {
        world.submit(&job(&format!("app-{n}"))).await;
    }
    let ends = world.ends().await;
    assert!(ends.values().all(|end| end["data"]["status"] == "succeeded"));
    assert_eq!(ends.len(), 10);
    assert_eq!(world.builds().len(), 10);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_codebuild_is_learned_and_then_seldom_exceeded() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(2))).account_limit(8);
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=60").start().await;
    for n in 0..60 {
        world.submit(&job(&format!("app-{n}"))).await;
    }
    let began = tokio::time::Instant::now();
    assert_eq!(world.ends().await.len(), 60);
    // The minimum is eight rounds of two minutes.
    assert!(began.elapsed() < Duration::from_mins(22), "took {:?}", began.elapsed());
    let starts = world.aws.calls()["codebuild.StartBuild"];
    assert!(starts < 60 * 3, "{starts} starts for 60 builds");
    world.end().await;
}
