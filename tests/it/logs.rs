//! Which parts of a build's log are read, and by how many calls.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fmt::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use localaws::{
    fault::{Fault, Faults},
    runner::scripted::Script,
};
use serde_json::Value;
use tokio::time::Instant;

use crate::world::{job, world};

/// Records when logs are read. Clones share the record.
#[derive(Debug, Clone, Default)]
struct Reads(Arc<Mutex<Vec<Instant>>>);

impl Faults for Reads {
    fn before(&self, _: &str, operation: &str) -> Option<Fault> {
        if operation == "GetLogEvents" {
            self.0.lock().unwrap().push(Instant::now());
        }
        None
    }
}

#[tokio::test(start_paused = true)]
async fn logs_are_read_completely_and_at_the_configured_rate() {
    const RATE: usize = 7;
    let reads = Reads::default();
    let setup = world(|_| Script::succeeds().taking(Duration::from_mins(1))).faults(reads.clone());
    let mut world = setup.with(&format!("SLIPWAY__LIMITS__RUNNING=100 SLIPWAY__LOG__READS_PER_SECOND={RATE}")).start().await;
    for n in 0..100 {
        world.submit(&job(&format!("app-{n}"))).await;
    }
    let ends = world.ends().await;
    assert_eq!(ends.values().filter(|end| end["data"]["log"]["complete"] == true).count(), 100);
    let reads = reads.0.lock().unwrap().clone();
    assert_eq!(reads.len(), 100);
    for (earlier, later) in reads.iter().zip(&reads[RATE..]) {
        assert!(*later - *earlier >= Duration::from_secs(1), "{RATE} more within {:?}", *later - *earlier);
    }
    // No slower either: in each second as many logs are read as may be.
    let took = (reads[reads.len() - 1] - reads[0]).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let least = reads.len() as f64 / RATE as f64;
    assert!(took < least + 2.0, "{took} s for what takes {least} s");
    world.end().await;
}

/// A failing build whose command prints this many lines, and then the error.
async fn failed(lines: usize) -> (Value, u64) {
    let mut output = String::with_capacity(lines * 110);
    for n in 0..lines {
        writeln!(output, "step {n:06}: {:<90}", "compiling, checking, linking").unwrap();
    }
    output.push_str("main.c:7: error: the one thing that matters\n");
    let mut world = world(move |_| Script::fails("make all", output.clone(), 2).taking(Duration::from_mins(3))).start().await;
    world.submit(&job("app-1")).await;
    let end = world.next_end().await;
    let calls = world.aws.calls()["logs.GetLogEvents"];
    world.end().await;
    (end["data"].clone(), calls)
}

#[tokio::test(start_paused = true)]
async fn a_huge_log_takes_a_bounded_number_of_reads_and_still_shows_the_failure() {
    let (data, calls) = failed(300_000).await;
    assert!(calls <= 30, "{calls} reads");
    let log = &data["log"];
    let excerpt = log["excerpt"].as_str().unwrap();
    for words in ["error: the one thing that matters", "Phase complete: BUILD State: FAILED", "was not read"] {
        assert!(excerpt.contains(words), "{words:?} is not in\n{excerpt}");
    }
    assert_eq!((&log["complete"], &log["truncated"]), (&Value::Bool(true), &Value::Bool(true)));
}

#[tokio::test(start_paused = true)]
async fn every_line_of_a_log_of_several_pages_is_counted() {
    let (data, calls) = failed(40_000).await;
    assert!(calls <= 6, "{calls} reads");
    let excerpt = data["log"]["excerpt"].as_str().unwrap();
    assert!(!excerpt.contains("was not read"), "{excerpt}");
    // The excerpt also has lines of CodeBuild, so it has fewer of the command's last lines.
    let left_out = excerpt.lines().filter_map(|line| line.strip_prefix("… ")?.split(' ').next()?.parse::<u64>().ok()).sum::<u64>();
    let steps = excerpt.lines().filter(|line| line.starts_with("step ")).count() as u64;
    assert!((40_000..40_040).contains(&(left_out + steps)), "{left_out} and {steps}:\n{excerpt}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_log_is_found_after_late_lines_and_empty_pages() {
    let mut world = world(|_| Script::fails("make all", "error: late but true", 2)).start().await;
    world.aws.logs().set_ingestion_delay(Duration::from_millis(1500));
    world.aws.logs().set_empty_pages(true);
    world.submit(&job("app-1")).await;
    let log = world.next_end().await["data"]["log"].clone();
    assert_eq!(log["complete"], true, "{log}");
    assert!(log["excerpt"].as_str().unwrap().contains("error: late but true"), "{log}");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_event_of_a_build_without_a_log_says_so() {
    let mut world = world(|_| Script::provisioning_error()).with("SLIPWAY__RETRY__ATTEMPTS=1").start().await;
    world.submit(&job("app-1")).await;
    let log = world.next_end().await["data"]["log"].clone();
    assert_eq!((&log["excerpt"], &log["lines"], &log["complete"]), (&"… the build has no log …".into(), &0.into(), &false.into()));
    world.end().await;
}
