//! `cargo test --test simulation`: worlds drawn from seeds, with faults, crashes and sleep. Each must keep the daemon's promises.
//!
//! `-- --seeds N` runs N of them, `--from S` begins there, `-- --seed S` runs one again and shows every call, `-- --bug NAME` runs them
//! with a deliberate bug.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and prints what it found")]

mod bug;
mod event_bridge;
mod law;
mod plan;
mod wire;
mod world;

use std::{
    ops::Range,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
};

use bug::Bug;
use localaws::codebuild::BuildView;
use world::Course;

/// How many worlds run in an ordinary test run, and within how many a deliberate bug must be found.
const SEEDS: u64 = 200;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1).map(String::as_str);
    if arguments.iter().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let bug =
        value("--bug").map(|name| Bug::ALL.into_iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no bug {name}")).1);
    if let Some(seed) = value("--seed") {
        return replay(seed.parse().unwrap(), bug);
    }
    let number = |name, default| value(name).map_or(default, |number| number.parse().unwrap());
    let from = number("--from", 0);
    let seeds = from..from + number("--seeds", SEEDS);
    let mut passed = 0;
    let mut failed = 0;
    let mut check = |what: &str, holds: bool| {
        println!("test {what} ... {}", if holds { "ok" } else { "FAILED" });
        if holds { passed += 1 } else { failed += 1 }
    };
    let (found, summary) = search(seeds, bug, report);
    println!("{summary}");
    check("every world keeps the promises", found == 0);
    if bug.is_none() {
        check("a seed is the same world again", (0..10).all(|seed| world::run(seed, None).trace == world::run(seed, None).trace));
        for (name, bug) in Bug::ALL {
            let (found, _) = search(0..SEEDS, Some(bug), |_, _| {});
            check(&format!("a daemon with the bug {name} is found out"), found > 0);
        }
    }
    println!("test result: {}. {passed} passed; {failed} failed", if failed == 0 { "ok" } else { "FAILED" });
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(seed: u64, broken: &[String]) {
    println!("seed {seed}: {}\n  again, with every call: cargo test --test simulation -- --seed {seed}", broken.join("\n  "));
}

/// Runs worlds on all cores and reports each broken one at once; with a deliberate bug, until one is broken. Returns the number of broken
/// ones, and a summary.
fn search(seeds: Range<u64>, bug: Option<Bug>, report: fn(u64, &[String])) -> (usize, String) {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let (mut found, mut jobs, mut builds, mut kills, mut calls) = (0, 0, 0, 0, 0);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return (found, jobs, builds, kills, calls);
            }
            let course = world::run(seed, bug);
            (jobs, builds, kills, calls) =
                (jobs + course.jobs, builds + course.builds.len(), kills + course.kills, calls + course.trace.len());
            if !course.broken.is_empty() {
                found += 1;
                report(seed, &course.broken);
                if bug.is_some() {
                    next.store(seeds.end, Ordering::Relaxed);
                }
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (mut found, mut jobs, mut builds, mut kills, mut calls) = (0, 0, 0, 0, 0);
    for part in parts {
        found += part.0;
        (jobs, builds, kills, calls) = (jobs + part.1, builds + part.2, kills + part.3, calls + part.4);
    }
    let summary = format!(
        "worlds {} to {}: {jobs} jobs, {builds} builds, {kills} kills, {calls} calls, {found} of them broken",
        seeds.start,
        seeds.end - 1,
    );
    (found, summary)
}

fn replay(seed: u64, bug: Option<Bug>) -> ExitCode {
    println!("{:#?}", plan::Plan::new(seed));
    let Course { broken, trace, kills, jobs, builds } = world::run(seed, bug);
    println!("{}", trace.join("\n"));
    for BuildView { id, status, variables, start_ms, end_ms, .. } in &builds {
        println!("{id} {status} from {start_ms} to {end_ms:?}, {variables:?}");
    }
    println!("{jobs} jobs, {} builds, {kills} kills", builds.len());
    println!("{}", if broken.is_empty() { "every promise kept".to_owned() } else { broken.join("\n") });
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
