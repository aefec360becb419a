//! Events wait for one read of an ordinary log, and the logs of the oldest ends are read first.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use jiff::Timestamp;
use localaws::{
    fault::{Fault, Faults},
    runner::scripted::Script,
};
use serde_json::Value;

use crate::world::{job, world};

/// The defaults of `config/slipway.toml` and of AWS.
const DEFAULT: &str = "SLIPWAY__LIMITS__RUNNING=10000 SLIPWAY__LIMITS__WAITING=10000 SLIPWAY__WATCH__INTERVAL=10s \
                       SLIPWAY__LOG__READS_PER_SECOND=8 SLIPWAY__LOG__SETTLE=10s SLIPWAY__TOPIC__EVENTS=[\"finished\"]";

#[tokio::test(start_paused = true)]
async fn an_ordinary_log_needs_one_read() {
    let lines = "compiling, checking, linking\n".repeat(300);
    for (name, script) in [
        ("a success", Script::succeeds().printing(lines.clone())),
        ("a failure", Script::fails("make all", format!("{lines}error: the one thing that matters\n"), 2)),
        // This log ends with DOWNLOAD_SOURCE.
        ("a failure before the first command", Script::yaml_error()),
        // This log ends with BUILD.
        ("a fault", Script::faults().printing(lines)),
    ] {
        let setup = world(move |_| script.clone().taking(Duration::from_mins(3))).with(DEFAULT).with("SLIPWAY__RETRY__ATTEMPTS=1");
        let mut world = setup.start().await;
        for n in 0..3 {
            world.submit(&job(&format!("app-{n}"))).await;
        }
        for end in world.ends().await.values() {
            assert_eq!(end["data"]["log"]["complete"], true, "{name}: {end:#}");
            assert!(lateness(end) < 1.0, "{name}: {end:#}");
        }
        assert_eq!(world.aws.calls()["logs.GetLogEvents"], 3, "{name}");
        world.end().await;
    }
}

