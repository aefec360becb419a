//! `cargo bench --bench chaos`: the real daemon killed with `kill -9` again and again, on a bad day of AWS.
//!
//! The daemon is a process of its own, over sockets; the embedded endpoint is in this one, and answers some calls with errors, throttling,
//! or not at all. `-- --jobs N --kills N --seed S` changes the course.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark fails by panicking, and prints what it measured")]

mod rig;

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use localaws::{fault::Faults, runner::scripted::Script};
use rig::{Rig, day::BadDay};
use tokio::time::{Instant, sleep};

/// A daemon lives this long at least and at most, in milliseconds.
const LIVES: Range<u64> = 500..4000;
const LIMITS: &str = "running = 20";
/// Everything has ended long before.
const PATIENCE: Duration = Duration::from_mins(15);

#[tokio::main]
async fn main() {
    let (jobs, kills, seed) = (rig::argument("--jobs", 500), rig::argument("--kills", 50), rig::argument("--seed", 1));
    let day = BadDay::new(seed);
    let longest = LIVES.end;
    // The jobs last about as long as the kills do.
    let script = move |_: &_| Script::succeeds().taking(Duration::from_millis(fastrand::u64(0..2 * longest)));
    let rig = Box::pin(Rig::start(script, Some(Arc::clone(&day) as Arc<dyn Faults>))).await;
    rig.receive_without_bound().await;
    rig.submit(0..jobs).await;

    let mut rng = fastrand::Rng::with_seed(seed);
    let mut life = || Duration::from_millis(rng.u64(LIVES));
    let started = Instant::now();
    day.on.store(true, Ordering::Relaxed);
    let killing = async {
        let mut daemon = rig.daemon(LIMITS);
        for _ in 0..kills {
            sleep(life()).await;
            daemon.kill().unwrap();
            daemon.wait().unwrap();
            daemon = rig.daemon(LIMITS);
        }
        daemon
    };
    // Ends by event id, each with how often it was told.
    let mut ends: BTreeMap<String, u32> = BTreeMap::new();
    let reading = async {
        while ends.len() < jobs as usize && started.elapsed() < PATIENCE {
            read(&rig, &mut ends).await;
        }
    };
    let (mut daemon, ()) = tokio::join!(killing, reading);
    let seconds = started.elapsed().as_secs();
    day.on.store(false, Ordering::Relaxed);
    // What a kill left in flight comes back, and must be gone in the end.
    while rig.queue(&rig.provision.jobs).depth().await.unwrap() > 0 && started.elapsed() < PATIENCE {
        read(&rig, &mut ends).await;
    }
    daemon.kill().unwrap();
    daemon.wait().unwrap();

    let mut builds: BTreeMap<(String, String), u32> = BTreeMap::new();
    for build in rig.aws.codebuild().builds() {
        let variable = |name: &str| build.variables[name].clone();
        *builds.entry((variable("SLIPWAY_JOB_ID"), variable("SLIPWAY_ATTEMPT"))).or_default() += 1;
    }
    let lost = (0..jobs).filter(|n| !ends.contains_key(&format!("job-{n}/finished"))).count();
    let doubled = builds.values().filter(|count| **count > 1).count();
    let left = rig.queue(&rig.provision.jobs).depth().await.unwrap();
    let repeats: u32 = ends.values().map(|count| count - 1).sum();
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!("{jobs} jobs, {kills} times kill -9, {seconds} s until the last event");
    println!("injected: {} errors, {} throttles, {} lost replies", count(&day.errors), count(&day.throttles), count(&day.drops));
    println!("builds: {}, events repeated with the same id: {repeats}", builds.len());
    println!("jobs lost: {lost}, attempts built twice: {doubled}, messages left: {left}");
    rig.stop().await;
    assert_eq!((lost, doubled, left), (0, 0, 0));
}

async fn read(rig: &Rig, ends: &mut BTreeMap<String, u32>) {
    for event in rig.events(Duration::from_secs(1)).await {
        *ends.entry(event["id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
}
