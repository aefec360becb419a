//! How many builds run, how many wait, and how long they may wait.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_timeout_counts_from_provisioning_and_frees_the_place_even_if_the_runner_ignores_it() {
    let world = World::new(Some(1), 10);
    let first = world.start(with_timeout("ignore"));
    let second = world.start(with_timeout("hang"));
    let start = Instant::now();
    world.ended(&first).await;
    assert_eq!(start.elapsed().as_secs() / 60, 5);
    world.ended(&second).await;
    assert_eq!(start.elapsed().as_secs() / 60, 10, "the second build's time began when it left the queue");
    assert_eq!(world.phase(&second, "BUILD").1, json!({"statusCode": "BUILD_TIMED_OUT", "message": "Build has timed out."}));
    sleep(Duration::from_secs(3)).await;
    assert_eq!(world.runners(), 0, "one runner was interrupted, the other was dropped");
}

#[tokio::test(start_paused = true)]
async fn a_shorter_minute_shortens_both_timeouts_but_not_the_reported_values() {
    let world = World::with_minute(Some(1), 10, Duration::from_secs(2));
    let running = world.start(with_timeout("hang"));
    let waiting = world.start(json!({"queuedTimeoutInMinutesOverride": 5, "timeoutInMinutesOverride": 30}));
    let late = world.start(json!({"queuedTimeoutInMinutesOverride": 30, "timeoutInMinutesOverride": 30}));
    sleep(Duration::from_millis(9_900)).await;
    assert_eq!((world.status(&running), world.status(&waiting)), ("IN_PROGRESS BUILD".to_owned(), "IN_PROGRESS QUEUED".to_owned()));
    sleep(Duration::from_millis(200)).await;
    assert_eq!((world.status(&running), world.status(&waiting)), ("FAILED COMPLETED".to_owned(), "FAILED COMPLETED".to_owned()));
    assert_eq!((world.phase(&running, "BUILD").0, world.phase(&waiting, "QUEUED").0), (json!("TIMED_OUT"), json!("TIMED_OUT")));
    assert_eq!(world.build(&running)["timeoutInMinutes"], 5);
    assert_eq!(world.ended(&late).await["buildStatus"], "FAILED", "a build of 65 seconds may take 60");
}

fn with_timeout(what: &str) -> Value {
    let mut input = doing(what);
    input["timeoutInMinutesOverride"] = json!(5);
    input
}

#[tokio::test(start_paused = true)]
async fn builds_beyond_the_account_limit_wait_and_beyond_the_queue_limit_are_refused() {
    let world = World::new(Some(2), 2);
    let ids: Vec<_> = (0..4).map(|_| world.start(doing("hang"))).collect();
    assert_eq!(
        world.refused("StartBuild", with_project(json!({}))),
        "AccountLimitExceededException: Cannot have more than 2 builds in queue for the account"
    );
    let stop = async |id: &String| {
        world.ok("StopBuild", json!({"id": id}));
        sleep(Duration::from_secs(10)).await;
    };
    let phases = || world.codebuild.builds().iter().map(|build| build.phase).collect::<Vec<_>>();
    settle().await;
    assert_eq!(phases(), ["PROVISIONING", "PROVISIONING", "QUEUED", "QUEUED"]);

    world.codebuild.set_account_limit(Some(3));
    settle().await;
    assert_eq!(phases(), ["PROVISIONING", "PROVISIONING", "PROVISIONING", "QUEUED"]);

    world.codebuild.set_account_limit(Some(2));
    stop(&ids[0]).await;
    assert_eq!(phases(), ["COMPLETED", "BUILD", "BUILD", "QUEUED"], "running builds stay when the limit falls");
    stop(&ids[1]).await;
    assert_eq!(phases(), ["COMPLETED", "COMPLETED", "BUILD", "BUILD"]);
}

#[tokio::test(start_paused = true)]
async fn builds_beyond_the_limit_of_a_project_are_refused() {
    let world = World::new(Some(1), 10);
    world.ok("UpdateProject", json!({"name": "slipway", "concurrentBuildLimit": 2}));
    let first = world.start(json!({}));
    world.start(json!({}));
    let refusal = "AccountLimitExceededException: Cannot have more than 2 active builds for the project";
    assert_eq!(world.refused("StartBuild", with_project(json!({}))), refusal);
    world.ok("StopBuild", json!({"id": first}));
    world.start(json!({}));
    assert_eq!(world.refused("StartBuild", with_project(json!({}))), refusal);
    world.ok("UpdateProject", json!({"name": "slipway", "concurrentBuildLimit": -1}));
    world.start(json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_build_that_waits_too_long_times_out_in_the_queue() {
    let world = World::new(Some(0), 1);
    let id = world.start(json!({"queuedTimeoutInMinutesOverride": 5}));
    sleep(Duration::from_secs(299)).await;
    assert_eq!(world.status(&id), "IN_PROGRESS QUEUED");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.status(&id), "FAILED COMPLETED");
    assert_eq!(world.phase(&id, "QUEUED").0, "TIMED_OUT");
    world.start(json!({}));
}

#[tokio::test(start_paused = true)]
async fn thousands_of_builds_run_in_the_order_of_their_starts() {
    let world = World::new(Some(100), 2_000);
    for _ in 0..2_000 {
        world.start(json!({}));
    }
    sleep(Duration::from_secs(20 * 65 + 1)).await;
    let builds = world.codebuild.builds();
    assert!(builds.iter().all(|build| build.status == "SUCCEEDED"));
    assert!(builds.is_sorted_by_key(|build| build.end_ms));
}
