//! `cargo bench --bench load`: the real daemon as a process of its own, against the embedded endpoint over sockets.
//!
//! Two rounds: instant builds for the throughput, and a thousand builds in flight for the daemon's memory.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark fails by panicking, and prints what it measured")]

use std::{
    collections::BTreeSet,
    fs,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use aws_smithy_http_client::Builder;
use futures_util::{StreamExt, stream};
use localaws::{
    LocalAws, Options,
    clock::Clock,
    runner::scripted::{Script, Scripted},
};
use slipway::aws::{Clients, provision::Provision};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;

const JOBS: u32 = 1000;

#[tokio::main]
async fn main() {
    let instant = Box::pin(round(Duration::ZERO)).await;
    println!(
        "instant builds:   {JOBS} jobs in {:.1} s ({:.0} jobs/s), memory at most {:.1} MB",
        instant.seconds,
        f64::from(JOBS) / instant.seconds,
        instant.peak_mb
    );
    let flight = Box::pin(round(Duration::from_secs(30))).await;
    println!("builds of 30 s:   {} in flight at once, memory at most {:.1} MB", flight.most_at_once, flight.peak_mb);
    assert_eq!((instant.lost, flight.lost), (0, 0), "jobs were lost");
    println!("lost jobs: 0");
}

struct Round {
    seconds: f64,
    peak_mb: f64,
    most_at_once: usize,
    lost: usize,
}

/// Every job goes in first; the clock runs from the daemon's start to the last event.
async fn round(build: Duration) -> Round {
    let clock = Clock::system();
    let runner = Scripted::new(move |_| Script::succeeds().taking(build)).with_clock(clock);
    let aws = LocalAws::new(Options {
        build_events: Some("arn:aws:sqs:us-east-1:000000000000:slipway-build-events".to_owned()),
        ..Options::new(clock, Arc::new(runner))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    #[expect(clippy::disallowed_methods, reason = "the benchmark's own server")]
    let server = tokio::spawn(localaws::server::serve(aws.clone(), listener, stop.clone()));
    let clients = Clients::for_endpoint(&endpoint, "us-east-1", Builder::new().build_http());
    let provision = clients.provision().await.unwrap();
    submit(&clients, &provision).await;

    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let mut daemon = daemon(&endpoint, &provision, folder.path());
    let mut left: BTreeSet<String> = (0..JOBS).map(|n| format!("job-{n}/finished")).collect();
    let (mut peak_mb, mut most_at_once) = (0.0, 0);
    while !left.is_empty() && started.elapsed() < Duration::from_mins(5) {
        let results = clients.queue(&provision.results);
        for delivery in results.receive(10, Duration::from_mins(1), Duration::from_secs(1)).await.unwrap() {
            let event: serde_json::Value = serde_json::from_str(&delivery.body).unwrap();
            left.remove(event["id"].as_str().unwrap());
            results.delete(&delivery.receipt).await.unwrap();
        }
        peak_mb = f64::max(peak_mb, peak(&daemon));
        if !build.is_zero() {
            let running = aws.codebuild().builds().iter().filter(|build| build.end_ms.is_none()).count();
            most_at_once = most_at_once.max(running);
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    stop.cancel();
    server.await.unwrap().unwrap();
    Round { seconds, peak_mb, most_at_once, lost: left.len() }
}

async fn submit(clients: &Clients, provision: &Provision) {
    let queue = clients.queue(&provision.jobs);
    let sends = (0..JOBS).map(|n| {
        let queue = queue.clone();
        let job = format!(r#"{{"version":1,"id":"job-{n}","source":{{"url":"https://github.com/acme/app"}}}}"#);
        async move { queue.send(&job, &std::collections::BTreeMap::new()).await.unwrap() }
    });
    stream::iter(sends).buffer_unordered(16).collect::<Vec<_>>().await;
}

fn daemon(endpoint: &str, provision: &Provision, folder: &std::path::Path) -> Child {
    let config = folder.join("slipway.toml");
    let text = format!(
        r#"
        [[queues]]
        url = "{jobs}"
        [topic]
        arn = "{topic}"
        events = ["finished"]
        [limits]
        running = {JOBS}
        [watch]
        interval = "1s"
        events_queue_url = "{events}"
        [log]
        reads_per_second = 1000
        [profiles.default]
        project = "{project}"
        sources = ["https://github.com/*"]
        [http]
        listen = "127.0.0.1:0"
        "#,
        jobs = provision.jobs,
        topic = provision.topic,
        events = provision.build_events,
        project = provision.project,
    );
    fs::write(&config, text).unwrap();
    Command::new(env!("CARGO_BIN_EXE_slipway"))
        .args(["run", "--config"])
        .arg(&config)
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "bench")
        .env("AWS_SECRET_ACCESS_KEY", "bench")
        .env("SLIPWAY_LOG", "warn")
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

/// The most resident memory that the process has had, in megabytes, as Linux counts it.
fn peak(process: &Child) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
