//! What clients can do by the API: submit and cancel jobs, pause, and move dead letters back.

use super::*;

#[tokio::test(start_paused = true)]
async fn jobs_are_cancelled_if_they_are_held_and_by_the_queue_if_not() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(30))).with("SLIPWAY__LIMITS__RUNNING=1").start().await;
    let router = open(&world);
    for id in ["app-1", "app-2"] {
        world.submit(&job(id)).await;
        until(&router, id, |_| true).await;
    }
    until(&router, "app-1", |job| job["state"] == "running").await;
    for id in ["app-1", "app-2"] {
        let (status, _, text) = ask(&router, &format!("POST /jobs/{id}/cancel"), Some(json!({ "reason": "wrong branch" }))).await;
        assert_eq!((status, text), (StatusCode::ACCEPTED, json!({ "id": id, "state": "cancelling" }).to_string()));
    }
    let cancelling = get(&router, "/jobs/app-1").await;
    assert!(cancelling["cancelling_since"].is_string() && cancelling["cancel_reason"] == "wrong branch", "{cancelling}");
    let ends = world.ends().await;
    assert!(ends.values().all(|end| end["data"]["status"] == "cancelled" && end["data"]["reason"] == "wrong branch"));
    until(&router, "app-1", |job| job["state"] == "ended").await;
    assert_eq!(problem(&router, "POST /jobs/app-1/cancel", None).await, (409, "job-has-ended".to_owned()));

    // A job that has not been received yet is cancelled when it is.
    let (status, _, text) = ask(&router, "POST /jobs/app-3/cancel", None).await;
    assert_eq!((status, text), (StatusCode::ACCEPTED, json!({ "id": "app-3", "state": "asked" }).to_string()));
    tokio::time::sleep(Duration::from_mins(1)).await;
    world.submit(&job("app-3")).await;
    assert_eq!(world.next_end().await["data"]["status"], "cancelled");
    for (path, body, expected) in [
        ("/jobs/a%20b/cancel", None, (400, "wrong-job-id")),
        ("/jobs/app-4/cancel", Some(json!({ "reason": "two\nlines" })), (422, "wrong-body")),
        ("/jobs/app-4/cancel", Some(json!({ "reason": "x".repeat(1_001) })), (422, "wrong-body")),
        ("/jobs/app-4/cancel", Some(json!({ "why": "x" })), (422, "wrong-body")),
        ("/jobs/app-4/cancel?force=true", None, (400, "unknown-parameter")),
    ] {
        let (status, name) = problem(&router, &format!("POST {path}"), body).await;
        assert_eq!((status, name.as_str()), expected, "{path}");
    }
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn only_jobs_that_the_daemon_would_accept_are_submitted() {
    let world = world(|_| Script::succeeds()).start().await;
    let router = open(&world);
    let (status, headers, text) = ask(&router, "POST /jobs", Some(job("app-1"))).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{text}");
    assert_eq!(headers["location"], "/api/v1/jobs/app-1");
    assert_eq!(world.next_end().await["subject"], "app-1");
    let mut nameless = job("x");
    nameless.as_object_mut().unwrap().remove("id");
    let (_, _, text) = ask(&router, "POST /jobs", Some(nameless)).await;
    let accepted: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(accepted["id"], accepted["message_id"]);
    assert_eq!(world.next_end().await["subject"], accepted["id"]);

    let wrong = json!({ "version": 1, "source": { "url": "ssh://github.com/acme/app" }, "priority": "urgent" });
    let (status, _, text) = ask(&router, "POST /jobs", Some(wrong)).await;
    let rejected: Value = serde_json::from_str(&text).unwrap();
    let paths: Vec<_> = rejected["problems"].as_array().unwrap().iter().map(|problem| problem["path"].as_str().unwrap()).collect();
    assert_eq!((status, paths), (StatusCode::UNPROCESSABLE_ENTITY, vec!["/source/url", "/priority"]));
    let large = json!({ "version": 1, "source": { "url": "https://github.com/acme/app" }, "labels": { "x": "x".repeat(1024 * 1024) } });
    for (request, body, expected) in [
        ("POST /jobs", Some(json!({ "version": 1, "cancel": "app-1" })), (422, "job-rejected")),
        ("POST /jobs", Some(large), (413, "body-too-large")),
        ("POST /jobs", None, (415, "json-needed")),
        ("PUT /jobs", None, (405, "method-not-allowed")),
        ("GET /nothing", None, (404, "not-found")),
        ("GET /jobs/..%2Fx", None, (400, "wrong-job-id")),
        ("GET /jobs/app-1/log?follow=maybe", None, (400, "wrong-parameter")),
        ("GET /limits?x=1", None, (400, "unknown-parameter")),
    ] {
        let (status, name) = problem(&router, request, body).await;
        assert_eq!((status, name.as_str()), expected, "{request}");
    }
    assert_eq!(world.dead_letters().await.len(), 0, "no invalid message is on the queue");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn paused_jobs_start_when_resumed_and_dead_letters_are_moved_back() {
    let mut world = world(|_| Script::succeeds()).start().await;
    let router = open(&world);
    let scope = json!({ "tenant": "team-a" });
    let (status, _, text) = ask(&router, "POST /pause", Some(json!({ "scope": scope, "reason": "a bad day" }))).await;
    let pause: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &pause["scope"], &pause["reason"]), (StatusCode::OK, &scope, &json!("a bad day")), "{text}");
    for was_paused in [true, false] {
        let (_, _, text) = ask(&router, "POST /resume", Some(json!({ "scope": scope }))).await;
        assert_eq!(text, json!({ "was_paused": was_paused }).to_string());
    }
    world.submit_text("{}").await;
    world.ends().await;
    let list = get(&router, "/dead-letters").await;
    let letter = &list["letters"][0];
    assert_eq!(
        (&list["complete"], &letter["kind"], &letter["problems"][0]["path"]),
        (&json!(true), &json!("rejected"), &json!("/version"))
    );
    let id = letter["id"].as_str().unwrap().to_owned();
    let (status, _, text) = ask(&router, &format!("POST /dead-letters/{id}/redrive"), None).await;
    let refused: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &refused["problems"][0]["path"]), (StatusCode::CONFLICT, &json!("/version")), "it would be rejected again: {text}");
    let mended = json!({ "body": job("app-1").to_string() });
    let (_, _, text) = ask(&router, &format!("POST /dead-letters/{id}/redrive"), Some(mended)).await;
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["done"], json!([id]), "{text}");
    assert_eq!(world.next_end().await["subject"], "app-1");
    for (request, body, expected) in [
        ("DELETE /dead-letters/nobody", None, (404, "not-found")),
        ("POST /pause", None, (400, "malformed-body")),
        ("POST /pause", Some(json!({ "scope": "nothing" })), (422, "wrong-body")),
        ("POST /pause", Some(json!({ "scope": { "profile": "nightly" } })), (404, "not-found")),
        ("POST /dead-letters/delete", Some(json!({ "id": "x" })), (422, "wrong-body")),
        ("POST /dead-letters/delete", Some(json!({ "ids": [] })), (422, "wrong-body")),
        ("POST /dead-letters/redrive", Some(json!({})), (422, "wrong-body")),
        ("GET /dead-letters?look=perhaps", None, (400, "wrong-parameter")),
        ("POST /reload", None, (409, "nothing-to-reload")),
    ] {
        let (status, name) = problem(&router, request, body).await;
        assert_eq!((status, name.as_str()), expected, "{request}");
    }
    world.end().await;
}
