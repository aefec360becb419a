//! AWS accepts calls and never answers: the daemon stays healthy, and drains when told to.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use localaws::{
    fault::{Fault, Faults},
    runner::scripted::Script,
};
use slipway::{
    clock::Clock,
    config,
    engine::{self, Exit, Vitals},
    shutdown::Shutdown,
};
use tokio::time::{Instant, sleep};

use crate::world::{World, world};

/// An operation of SQS that hangs during the outage.
#[derive(Debug, Clone)]
struct Outage {
    operation: &'static str,
    lasts: Arc<AtomicBool>,
}

impl Outage {
    fn of(operation: &'static str) -> Self {
        Self { operation, lasts: Arc::default() }
    }

    fn set(&self, lasts: bool) {
        self.lasts.store(lasts, Ordering::Relaxed);
    }
}

impl Faults for Outage {
    fn before(&self, service: &str, operation: &str) -> Option<Fault> {
        (self.lasts.load(Ordering::Relaxed) && service == "sqs" && operation == self.operation).then_some(Fault::Hang)
    }
}

/// A daemon that has to look up its dead-letter queue, with its vitals.
fn daemon(world: &World) -> (impl Future<Output = Exit>, Vitals, Shutdown) {
    let text = include_str!("../../config/local.toml");
    let text: Vec<&str> = text.lines().filter(|line| !line.starts_with("dead_letter_url")).collect();
    let config = config::parse(&text.join("\n"), "config/local.toml", []).unwrap();
    let (vitals, shutdown) = (Vitals::default(), Shutdown::default());
    let clock = Clock::starting_at("2026-11-22T10:00:00Z".parse().unwrap());
    let run = engine::run(Arc::new(config), world.clients.clone(), clock, vitals.clone(), shutdown.clone());
    (async move { run.await.unwrap() }, vitals, shutdown)
}

#[tokio::test(start_paused = true)]
async fn the_daemon_stays_healthy_while_polls_are_not_answered() {
    let outage = Outage::of("ReceiveMessage");
    let world = world(|_| Script::succeeds()).faults(outage.clone()).start_without_daemon().await;
    let (run, vitals, shutdown) = daemon(&world);
    let watched = async {
        vitals.ready().await;
        outage.set(true);
        let began = Instant::now();
        while began.elapsed() < Duration::from_mins(20) {
            assert_eq!(vitals.pulses.stale(), [], "after {:?}", began.elapsed());
            sleep(Duration::from_secs(1)).await;
        }
        outage.set(false);
        shutdown.drain.cancel();
    };
    let (exit, ()) = tokio::join!(run, watched);
    assert_eq!(exit, Exit::Drained);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_a_daemon_that_waits_for_an_answer_at_its_start() {
    let outage = Outage::of("GetQueueAttributes");
    let world = world(|_| Script::succeeds()).faults(outage.clone()).start_without_daemon().await;
    let (run, _, shutdown) = daemon(&world);
    outage.set(true);
    let asked = async {
        sleep(Duration::from_secs(2)).await;
        shutdown.drain.cancel();
        Instant::now()
    };
    let (exit, asked) = tokio::join!(run, asked);
    assert_eq!(exit, Exit::Drained);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    outage.set(false);
    world.end().await;
}
