//! Notices: shown by the API and the page while a state lasts, and by readiness if it needs an operator.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use axum::Router;
use localaws::runner::scripted::Script;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    api::{ask, get, open},
    isolation::Refused,
    world::{job, world},
};

/// Waits until the notices are of these kinds.
async fn until_kinds(router: &Router, kinds: &[&str]) -> Vec<Value> {
    let mut notices: Vec<Value> = Vec::new();
    for _ in 0..300 {
        notices = serde_json::from_value(get(router, "/limits").await["notices"].take()).unwrap();
        if notices.iter().map(|notice| notice["kind"].as_str().unwrap()).eq(kinds.iter().copied()) {
            return notices;
        }
        sleep(Duration::from_secs(1)).await;
    }
    panic!("never {kinds:?}, but {notices:?}");
}

async fn readiness(router: &Router) -> (u16, String) {
    let (status, _, text) = ask(router, "GET /readyz", None).await;
    (status.as_u16(), text)
}

#[tokio::test(start_paused = true)]
async fn a_refusing_topic_needs_an_operator_until_it_accepts_events() {
    for (code, kind, cure) in [("AuthorizationError", "denied", "deploy/policy.json"), ("NotFound", "not_found", "mend its address")] {
        let refused = Refused::new("PublishBatch", code);
        let mut world = world(|_| Script::succeeds()).faults(refused.clone()).start().await;
        let router = open(&world);
        assert_eq!(readiness(&router).await, (200, "ready\n".to_owned()));
        refused.on.store(true, Ordering::Relaxed);
        world.submit(&job("app-1")).await;
        let notices = until_kinds(&router, &[kind]).await;
        let text = notices[0]["text"].as_str().unwrap();
        assert!(text.starts_with(&format!("the topic {} refuses events", world.provision.topic)), "{text}");
        assert!(text.contains(cure) && notices[0]["severity"] == "error" && notices[0]["since"].is_string(), "{notices:?}");
        let (status, answer) = readiness(&router).await;
        assert!(status == 503 && answer.contains(text), "{answer}");
        // A restart would only cost the message of each ended job a receive.
        sleep(Duration::from_mins(15)).await;
        assert_eq!(ask(&router, "GET /healthz", None).await.0, 200);
        refused.on.store(false, Ordering::Relaxed);
        world.ends().await;
        until_kinds(&router, &[]).await;
        assert_eq!(readiness(&router).await, (200, "ready\n".to_owned()));
        world.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn throttled_starts_are_a_notice_until_a_minute_has_passed_without_one() {
    let refused = Refused::new("StartBuild", "ThrottlingException");
    let mut world = world(|_| Script::succeeds()).faults(refused.clone()).start().await;
    let router = open(&world);
    refused.on.store(true, Ordering::Relaxed);
    world.submit(&job("app-1")).await;
    let first = until_kinds(&router, &["starts_throttled"]).await;
    assert!(first[0]["text"].as_str().unwrap().starts_with("CodeBuild throttles starts (\u{201c}refused\u{201d})"), "{first:?}");
    assert_eq!(first[0]["severity"], "warning");
    sleep(Duration::from_mins(3)).await;
    let lasting = until_kinds(&router, &["starts_throttled"]).await;
    assert_eq!(lasting[0]["since"], first[0]["since"], "throttled starts are one notice");
    assert_eq!(readiness(&router).await, (200, "ready\n".to_owned()), "readiness does not depend on throttling");
    refused.on.store(false, Ordering::Relaxed);
    world.ends().await;
    until_kinds(&router, &[]).await;
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_project_that_refuses_starts_is_a_notice_until_it_starts_a_build() {
    for operation in ["StartBuild", "ListBuildsForProject"] {
        let refused = Refused::new(operation, "AccessDeniedException");
        let mut world = world(|_| Script::succeeds()).faults(refused.clone()).start_without_daemon().await;
        refused.on.store(true, Ordering::Relaxed);
        world.start_daemon().await;
        let router = open(&world);
        world.submit(&job("app-1")).await;
        assert_eq!(world.next_end().await["data"]["status"], json!("errored"), "{operation}");
        let notices = until_kinds(&router, &["starts_refused"]).await;
        let text = notices[0]["text"].as_str().unwrap();
        assert!(text.starts_with("CodeBuild starts no builds of slipway (\u{201c}codebuild refused to "), "{text}");
        assert!(text.contains(": refused\u{201d})") && notices[0]["severity"] == "error", "{notices:?}");
        assert_eq!(readiness(&router).await.0, 200, "readiness does not depend on one project");
        refused.on.store(false, Ordering::Relaxed);
        world.submit(&job("app-2")).await;
        assert_eq!(world.next_end().await["data"]["status"], json!("succeeded"), "{operation}");
        until_kinds(&router, &[]).await;
        world.end().await;
    }
}

/// The log of the daemon.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects the log of this thread until it is dropped.
struct Logged {
    lines: Arc<Mutex<Vec<u8>>>,
    /// If there is only one subscriber, tracing asks the thread that reaches a line first whether to log it, which may be one of another
    /// test.
    _second: tracing::Dispatch,
    _first: tracing::subscriber::DefaultGuard,
}

impl Logged {
    fn new() -> Self {
        let log = Log::default();
        let lines = Arc::clone(&log.0);
        let second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
        let first = tracing::subscriber::set_default(tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone()).finish());
        Self { lines, _second: second, _first: first }
    }

    fn lines_with(&self, words: &str) -> Vec<String> {
        let lines = String::from_utf8(self.lines.lock().unwrap().clone()).unwrap();
        lines.lines().filter(|line| line.contains(words) && line.contains("slipway")).map(str::to_owned).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_count_of_builds_is_logged_once_then_seldom_and_at_its_end() {
    for (code, cure) in [("AccessDeniedException", "deploy/policy.json"), ("ThrottlingException", "")] {
        let log = Logged::new();
        let refused = Refused::new("ListBuildsForProject", code);
        refused.on.store(true, Ordering::Relaxed);
        let mut world = world(|_| Script::succeeds()).faults(refused.clone()).start_without_daemon().await;
        world.start_daemon().await;
        for (minutes, times) in [(9, 1), (8, 2), (8, 3)] {
            sleep(Duration::from_mins(minutes)).await;
            let found = log.lines_with("could not count the builds");
            assert!(found.len() == times && found[0].contains(cure), "{found:?}");
        }
        refused.on.store(false, Ordering::Relaxed);
        sleep(Duration::from_mins(2)).await;
        assert_eq!((log.lines_with("could not count the builds").len(), log.lines_with("the problem is over").len()), (3, 1));
        world.end().await;
    }
}

/// Every job ends, and its event is tried again and again.
#[tokio::test(start_paused = true)]
async fn a_failure_that_repeats_for_every_job_is_logged_once_then_seldom() {
    for (operation, code, words) in [
        ("PublishBatch", "AuthorizationError", "the topic refuses an event"),
        ("PublishBatch", "InternalError", "could not publish an event"),
        ("ReceiveMessage", "ServiceUnavailable", "could not receive"),
        ("ReceiveMessage", "AccessDeniedException", "could not receive"),
        ("BatchGetBuilds", "AccessDeniedException", "could not look at a build"),
    ] {
        let log = Logged::new();
        let refused = Refused::new(operation, code);
        let setup = world(|_| Script::succeeds().taking(Duration::from_mins(1))).faults(refused.clone());
        let mut world = setup.with("SLIPWAY__LIMITS__RUNNING=20").start().await;
        for n in 0..20 {
            world.submit(&job(&format!("app-{n}"))).await;
        }
        world.until_builds(|builds| builds.len() == 20).await;
        refused.on.store(true, Ordering::Relaxed);
        sleep(Duration::from_mins(17)).await;
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for line in log.lines_with(words) {
            let queue = line.split("queue.url=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            *lines.entry(queue.to_owned()).or_default() += 1;
        }
        assert!(!lines.is_empty() && lines.values().all(|count| *count == 2), "{operation} {code}: {lines:?}");
        refused.on.store(false, Ordering::Relaxed);
        assert_eq!(world.ends().await.len(), 20);
        world.end().await;
    }
}
