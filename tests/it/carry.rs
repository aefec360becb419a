//! A job's way from its message to its event.

use std::time::Duration;

use localaws::runner::scripted::Script;
use serde_json::json;

use crate::world::{job, world};

#[tokio::test(start_paused = true)]
async fn a_job_is_built_and_its_end_is_told() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_secs(60)).resolving("4f2a")).start().await;
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
