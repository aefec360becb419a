//! The API calls of a build: the numbers in `docs/operations.md`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and prints what it counted")]

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use localaws::runner::scripted::Script;

use crate::world::{World, job, world};

/// The duration of a build.
const BUILD: Duration = Duration::from_mins(5);
/// The time between two jobs: some 38 builds run at once, and none waits.
const BETWEEN: Duration = Duration::from_secs(8);
/// How many jobs come before as many builds end as begin.
const BEFORE: u32 = 40;
const COUNTED: u32 = 50;

/// The table in the manual: calls for a thousand builds, by operation.
fn documented() -> BTreeMap<String, u64> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap();
    let row = |line: &str| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let operation = cells.next()?.strip_prefix('`')?.strip_suffix('`')?.to_owned();
        Some((operation, cells.next()?.replace(',', "").parse().ok()?))
    };
    page.lines().filter_map(row).collect()
}

async fn submit(world: &mut World, jobs: std::ops::Range<u32>) -> BTreeMap<String, u64> {
    for n in jobs {
        world.submit(&job(&format!("app-{n}"))).await;
        tokio::time::sleep(BETWEEN).await;
    }
    world.aws.calls()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_builds_need_as_many_calls_as_the_manual_says() {
    let setup = world(|_| Script::succeeds().taking(BUILD));
    // The settings in deploy/terraform.
    let deployed = "SLIPWAY__QUEUES__0__VISIBILITY=2m SLIPWAY__QUEUES__0__WAIT=20s SLIPWAY__WATCH__INTERVAL=30s SLIPWAY__LOG__SETTLE=10s \
                    SLIPWAY__LIMITS__RUNNING=100 SLIPWAY__TOPIC__EVENTS=[\"started\",\"finished\",\"rejected\"]";
    let mut world = setup.with(deployed).start().await;
    let before = submit(&mut world, 0..BEFORE).await;
    let after = submit(&mut world, BEFORE..BEFORE + COUNTED).await;
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    for (operation, count) in after {
        let count = count - before.get(&operation).copied().unwrap_or_default();
        // Sending is the sender's call.
        if count > 0 && operation != "sqs.SendMessage" {
            calls.insert(operation, count * 1000 / u64::from(COUNTED));
        }
    }
    for (operation, count) in &calls {
        println!("| `{operation}` | {count} |");
    }
    world.ends().await;
    world.end().await;

    let documented = documented();
    assert_eq!(documented.keys().collect::<Vec<_>>(), calls.keys().collect::<Vec<_>>());
    for (operation, count) in &calls {
        let (most, documented) = (documented[operation] / 10, documented[operation]);
        assert!(count.abs_diff(documented) <= most, "{operation}: {count} calls for a thousand builds, and the manual says {documented}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_running_builds_are_read_in_one_call_an_interval_and_ended_ones_never() {
    let mut world =
        world(|_| Script::succeeds().taking(BUILD)).with("SLIPWAY__WATCH__INTERVAL=30s SLIPWAY__LIMITS__RUNNING=100").start().await;
    for n in 0..50 {
        world.submit(&job(&format!("app-{n}"))).await;
    }
    let reads = |world: &World| world.aws.calls()["codebuild.BatchGetBuilds"];
    tokio::time::sleep(Duration::from_secs(BUILD.as_secs() - 15)).await;
    let (needed, most) = (reads(&world), BUILD.as_secs() / 30);
    assert!(needed <= most, "{needed} reads of 50 builds, and {most} were enough");
    assert_eq!(world.ends().await.len(), 50);
    let needed = reads(&world);
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(reads(&world), needed, "an ended build is still read");
    world.end().await;
}
