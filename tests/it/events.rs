//! Events: why a job was stopped, and which images, outputs and artifacts it has.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use localaws::runner::scripted::Script;
use serde_json::{Value, json};

use crate::world::{job, world};

fn with_images(id: &str) -> Value {
    let mut job = job(id);
    job["images"] = json!([{ "name": "team/app", "tags": ["1", "latest"] }, { "name": "team/web" }]);
    job
}

#[tokio::test(start_paused = true)]
async fn a_job_without_its_images_does_not_succeed() {
    let report = |names: &[&str]| {
        let images: Vec<_> = names.iter().map(|name| json!({ "reference": format!("registry.test/{name}") })).collect();
        Value::from(images).to_string()
    };
    let (all, some) = (report(&["team/app:1", "team/app:latest", "team/web:latest"]), report(&["team/app:1"]));
    let mut world = world(move |assignment| match assignment.environment["SLIPWAY_JOB_ID"].as_str() {
        "all" => Script::succeeds().exporting("SLIPWAY_RESULT", all.clone()),
        "some" => Script::succeeds().exporting("SLIPWAY_RESULT", some.clone()),
        _ => Script::succeeds(),
    })
    .start()
    .await;
    for id in ["all", "some", "none"] {
        world.submit(&with_images(id)).await;
    }
    world.submit(&job("no-images")).await;
    let ends = world.ends().await;
    let data = |id: &str| &ends[&format!("{id}/finished")]["data"];
    assert_eq!((&data("all")["status"], &data("no-images")["status"]), (&json!("succeeded"), &json!("succeeded")));
    for (id, missing) in [("some", "2 of 3 images, team/app:latest, team/web:latest:"), ("none", "3 of 3 images, team/app:1,")] {
        let data = data(id);
        assert_eq!((&data["status"], &data["failure"]["code"]), (&json!("failed"), &json!("IMAGES_MISSING")), "{data:#}");
        assert!(data["failure"]["message"].as_str().unwrap().contains(missing), "{data:#}");
        assert!(data["log"]["excerpt"].is_string(), "{data:#}");
    }
    assert_eq!(data("some")["images"][0]["reference"], "registry.test/team/app:1");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_event_of_a_stopped_job_has_the_reason() {
    let mut world = world(|_| Script::hangs()).start().await;
    let in_group = |id: &str| {
        let mut job = job(id);
        job["group"] = json!({ "key": "acme/app@main", "on_conflict": "supersede" });
        job
    };
    world.submit(&in_group("old")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    world.submit(&in_group("new")).await;
    let old = world.next_end().await;
    let data = &old["data"];
    assert_eq!((&old["id"], &data["status"]), (&json!("old/finished"), &json!("superseded")));
    assert_eq!((&data["superseded_by"], &data["reason"]), (&json!("new"), &json!("superseded by new")));
    assert_eq!(data["job"]["group"], "acme/app@main");

    world.until_builds(|builds| builds.len() == 2).await;
    world.send(&json!({ "version": 1, "cancel": "new", "reason": "the branch is gone" }).to_string()).await;
    let data = &world.next_end().await["data"];
    assert_eq!((&data["status"], &data["reason"]), (&json!("cancelled"), &json!("the branch is gone")));
    assert!(data.get("superseded_by").is_none(), "{data:#}");

    // This job has no build yet, and the cancellation has no reason.
    world.send(&json!({ "version": 1, "cancel": "later" }).to_string()).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.submit(&job("later")).await;
    let data = &world.next_end().await["data"];
    assert_eq!(data["status"], "cancelled");
    assert!(data["reason"] == "cancelled by a message on the queue" && data.get("build").is_none(), "{data:#}");

    // Stopped in CodeBuild, and by the API.
    let router = crate::api::open(&world);
    for (id, builds, reason) in [("stopped", 3, "its build was stopped in CodeBuild"), ("asked", 4, "cancelled by the daemon's API")] {
        world.submit(&job(id)).await;
        world.until_builds(|seen| seen.len() == builds).await;
        if id == "stopped" {
            let build = world.builds().iter().find(|build| build.variables["SLIPWAY_JOB_ID"] == id).unwrap().id.clone();
            world.clients.builds().stop(&build).await.unwrap();
        } else {
            crate::api::ask(&router, &format!("POST /jobs/{id}/cancel"), None).await;
        }
        let data = &world.next_end().await["data"];
        assert_eq!(data["status"], "cancelled", "{data:#}");
        assert!(data["reason"].as_str().is_some_and(|text| text.starts_with(reason)), "{data:#}");
    }
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn exported_variables_are_published_without_secrets() {
    let mut world = world(|_| {
        let script = Script::succeeds().exporting("VERSION", "1.4.2").exporting("NOTE", "made with hunter2hunter2");
        script.exporting("NPM_TOKEN", "hunter2hunter2").exporting("SLIPWAY_RESULT", "[]").taking(Duration::from_mins(1))
    })
    .start()
    .await;
    let commit = "c0ffee0123".repeat(4);
    let mut job = job("app-1");
    job["env"] = json!([{ "name": "NPM_TOKEN", "value": "hunter2hunter2" }]);
    job["source"]["revision"] = json!(commit);
    world.submit(&job).await;
    let started = loop {
        let event = world.next_event().await;
        if event["type"] == "slipway.job.started" {
            break event;
        }
    };
    assert_eq!(started["data"]["job"]["source"]["commit"], json!(commit), "known before CodeBuild has fetched it");
    let end = world.next_end().await;
    let outputs = end["data"]["outputs"].as_object().unwrap();
    assert_eq!(outputs.keys().collect::<Vec<_>>(), ["NOTE", "VERSION"]);
    assert_eq!(outputs["VERSION"], "1.4.2");
    assert!(!end.to_string().contains("hunter2"), "{end:#}");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_buildspec_is_the_fault_of_its_owner() {
    let mut world = world(|_| Script::yaml_error()).start().await;
    world.submit(&job("own")).await;
    world.submit(&with_images("central")).await;
    let ends = world.ends().await;
    for (id, kind, whose) in [("own", "build", "repository"), ("central", "platform", "operator")] {
        let failure = &ends[&format!("{id}/finished")]["data"]["failure"];
        assert_eq!((&failure["code"], &failure["kind"]), (&json!("BUILDSPEC_INVALID"), &json!(kind)), "{failure:#}");
        assert!(failure["message"].as_str().unwrap().contains(whose), "{failure:#}");
    }
    world.end().await;
}
