//! `cargo bench --bench peers`: the daemon beside a bare loop on the AWS SDK, a worker on boto3 and one on sqs-consumer, which do the same
//! work on the same endpoint. What each takes goes into `docs/performance.md`.
//!
//! - `-- --only slipway,bare` and `-- --scenario instant,idle`: some of it; the rest stays as it was measured before
//! - `-- --write`: writes the page; without it the figures are printed
//! - `-- --soak 30m`: 100 jobs a second on a bad day, for so long
//! - `cargo test --bench peers`: a small run that bounds calls and what is held
#![expect(clippy::disallowed_methods, reason = "what is not the daemon has its own threads, tasks and environment")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark fails by panicking, and prints what it measured")]

#[path = "peers/bare.rs"]
mod bare;
#[path = "peers/endpoint.rs"]
mod endpoint;
#[path = "../tests/it/corpus/noise.rs"]
mod noise;
#[path = "peers/page.rs"]
mod page;
#[path = "peers/plot.rs"]
mod plot;
mod rig;
#[path = "peers/scenario.rs"]
mod scenario;
#[path = "peers/soak.rs"]
mod soak;
#[path = "peers/worker.rs"]
mod worker;

use endpoint::{Endpoint, Wish};
use worker::{Kind, Settings, Worker};

fn main() {
    let has = |name: &str| std::env::args().any(|argument| argument == name);
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if has("--endpoint") {
        return runtime().block_on(endpoint::serve());
    }
    if has("--bare") {
        return runtime().block_on(bare::serve());
    }
    if let Some(time) = std::env::args().skip_while(|argument| argument != "--soak").nth(1) {
        return soak::soak(humantime::parse_duration(&time).unwrap());
    }
    // Cargo says so where it is to measure; `cargo test` does not.
    if !has("--bench") {
        return smoke();
    }
    let listed = |name: &str| rig::argument(name, String::new());
    let (only, scenarios) = (listed("--only"), listed("--scenario"));
    let is_wanted =
        // The list's own commas are no part of a name: `--scenario 10000` is the one of `10,000 in flight`.
        |list: &str, name: &str| {
            let name = name.to_lowercase().replace(',', "");
            list.is_empty() || list.split(',').any(|wanted| name == wanted || name.starts_with(&format!("{wanted} ")))
        };
    let mut results = page::load();
    for (name, scenario) in scenario::ALL.iter().filter(|(name, _)| is_wanted(&scenarios, name)) {
        for kind in worker::ALL.into_iter().filter(|kind| scenario.has(*kind) && is_wanted(&only, kind.name())) {
            if kind.version().is_none() {
                println!("{name:<22} {:<14} is not there: see docs/performance.md", kind.name());
                continue;
            }
            let measure = scenario.measure(kind);
            println!(
                "{name:<22} {:<14} {:>6} jobs {:>7.1} s {:>8.3} ms CPU {:>6.2} calls {:>7.1} MB, at most {:.1} {:?}",
                kind.name(),
                measure.jobs,
                measure.seconds,
                measure.cpu_ms,
                measure.calls,
                measure.resident_mb,
                measure.peak_mb,
                measure.curve
            );
            results.entry((*name).to_owned()).or_default().insert(kind.name().to_owned(), measure);
            page::keep(&results);
        }
    }
    if has("--write") {
        page::write(&results);
    }
}

/// Few jobs, and exact bounds: on calls, and on what is held at once. Never on time.
fn smoke() {
    const JOBS: u32 = 500;
    const RUNNING: usize = 30;
    const WAITING: usize = 20;
    /// 1 MiB of messages that weigh 4 KiB each.
    const HELD: usize = 256;
    let mut endpoint = Endpoint::start();
    endpoint.wish(&Wish::Shape(endpoint::Shape { seconds: 0.3, lines: 200, fails: true }));
    endpoint.wish(&Wish::Submit(JOBS));
    let limits = format!("waiting = {WAITING}\nwaiting_bytes = \"1MiB\"");
    let settings = Settings { limits: &limits, ..Settings::running(RUNNING) };
    let worker = Worker::start(Kind::Slipway, &endpoint.places, &settings);
    let mut most = 0;
    let counts = scenario::until(&mut endpoint, |counts| {
        most = most.max(counts.held);
        counts.told >= JOBS as usize && counts.held + counts.waiting == 0
    });
    drop(worker);
    assert_eq!(counts.told, JOBS as usize, "every job is told: {counts:?}");
    // What is held is bounded by its weight. One receive may bring more than there is room for, and one batch may be on its way to be deleted.
    assert!(most <= HELD + 20, "{most} messages were held at once");
    let of = |name: &str| counts.calls.get(name).copied().unwrap_or_default();
    assert_eq!(of("codebuild.StartBuild"), u64::from(JOBS), "one start a build");
    // A log whose last lines come late is read twice.
    assert!(of("logs.GetLogEvents") <= u64::from(JOBS + JOBS / 10), "one read a build: {:?}", counts.calls);
    let all: u64 = counts.calls.values().sum();
    assert!(all <= 4 * u64::from(JOBS), "{all} calls for {JOBS} jobs: {:?}", counts.calls);
    println!("{JOBS} jobs, {all} calls, {most} held at most");
}
