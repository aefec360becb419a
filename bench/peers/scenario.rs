//! What is measured, and how.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{
    endpoint::{Counts, Endpoint, Shape, Wish},
    rig,
    worker::{Kind, Settings, Used, Worker},
};

/// What was measured of one worker in one scenario.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Measure {
    pub(crate) jobs: u32,
    pub(crate) seconds: f64,
    /// CPU time of the worker: for each job, or each minute where there are none.
    pub(crate) cpu_ms: f64,
    pub(crate) calls: f64,
    pub(crate) by_operation: BTreeMap<String, u64>,
    /// Resident at the end, and at most.
    pub(crate) resident_mb: f64,
    pub(crate) peak_mb: f64,
    /// Points of a curve: what the scenario says.
    pub(crate) curve: Vec<(f64, f64)>,
}

/// Everything that there is to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// Jobs that come to a worker that is idle.
    Jobs {
        count: u32,
        running: usize,
        shape: Shape,
    },
    /// Jobs that wait already.
    Backlog {
        count: u32,
        running: usize,
    },
    Idle {
        seconds: u64,
    },
    /// So many builds in flight that do not end. All workers look at them as seldom as the daemon does by default, and keep their messages as
    /// long: with a look each second, 100,000 builds are 1,000 calls a second, which no site asks for.
    Flight {
        count: u32,
    },
    /// A worker is killed and started again beside so many recent builds, 100 ms a call of CodeBuild.
    Restart {
        count: u32,
    },
    /// Builds that end at a steady rate, pushed.
    Delay {
        per_second: u32,
        seconds: u32,
    },
}

const INSTANT: Shape = Shape { seconds: 0.0, lines: 0, fails: false };
/// Nobody is waited for longer.
const PATIENCE: Duration = Duration::from_mins(10);
const LOOK: Duration = Duration::from_millis(500);
/// What a worker takes to be up and quiet.
const START: Duration = Duration::from_secs(4);

/// All of it, by name.
pub(crate) const ALL: [(&str, Scenario); 13] = [
    ("instant", Scenario::Jobs { count: 2000, running: 1000, shape: INSTANT }),
    ("20 s", Scenario::Jobs { count: 2000, running: 1000, shape: Shape { seconds: 20.0, ..INSTANT } }),
    ("2,000 lines", Scenario::Jobs { count: 400, running: 100, shape: Shape { lines: 2000, ..INSTANT } }),
    ("2,000 lines, failed", Scenario::Jobs { count: 400, running: 100, shape: Shape { lines: 2000, fails: true, ..INSTANT } }),
    ("60,000 lines", Scenario::Jobs { count: 40, running: 20, shape: Shape { lines: 60_000, ..INSTANT } }),
    ("60,000 lines, failed", Scenario::Jobs { count: 40, running: 20, shape: Shape { lines: 60_000, fails: true, ..INSTANT } }),
    ("idle", Scenario::Idle { seconds: 60 }),
    ("1,000 in flight", Scenario::Flight { count: 1000 }),
    ("10,000 in flight", Scenario::Flight { count: 10_000 }),
    ("100,000 in flight", Scenario::Flight { count: 100_000 }),
    ("backlog", Scenario::Backlog { count: 50_000, running: 1000 }),
    ("restart", Scenario::Restart { count: 10_000 }),
    ("delay", Scenario::Delay { per_second: 20, seconds: 30 }),
];

