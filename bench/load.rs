//! `cargo bench --bench load`: the real daemon as a process of its own, against the embedded endpoint over sockets.
//!
//! Two rounds: instant builds for the throughput, and a thousand builds in flight for the daemon's memory.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark fails by panicking, and prints what it measured")]

mod rig;

use std::{collections::BTreeSet, fs, process::Child, time::Duration};

use localaws::runner::scripted::Script;
use rig::Rig;
use tokio::time::Instant;

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
    let rig = Box::pin(Rig::start(move |_| Script::succeeds().taking(build), None)).await;
    rig.submit(JOBS).await;
    let started = Instant::now();
    let mut daemon = rig.daemon(&format!("running = {JOBS}"));
    let mut left: BTreeSet<String> = (0..JOBS).map(|n| format!("job-{n}/finished")).collect();
    let (mut peak_mb, mut most_at_once) = (0.0, 0);
    while !left.is_empty() && started.elapsed() < Duration::from_mins(5) {
        for event in rig.events(Duration::from_secs(1)).await {
            left.remove(event["id"].as_str().unwrap());
        }
        peak_mb = f64::max(peak_mb, peak(&daemon));
        if !build.is_zero() {
            let running = rig.aws.codebuild().builds().iter().filter(|build| build.end_ms.is_none()).count();
            most_at_once = most_at_once.max(running);
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    rig.stop().await;
    Round { seconds, peak_mb, most_at_once, lost: left.len() }
}

/// The most resident memory that the process has had, in megabytes, as Linux counts it.
fn peak(process: &Child) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
