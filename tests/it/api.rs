//! The API against a running daemon.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod changes;
mod steering;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use futures_util::StreamExt;
use localaws::runner::scripted::Script;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use slipway::{
    engine::Vitals,
    http::{self, Pages, access::Access},
    job::JobId,
};
use tower::ServiceExt;

use crate::world::{World, job, world};

/// The daemon's HTTP interface, as clients on the loopback reach it.
pub(crate) fn open(world: &World) -> Router {
    served(world.vitals(), Access::open(), "127.0.0.1")
}

fn served(vitals: Vitals, access: Access, listen: &str) -> Router {
    http::router(Pages::new(vitals, PrometheusBuilder::new().build_recorder().handle(), Some(access)), listen.parse().unwrap())
}

/// Sends a request. `request`: a line such as `GET /limits`, and headers on the lines below. `body` is sent as JSON.
pub(crate) async fn ask(router: &Router, request: &str, body: Option<Value>) -> (StatusCode, HeaderMap, String) {
    let (line, headers) = request.split_once('\n').unwrap_or((request, ""));
    let (method, path) = line.split_once(' ').unwrap();
    let path =
        if path.starts_with("/api") || path.ends_with('z') || path == "/metrics" { path.to_owned() } else { format!("/api/v1{path}") };
    let mut request = Request::builder().method(method).uri(path);
    if !headers.starts_with("host: ") {
        request = request.header("host", "localhost:9090");
    }
    for (name, value) in headers.lines().filter_map(|line| line.trim().split_once(": ")) {
        request = request.header(name, value);
    }
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    let response = router.clone().oneshot(request.unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

pub(crate) async fn get(router: &Router, path: &str) -> Value {
    let (status, _, text) = ask(router, &format!("GET {path}"), None).await;
    assert_eq!(status, StatusCode::OK, "{path}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// The status of a problem and the last part of its type. Checks its other fields.
async fn problem(router: &Router, request: &str, body: Option<Value>) -> (u16, String) {
    let (status, headers, text) = ask(router, request, body).await;
    assert_eq!(headers["content-type"], "application/problem+json", "{request}: {text}");
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problem["status"], status.as_u16(), "{request}");
    assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()) && problem["title"].is_string(), "{text}");
    (status.as_u16(), problem["type"].as_str().unwrap().strip_prefix("urn:slipway:problem:").unwrap().to_owned())
}

/// Polls a job in the API until it is as wanted.
async fn until(router: &Router, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let (status, _, text) = ask(router, &format!("GET /jobs/{id}"), None).await;
        let job: Value = serde_json::from_str(&text).unwrap();
        if status == StatusCode::OK && wanted(&job) {
            return job;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("{id} never came so far");
}

/// A job with a secret. Its build prints the secret and fails.
fn job_with_secret(id: &str) -> Value {
    let mut job = job(id);
    job["env"] = json!([{ "name": "NPM_TOKEN", "value": "hunter2hunter2" }]);
    job["labels"] = json!({ "release": "</script>\u{202e}" });
    job
}

fn failing(building: Duration) -> impl Fn(&localaws::runner::Assignment) -> Script + Send + Sync + 'static {
    move |_| Script::fails("make", "token is hunter2hunter2\nmain.rs:7: error[E0308]: mismatched types\n", 1).taking(building)
}

#[tokio::test(start_paused = true)]
async fn the_api_shows_a_job_from_its_receive_to_its_end_without_calls_to_aws() {
    let mut world = world(failing(Duration::from_mins(3))).with("SLIPWAY__LIMITS__RUNNING=1").start().await;
    let router = open(&world);
    world.submit(&job_with_secret("app-1")).await;
    until(&router, "app-1", |job| job["state"] == "running").await;
    world.submit(&job_with_secret("app-2")).await;
    let waiting = until(&router, "app-2", |job| job["state"] == "waiting").await;
    assert_eq!((&waiting["repository"], &waiting["tenant"]), (&json!("github.com/acme/app"), &json!("github.com-acme")));
    assert_eq!(waiting["message"]["env"], json!([{ "name": "NPM_TOKEN", "type": "PLAINTEXT" }]), "no values");

    let running = until(&router, "app-1", |job| job["phase"] == "BUILD").await;
    assert_eq!((&running["attempt"], &running["builds"][0]["phases"][0]["name"]), (&json!(1), &json!("SUBMITTED")));
    assert!(running["building_since"].is_string());
    let list = get(&router, "/jobs").await;
    assert_eq!(list["counts"], json!({ "waiting": 1, "running": 1, "reporting": 0, "ended": 0 }));
    assert_eq!((&list["jobs"][0]["id"], &list["jobs"][1]["id"]), (&json!("app-2"), &json!("app-1")), "waiting jobs come first");
    let limits = get(&router, "/limits").await;
    assert_eq!((&limits["all"]["running"], &limits["all"]["limit"], &limits["all"]["waiting"]), (&json!(1), &json!(1), &json!(1)));

    let before = world.aws.calls();
    for path in ["/jobs", "/jobs/app-1", "/jobs/app-2", "/limits", "/jobs?state=running&q=acme"] {
        get(&router, path).await;
    }
    assert_eq!(world.aws.calls(), before, "showing held jobs makes no call to AWS");

    world.ends().await;
    let ended = until(&router, "app-1", |job| job["state"] == "ended").await;
    assert_eq!((&ended["status"], &ended["failure"]["phase"]), (&json!("failed"), &json!("BUILD")));
    assert_eq!(ended["decisive_line"], "main.rs:7: error[E0308]: mismatched types");
    assert!(ended["log"]["highlights"][0]["text"].as_str().unwrap().contains("E0308"));
    assert_eq!(ended["labels"]["release"], "</script><U+202E>");
    let history: Vec<_> = ended["history"].as_array().unwrap().iter().map(|entry| entry["text"].as_str().unwrap().to_owned()).collect();
    for part in
        ["was sent", "was received from slipway-jobs", "attempt 1: started the build", "phase BUILD", "ended: failed", "is accepted"]
    {
        assert!(history.iter().any(|text| text.contains(part)), "{part}: {history:?}");
    }
    assert!(!ended.to_string().contains("hunter2"));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_log_is_complete_and_without_secrets_during_the_build_and_after_a_restart() {
    let mut world = world(failing(Duration::from_mins(3))).start().await;
    let router = open(&world);
    world.submit(&job_with_secret("app-1")).await;
    let (status, _, text) = ask(&router, "GET /jobs/app-1/log", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{text}");
    until(&router, "app-1", |job| job["phase"] == "BUILD").await;
    // The answer continues until the build has ended.
    let (status, headers, followed) = ask(&router, "GET /jobs/app-1/log?follow=true", None).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (StatusCode::OK, "text/plain; charset=utf-8"));
    world.ends().await;
    let (_, _, later) = ask(&router, "GET /jobs/app-1/log", None).await;
    assert_eq!(followed, later);
    let build = get(&router, "/jobs/app-1").await["build_ids"][0].as_str().unwrap().to_owned();
    let by_build = ask(&router, &format!("GET /jobs/{build}/log"), None).await;
    assert_eq!((by_build.0, &by_build.2), (StatusCode::OK, &later), "the log is found by the build's id too");
    assert!(later.contains("token is [redacted]\n") && later.contains("E0308") && !later.contains("hunter2"), "{later}");

    world.kill_when_quiet().await;
    world.start_daemon().await;
    let router = open(&world);
    let (status, _, of_record) = ask(&router, "GET /jobs/app-1/log", None).await;
    assert_eq!((status, of_record), (StatusCode::OK, later));
    let job = get(&router, "/jobs/app-1").await;
    assert_eq!((&job["from_record"], &job["status"], &job["state"]), (&json!(true), &json!("failed"), &json!("ended")));
    assert_eq!((&job["source"]["url"], &job["message"]), (&json!("https://github.com/acme/app"), &Value::Null));
    assert_eq!(get(&router, "/jobs").await["total"], 0, "lists show only remembered jobs");

    // Repeated requests for an unknown job cause at most one reading of the list of builds a minute.
    let before = world.aws.calls()["codebuild.ListBuildsForProject"];
    for _ in 0..20 {
        assert_eq!(problem(&router, "GET /jobs/nobody", None).await, (404, "not-found".to_owned()));
    }
    assert!(world.aws.calls()["codebuild.ListBuildsForProject"] <= before + 1);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn every_valid_job_id_has_a_path() {
    let world = world(|_| Script::succeeds()).start().await;
    let router = open(&world);
    for (id, path) in [(".", "%252E"), ("..", "%252E%252E"), ("new", "%256Eew")] {
        let (_, headers, _) = ask(&router, "POST /jobs", Some(job(id))).await;
        assert_eq!(headers["location"], format!("/api/v1/jobs/{path}"));
        assert_eq!(world.next_end().await["subject"], id);
        until(&router, path, |job| job["id"] == id && job["state"] == "ended").await;
        assert_eq!(ask(&router, &format!("GET /jobs/{path}/log"), None).await.0, StatusCode::OK);
        let page = Request::get(format!("/jobs/{path}")).header("host", "localhost").body(Body::empty()).unwrap();
        assert_eq!(router.clone().oneshot(page).await.unwrap().status(), StatusCode::OK, "{id} has a page");
    }
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn streaming_answers_are_bounded() {
    let world = world(|_| Script::succeeds()).start().await;
    let router = open(&world);
    let request = || Request::get("/api/v1/events").header("host", "localhost").body(Body::empty()).unwrap();
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(router.clone().oneshot(request()).await.unwrap());
    }
    assert_eq!(problem(&router, "GET /events", None).await, (503, "busy".to_owned()));
    assert_eq!(get(&router, "/jobs").await["total"], 0, "answers that end are not limited");
    held.pop();
    assert_eq!(router.clone().oneshot(request()).await.unwrap().status(), StatusCode::OK);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_one_tenant_does_not_remove_the_ended_jobs_of_another() {
    let setup = world(|_| Script::succeeds().taking(Duration::from_secs(30)));
    let mut world = setup.with("SLIPWAY__HTTP__HISTORY=10 SLIPWAY__LIMITS__RUNNING=10").start().await;
    let router = open(&world);
    for n in 0..30 {
        let mut job = job(&format!("app-{n}"));
        job["tenant"] = if n == 0 { "single" } else { "flood" }.into();
        world.submit(&job).await;
    }
    world.ends().await;
    until(&router, "app-29", |job| job["state"] == "ended").await;
    let list = get(&router, "/jobs?state=ended").await;
    let ids: BTreeSet<_> = list["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect();
    assert!(ids.len() == 10 && ids.contains("app-0"), "{ids:?}");
    // Older jobs are found in CodeBuild.
    let forgotten = (1..30).map(|n| format!("app-{n}")).find(|id| !ids.contains(id.as_str())).unwrap();
    assert_eq!(get(&router, &format!("/jobs/{forgotten}")).await["from_record"], true);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn clients_share_one_snapshot_a_second() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(5))).start().await;
    world.submit(&job("app-1")).await;
    let console = world.vitals().console().unwrap();
    while console.job(&JobId::parse("app-1").unwrap()).await.unwrap().is_none() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let first = console.snapshot();
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert!(Arc::ptr_eq(&first, &console.snapshot()));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!Arc::ptr_eq(&first, &console.snapshot()));
    world.ends().await;
    world.end().await;
}