impl Scenario {
    /// Some are about one worker only, and some would take others very long.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        match self {
            Self::Delay { .. } | Self::Restart { .. } => kind == Kind::Slipway,
            Self::Flight { count } => *count <= 10_000 || kind == Kind::Slipway,
            Self::Backlog { .. } => matches!(kind, Kind::Slipway | Kind::Bare),
            _ => true,
        }
    }

    pub(crate) fn measure(&self, kind: Kind) -> Measure {
        let mut endpoint = Endpoint::start();
        match *self {
            Self::Jobs { count, running, shape } => {
                endpoint.wish(&Wish::Shape(shape));
                let worker = Worker::start(kind, &endpoint.places, &Settings::running(running));
                std::thread::sleep(START);
                jobs(&mut endpoint, &worker, count)
            }
            Self::Backlog { count, running } => {
                endpoint.wish(&Wish::Submit(count));
                let worker = Worker::start(kind, &endpoint.places, &Settings::running(running));
                drain(&mut endpoint, &worker, count)
            }
            Self::Idle { seconds } => {
                let worker = Worker::start(kind, &endpoint.places, &Settings::running(1000));
                std::thread::sleep(START);
                let before = worker.used();
                std::thread::sleep(Duration::from_secs(seconds));
                let after = worker.used();
                Measure { cpu_ms: (after.cpu_ms - before.cpu_ms) * 60.0 / as_f64(seconds), ..of(after) }
            }
            Self::Flight { count } => {
                endpoint.wish(&Wish::Shape(Shape { seconds: 3600.0, ..INSTANT }));
                let settings = Settings { pace: rig::USUAL, limits: "waiting_bytes = \"512MiB\"", ..Settings::running(count as usize) };
                let worker = Worker::start(kind, &endpoint.places, &settings);
                endpoint.wish(&Wish::Submit(count));
                let counts = until(&mut endpoint, |counts| counts.running >= count as usize);
                assert!(counts.running >= count as usize, "of {count} builds not all came up: {counts:?}");
                // Until each has been looked at.
                std::thread::sleep(Duration::from_secs(rig::USUAL.look.into()) + START);
                Measure { jobs: u32::try_from(counts.running).unwrap(), ..of(worker.used()) }
            }
            Self::Restart { count } => {
                let worker = Worker::start(kind, &endpoint.places, &Settings::running(1000));
                jobs(&mut endpoint, &worker, count);
                drop(worker);
                endpoint.wish(&Wish::Slow(100));
                endpoint.wish(&Wish::Submit(1));
                let begin = Instant::now();
                let worker = Worker::start(kind, &endpoint.places, &Settings::running(1000));
                let counts = until(&mut endpoint, |counts| counts.told > count as usize);
                assert!(counts.told > count as usize, "the job after the restart was not told: {counts:?}");
                Measure { jobs: count, seconds: begin.elapsed().as_secs_f64(), ..of(worker.used()) }
            }
            Self::Delay { per_second, seconds } => {
                endpoint.wish(&Wish::Shape(Shape { seconds: 2.0, ..INSTANT }));
                let settings = Settings { push: true, reads_per_second: 25, ..Settings::running(200) };
                let worker = Worker::start(kind, &endpoint.places, &settings);
                std::thread::sleep(START);
                let count = per_second * seconds;
                let begin = Instant::now();
                for n in 0..count {
                    let due = begin + Duration::from_secs(1) / per_second * n;
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    endpoint.wish(&Wish::Submit(1));
                }
                until(&mut endpoint, |counts| counts.told >= count as usize);
                let delays = endpoint.delays();
                let at = |share: f64| share_of(&delays, share);
                let curve = [0.5, 0.75, 0.9, 0.95, 0.99, 1.0].map(|share| (share, at(share)));
                Measure { jobs: count, curve: curve.to_vec(), ..of(worker.used()) }
            }
        }
    }
}

/// Submits jobs, and measures until all have come to their end.
pub(crate) fn jobs(endpoint: &mut Endpoint, worker: &Worker, count: u32) -> Measure {
    let (before, begin) = (worker.used(), Instant::now());
    let calls = endpoint.counts().calls;
    endpoint.wish(&Wish::Submit(count));
    let counts = until(endpoint, |counts| is_over(counts, count));
    let (after, seconds) = (worker.used(), begin.elapsed().as_secs_f64());
    assert!(is_over(&counts, count), "of {count} jobs not all came to their end: {counts:?}");
    let by_operation: BTreeMap<_, _> =
        counts.calls.into_iter().map(|(name, count)| (name.clone(), count - calls.get(&name).copied().unwrap_or_default())).collect();
    let each = f64::from(count);
    let calls = as_f64(by_operation.values().sum()) / each;
    Measure { jobs: count, seconds, cpu_ms: (after.cpu_ms - before.cpu_ms) / each, calls, by_operation, ..of(after) }
}

/// Works a backlog off; the curve is CPU for each job over the jobs that are left.
fn drain(endpoint: &mut Endpoint, worker: &Worker, count: u32) -> Measure {
    let begin = Instant::now();
    let (mut curve, mut last) = (Vec::new(), (0, worker.used()));
    loop {
        std::thread::sleep(LOOK);
        let (counts, used) = (endpoint.counts(), worker.used());
        let told = u32::try_from(counts.told).unwrap();
        let over = is_over(&counts, count) || begin.elapsed() > PATIENCE;
        if told >= last.0 + count / 8 || (over && told > last.0) {
            curve.push((f64::from(count - told), (used.cpu_ms - last.1.cpu_ms) / f64::from(told - last.0)));
            last = (told, used);
        }
        if over {
            assert!(is_over(&counts, count), "of {count} jobs not all came to their end: {counts:?}");
            let calls = as_f64(counts.calls.values().sum()) / f64::from(count);
            let (cpu_ms, seconds) = (used.cpu_ms / f64::from(count), begin.elapsed().as_secs_f64());
            return Measure { jobs: count, seconds, cpu_ms, calls, by_operation: counts.calls, curve, ..of(used) };
        }
    }
}

fn is_over(counts: &Counts, count: u32) -> bool {
    counts.told >= count as usize && counts.waiting + counts.held == 0
}

pub(crate) fn until(endpoint: &mut Endpoint, mut is: impl FnMut(&Counts) -> bool) -> Counts {
    let begin = Instant::now();
    loop {
        let counts = endpoint.counts();
        if is(&counts) || begin.elapsed() > PATIENCE {
            return counts;
        }
        std::thread::sleep(LOOK);
    }
}

fn of(used: Used) -> Measure {
    Measure { resident_mb: used.resident_mb, peak_mb: used.peak_mb, ..Measure::default() }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn as_f64(count: u64) -> f64 {
    count as f64
}

/// The value that so large a share of all does not exceed.
fn share_of(sorted: &[u64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "an index")]
    let at = (share * last as f64).round() as usize;
    as_f64(sorted.get(at).copied().unwrap_or_default())
}
