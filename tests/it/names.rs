//! A job is named by its id, or by a build's id, ARN, or the last part of the ARN.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use axum::Router;
use localaws::runner::scripted::Script;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    api::{ask, get, open},
    world::{World, job, world},
};

/// The names of a job's build.
fn names(build: &str) -> [String; 4] {
    let uuid = build.rsplit_once(':').unwrap().1.to_owned();
    let arn = format!("arn:aws:codebuild:us-east-1:000000000000:build/{build}");
    [build.to_owned(), uuid, format!("build/{build}"), arn]
}

fn encoded(name: &str) -> String {
    name.replace('/', "%2F")
}

async fn cancel(router: &Router, name: &str) -> (u16, Value) {
    let (status, _, text) = ask(router, &format!("POST /jobs/{}/cancel", encoded(name)), None).await;
    (status.as_u16(), serde_json::from_str(&text).unwrap())
}

/// Starts these jobs. Returns the ids of their builds.
async fn started(world: &mut World, ids: &[&str]) -> Vec<String> {
    let mut builds = Vec::new();
    for id in ids {
        world.submit(&job(id)).await;
        world.until_builds(|all| all.len() > builds.len()).await;
        let new = world.builds().into_iter().map(|build| build.id).find(|id| !builds.contains(id));
        builds.extend(new);
    }
    // A snapshot is up to one second old.
    sleep(Duration::from_secs(3)).await;
    builds
}

#[tokio::test(start_paused = true)]
async fn a_job_is_found_and_cancelled_by_each_name_of_its_build() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(30)));
    let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=10").start().await;
    let router = open(&world);
    let ids = ["app-0", "app-1", "app-2", "app-3", "other"];
    let builds = started(&mut world, &ids).await;
    for (at, id) in ids.iter().enumerate().take(4) {
        let build = &builds[at];
        let before = world.aws.calls();
        for name in names(build) {
            let list = get(&router, &format!("/jobs?q={}", encoded(&name))).await;
            assert_eq!((&list["total"], &list["jobs"][0]["id"]), (&json!(1), &json!(id)), "{name}");
            let detail = get(&router, &format!("/jobs/{}", encoded(&name))).await;
            assert_eq!((&detail["id"], &detail["build_ids"]), (&json!(id), &json!([build])), "{name}");
        }
        assert_eq!(world.aws.calls(), before, "held jobs are found without a call to AWS");
        let name = &names(build)[at];
        assert_eq!(cancel(&router, name).await, (202, json!({ "id": id, "state": "cancelling" })), "{name}");
        assert_eq!(world.next_end().await["subject"], *id);
    }
    // The job has ended and is still remembered.
    sleep(Duration::from_secs(5)).await;
    for name in names(&builds[0]) {
        assert_eq!(get(&router, &format!("/jobs/{}", encoded(&name))).await["status"], "cancelled", "{name}");
        assert_eq!(cancel(&router, &name).await.0, 409, "{name}");
    }
    assert_eq!(cancel(&router, "other").await.0, 202);
    world.next_end().await;
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_job_is_found_by_its_build_in_codebuild() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(1)));
    let mut world = setup.with("SLIPWAY__HTTP__HISTORY=0").start().await;
    let router = open(&world);
    let builds = started(&mut world, &["app-1"]).await;
    world.ends().await;
    sleep(Duration::from_secs(5)).await;
    for name in names(&builds[0]) {
        let detail = get(&router, &format!("/jobs/{}", encoded(&name))).await;
        assert_eq!((&detail["id"], &detail["from_record"]), (&json!("app-1"), &json!(true)), "{name}");
    }
    let (status, problem) = cancel(&router, &builds[0]).await;
    assert!(status == 404 && problem["detail"].as_str().unwrap().contains("nor one that runs"), "{problem}");
    let nobody = "slipway:00000000-0000-0000-0000-000000000000";
    for (name, expected) in [(nobody, 404), ("other:00000000-0000-0000-0000-000000000000", 404), ("slipway:1", 400), ("a%20b", 400)] {
        let (status, _, text) = ask(&router, &format!("GET /jobs/{name}"), None).await;
        assert_eq!(status.as_u16(), expected, "{name}: {text}");
    }
    world.end().await;
}