/// Seconds from the build's end to its event.
fn lateness(end: &Value) -> f64 {
    time(&end["time"]).duration_since(time(&end["data"]["build"]["ended_at"])).as_secs_f64()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// The events of `builds` builds that end `between` apart, in the order of their ends, with `reads` reads a second.
async fn ended(builds: usize, between: Duration, reads: usize, script: impl Fn(usize) -> Script + Send + Sync + 'static) -> Vec<Value> {
    let name = |id: &str| id.parse().unwrap();
    let setup = world(move |assignment| script(name(&assignment.environment["SLIPWAY_JOB_ID"])).taking(Duration::from_mins(2)));
    let mut world = setup.with(DEFAULT).with(&format!("SLIPWAY__LOG__READS_PER_SECOND={reads}")).start().await;
    for n in 0..builds {
        world.submit(&job(&n.to_string())).await;
        tokio::time::sleep(between).await;
    }
    let mut ends: Vec<_> = world.ends().await.into_values().collect();
    world.end().await;
    ends.sort_by_key(|end| time(&end["data"]["build"]["ended_at"]));
    ends
}

fn percentile(ends: &[Value], of_hundred: usize) -> f64 {
    let mut all: Vec<_> = ends.iter().map(lateness).collect();
    all.sort_by(f64::total_cmp);
    all[(all.len() * of_hundred / 100).min(all.len() - 1)]
}

fn is_complete(end: &Value) -> bool {
    end["data"]["log"]["complete"] == true
}

#[tokio::test(start_paused = true)]
async fn events_come_within_a_second_if_logs_are_read_as_fast_as_builds_end() {
    for (builds, between, reads) in [(40, Duration::from_millis(500), 8), (200, Duration::from_millis(50), 25)] {
        let ends = ended(builds, between, reads, |_| Script::succeeds()).await;
        assert!(ends.iter().all(is_complete));
        let (median, most) = (percentile(&ends, 50), percentile(&ends, 100));
        assert!(median < 0.2 && most < 0.3, "{builds} builds: {median} s, at the most {most} s");
    }
}

/// More builds end together than logs can be read: events come at the rate of the reads, the oldest build's first.
#[tokio::test(start_paused = true)]
async fn events_come_in_order_at_the_rate_of_reads_if_that_is_the_limit() {
    const READS: usize = 8;
    for (builds, between) in [(200, Duration::ZERO), (100, Duration::from_millis(50))] {
        let ends = ended(builds, between, READS, |n| if n % 2 == 0 { Script::succeeds() } else { Script::fails("make", "x", 2) }).await;
        assert!(ends.iter().all(is_complete));
        let first = time(&ends[0]["data"]["build"]["ended_at"]);
        let mut delays: Vec<_> = ends.iter().map(|end| time(&end["time"]).duration_since(first).as_secs_f64()).collect();
        if !between.is_zero() {
            // Successes and failures alternate. Each kind is in order.
            for kind in [0, 1] {
                let of_kind: Vec<_> = delays.iter().skip(kind).step_by(2).collect();
                assert!(of_kind.is_sorted(), "{of_kind:?}");
            }
        }
        delays.sort_by(f64::total_cmp);
        for (delay, n) in delays.iter().zip(0u32..) {
            let due = f64::from(n) / 8.0;
            assert!(*delay < due + 1.0, "the {n}th came after {delay} s, and was due after {due} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn successes_and_failures_do_not_wait_for_each_others_logs() {
    for one_succeeds in [true, false] {
        let script = move |n: usize| if (n == 99) == one_succeeds { Script::succeeds() } else { Script::fails("make", "x", 2) };
        let ends = ended(100, Duration::from_millis(1), 4, script).await;
        let one = ends.iter().find(|end| end["data"]["job"]["id"] == "99").unwrap();
        assert!(lateness(one) < 1.5, "{} s", lateness(one));
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_comes_without_its_log_if_that_cannot_be_read_soon() {
    let ends = ended(300, Duration::ZERO, 1, |n| if n % 2 == 0 { Script::succeeds() } else { Script::fails("make", "x", 2) }).await;
    let (read, unread): (Vec<_>, Vec<_>) = ends.into_iter().partition(is_complete);
    assert!(read.len() >= 60 && unread.len() >= 200, "{} were read", read.len());
    assert!(percentile(&read, 100) < 75.0 && percentile(&unread, 100) < 75.0);
    assert!(unread.iter().all(|end| end["data"]["log"]["excerpt"] == "… a part of the log that was not read …"), "{:#}", unread[0]);
}

/// The event of a success has the last lines, whatever is before them.
#[tokio::test(start_paused = true)]
async fn the_event_of_a_large_success_has_the_closing_lines_and_says_what_was_not_read() {
    let output = (0..20_000).map(|n| format!("step {n}\n")).collect::<Vec<_>>().concat();
    let ends = ended(1, Duration::ZERO, 8, move |_| Script::succeeds().printing(output.clone())).await;
    let log = &ends[0]["data"]["log"];
    let excerpt = log["excerpt"].as_str().unwrap();
    assert!(excerpt.contains("step 19999\n") && excerpt.lines().next().unwrap().contains("not read"), "{excerpt}");
    assert_eq!((&log["complete"], &log["truncated"], &log["lines"]), (&true.into(), &true.into(), &39.into()));
}

/// CloudWatch answers nothing for a minute. Events come nevertheless.
#[derive(Debug)]
struct Unread;

impl Faults for Unread {
    fn before(&self, _: &str, operation: &str) -> Option<Fault> {
        (operation == "GetLogEvents").then_some(Fault::Hang)
    }
}

#[tokio::test(start_paused = true)]
async fn reads_without_an_answer_do_not_delay_events_for_long() {
    let mut world = world(|_| Script::succeeds()).with(DEFAULT).faults(Unread).start().await;
    for n in 0..100 {
        world.submit(&job(&format!("app-{n}"))).await;
    }
    for end in world.ends().await.values() {
        assert!(!is_complete(end) && lateness(end) < 75.0, "{end:#}");
    }
    world.end().await;
}
