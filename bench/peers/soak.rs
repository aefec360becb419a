//! A soak: jobs at a steady rate, on a bad day, for a long time. Memory, descriptors and threads have to stay flat.

use std::time::{Duration, Instant};

use crate::{
    endpoint::{Endpoint, Shape, Wish},
    scenario::until,
    worker::{Kind, Settings, Used, Worker},
};

/// Jobs a second, and how long a build takes.
const RATE: u32 = 100;
const BUILD: f64 = 3.0;
const LOOK: Duration = Duration::from_secs(10);

/// Prints a line every ten seconds; the first fifth is for getting warm.
pub(crate) fn soak(time: Duration) {
    let mut endpoint = Endpoint::start();
    endpoint.wish(&Wish::Shape(Shape { seconds: BUILD, lines: 20, fails: false }));
    let worker = Worker::start(Kind::Slipway, &endpoint.places, &Settings { push: true, ..Settings::running(1000) });
    std::thread::sleep(Duration::from_secs(2));
    endpoint.wish(&Wish::BadDay(true));
    let (begin, mut submitted, mut next) = (Instant::now(), 0, Duration::ZERO);
    let mut looks: Vec<(Duration, Used)> = Vec::new();
    println!("{:>6} {:>8} {:>8} {:>6} {:>9} {:>9} {:>7}", "s", "jobs", "events", "held", "MB", "sockets", "threads");
    while begin.elapsed() < time {
        let due = Duration::from_millis(100) * (submitted / (RATE / 10));
        std::thread::sleep(due.saturating_sub(begin.elapsed()));
        // Faults are for the worker's calls, not for the sender's.
        endpoint.wish(&Wish::BadDay(false));
        endpoint.wish(&Wish::Submit(RATE / 10));
        submitted += RATE / 10;
        if begin.elapsed() >= next {
            let counts = endpoint.counts();
            next += LOOK;
            let used = worker.used();
            let seconds = begin.elapsed().as_secs();
            println!(
                "{seconds:>6} {submitted:>8} {:>8} {:>6} {:>9.1} {:>9} {:>7}",
                counts.told, counts.held, used.resident_mb, used.descriptors, used.threads
            );
            looks.push((begin.elapsed(), used));
        }
        endpoint.wish(&Wish::BadDay(true));
    }
    endpoint.wish(&Wish::BadDay(false));
    let counts = until(&mut endpoint, |counts| counts.told >= submitted as usize && counts.held + counts.waiting == 0);
    assert!(counts.told >= submitted as usize && counts.held + counts.waiting == 0, "jobs were lost: {submitted} sent, {counts:?}");
    let warm: Vec<_> = looks.iter().filter(|(at, _)| *at * 5 >= time).map(|(_, used)| used).collect();
    let span = |of: fn(&Used) -> f64| {
        warm.iter().map(|used| of(used)).fold((f64::MAX, f64::MIN), |(from, to), value| (from.min(value), to.max(value)))
    };
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let (memory, sockets, threads) =
        (span(|used| used.resident_mb), span(|used| used.descriptors as f64), span(|used| used.threads as f64));
    println!(
        "{submitted} jobs, all told; from the first fifth on: {:.1} to {:.1} MB, {:.0} to {:.0} descriptors, {:.0} to {:.0} threads",
        memory.0, memory.1, sockets.0, sockets.1, threads.0, threads.1
    );
}
