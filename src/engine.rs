//! The daemon itself. [`run`] owns every task: it starts the services, waits for the drain, and leaves in order.

mod backlog;
mod cancellation;
mod console;
pub mod dead_letter;
mod dead_letter_reader;
mod dead_letters;
mod deduplication;
mod index;
mod intake;
mod lease;
pub mod notices;
pub mod pause;
mod push;
mod recovery;
mod rejection;
mod reporter;
mod scheduler;
mod starter;
pub mod stream;
mod tracker;
mod transcript;
mod watcher;
mod worker;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

pub use console::{Cancelling, Change, Console, LogReader, SubmitError, Submitted, Subscription, What};
pub use rejection::REASONS;
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use self::notices::Notices;
use crate::{
    aws::{
        Clients,
        batch::{Batch, Batcher},
        builds::Statuses,
        logs::Logs,
        queue::{Deletes, Extensions, RECEIVE_MARGIN},
        topic::{Publishes, Room},
    },
    backoff,
    clock::Clock,
    config::{self, Current},
    observe,
    pulse::Pulses,
    shutdown::Shutdown,
    supervise::{Ended, Jobs, Panics, Services},
};

/// How long the batching actors gather. Status reads gather longer: all builds are looked at at the same time.
const LINGER: Duration = Duration::from_millis(5);
const STATUS_LINGER: Duration = Duration::from_millis(20);
/// What giving back and the last deletes may take after the grace period.
const LAST_CALLS: Duration = Duration::from_secs(10);
/// A loop that calls AWS turns over at least this often beyond its own waits.
const CALL_MARGIN: Duration = Duration::from_mins(1);
/// What an intake's turn takes at most beyond its poll's wait: until the poll is given up, then the longest pause, and room for its own work.
const TURN_MARGIN: Duration = RECEIVE_MARGIN.saturating_add(backoff::PATIENT).saturating_add(Duration::from_secs(10));

/// How the daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing was left.
    Drained,
    /// This many jobs were left to the next process.
    Left(usize),
}

/// What steers the running daemon, besides its signals. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Controls {
    /// What is paused.
    pub pauses: pause::Pauses,
    /// What was rejected, or received too often.
    pub dead_letters: dead_letter::Desk,
}

/// What the world outside may see of the running daemon. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Vitals {
    /// The loops' progress.
    pub pulses: Pulses,
    /// Jobs whose task has panicked: faults of the daemon.
    pub panics: Panics,
    /// States that need a person.
    pub notices: Notices,
    ready: Arc<watch::Sender<bool>>,
    console: Arc<OnceLock<Console>>,
    controls: Arc<OnceLock<Controls>>,
}

impl Vitals {
    /// Whether every queue has answered and the daemon takes work.
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// What is to be seen and asked of the running daemon. `None`: it has not begun yet.
    pub fn console(&self) -> Option<Console> {
        self.console.get().cloned()
    }

    /// What steers the running daemon. `None`: it has not begun yet.
    pub fn controls(&self) -> Option<Controls> {
        self.controls.get().cloned()
    }

    /// Resolves when the daemon takes work.
    pub async fn ready(&self) {
        // The sender lives in `self`: waiting cannot fail.
        self.ready.subscribe().wait_for(|ready| *ready).await.map(drop).unwrap_or_default();
    }
}

/// Runs the daemon until `shutdown`, or until one of its services ends, which is a fault.
pub async fn run(current: impl Into<Current>, clients: Clients, clock: Clock, vitals: Vitals, shutdown: Shutdown) -> Result<Exit, Ended> {
    let current = current.into();
    let config = current.now();
    let mut services = Services::default();
    let jobs = Jobs::new(vitals.panics.clone());
    let _abort = jobs.abort_on_drop();
    // Jobs are given back when nothing is received any more: an open poll would take them again at once.
    let inner = Shutdown { drain: CancellationToken::new(), leave: shutdown.leave.clone() };
    let backlog = backlog::Backlog::new(&config);
    let (worker, index, logs) = worker(&current, &clients, clock, &backlog, &mut services, &vitals, &inner);
    let leases: Vec<_> = config.queues.iter().map(|settings| leases(settings, &clients, &mut services, &vitals)).collect();
    let board = pause::Board::new(&config.queues, &clients);
    let pauses = pause::Pauses::new(board, current.clone(), clock, worker.scheduler.clone());
    let parts = console::Parts {
        worker: Arc::clone(&worker),
        index,
        logs,
        clients: clients.clone(),
        pulses: vitals.pulses.clone(),
        notices: vitals.notices.clone(),
        pauses: pauses.clone(),
        leases: leases.clone(),
    };
    // Vitals belong to one daemon: there is no console before this one.
    vitals.console.get_or_init(|| console::Console::new(parts));
    services.spawn("pauses", pauses.clone().serve(vitals.pulses.start("pauses", pause::EVERY + CALL_MARGIN)));
    let handling = Jobs::new(vitals.panics.clone());
    let _abort_handling = handling.abort_on_drop();
    let dead_letters = dead_letter::Desk::new(&config.queues, &clients, Some(current.clone()), clock, handling);
    // Vitals belong to one daemon: there are no controls before these.
    vitals.controls.get_or_init(|| Controls { pauses: pauses.clone(), dead_letters: dead_letters.clone() });
    let mut intakes = Services::default();
    let mut answers = Vec::new();
    for (index, (settings, leases)) in config.queues.iter().zip(&leases).enumerate() {
        let (intake, answered) =
            intake((index, settings), &clients, &worker, &backlog, pauses.gate(settings.name()), leases, &jobs, &vitals);
        if settings.report_dead_letters {
            let reader = dead_letter_reader::DeadLetterReader {
                settings: settings.clone(),
                dead_letters: Arc::clone(&intake.dead_letters),
                worker: Arc::clone(&worker),
                turn: dead_letters.turn(),
            };
            let limit = dead_letter_reader::LONGEST_TURN + CALL_MARGIN;
            services.spawn("dead letters", reader.serve(vitals.pulses.start(format!("dead letters of {}", settings.name()), limit)));
        }
        answers.push(answered);
        let pulse = vitals.pulses.start(format!("intake of {}", settings.name()), settings.wait + TURN_MARGIN);
        intakes.spawn("intake", intake.serve(shutdown.drain.clone(), pulse));
    }
    let ready = Arc::clone(&vitals.ready);
    let became_ready = async move {
        for mut answered in answers {
            if answered.wait_for(|answered| *answered).await.is_err() {
                return;
            }
        }
        ready.send_replace(true);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        // Intakes end when the drain begins, which is no fault.
        biased;
        () = shutdown.drain.cancelled() => {}
        () = shutdown.leave.cancelled() => {}
        ended = services.ended() => return Err(ended),
        ended = intakes.ended() => return Err(ended),
        () = became_ready => {}
    }
    vitals.ready.send_replace(false);
    shutdown.drain.cancel();
    observe::draining(jobs.len(), config.shutdown.grace);
    // Intakes end by themselves, at once; jobs end or give back; then nothing is left.
    let quiet = async {
        while !intakes.is_empty() {
            intakes.ended().await;
        }
        inner.drain.cancel();
        jobs.all_ended().await;
    };
    tokio::pin!(quiet);
    let drained = tokio::select! {
        biased;
        // Who leaves now gives back at once, and is quiet then: that is no drain.
        () = shutdown.leave.cancelled() => false,
        () = &mut quiet => true,
        () = tokio::time::sleep(config.shutdown.grace) => false,
        ended = services.ended() => return Err(ended),
    };
    if drained {
        observe::drained();
        return Ok(Exit::Drained);
    }
    let left: usize = leases.iter().map(lease::Leases::len).sum();
    if left > 0 {
        observe::grace_ran_out(left);
    }
    let at_once = shutdown.leave.is_cancelled();
    shutdown.leave.cancel();
    // Whoever is still at it gives its message back; AWS may not answer, and then the leases just run out.
    timeout(LAST_CALLS, quiet).await.unwrap_or_default();
    // An idle poll that outlasts the grace period is nothing that is left.
    Ok(if left == 0 && !at_once { Exit::Drained } else { Exit::Left(left) })
}

fn worker(
    current: &Current,
    clients: &Clients,
    clock: Clock,
    backlog: &backlog::Backlog,
    services: &mut Services,
    vitals: &Vitals,
    shutdown: &Shutdown,
) -> (Arc<worker::Worker>, index::Index, Logs) {
    let config = &current.now();
    let statuses = batcher(Statuses(clients.builds()), STATUS_LINGER, services, vitals);
    let topic = clients.topic(&config.topic.arn);
    let room = Room::new(config.topic.max_bytes);
    let publishes = Publishes { topic, room: room.clone(), fifo: config.topic.is_fifo() };
    let publishes = batcher(publishes, LINGER, services, vitals);
    let scheduler = scheduler::Scheduler::new(config, clock, backlog);
    services.spawn("scheduler", scheduler.clone().serve());
    let (watcher, ticker) = watcher::Watcher::new(statuses.clone(), config.watch.interval);
    let pulse = vitals.pulses.start("watcher", ticker.longest() + CALL_MARGIN);
    services.spawn("watcher", ticker.serve(pulse));
    if let Some(url) = &config.watch.events_queue_url {
        let queue = clients.queue(url);
        let deletes = batcher(Deletes(queue.clone()), LINGER, services, vitals);
        let wait = config.queues.first().map_or(Duration::from_secs(20), |queue| queue.wait);
        let pulse = vitals.pulses.start("pushed events", wait + 2 * CALL_MARGIN);
        services.spawn("pushed events", push::serve(queue, deletes, watcher.clone(), wait, pulse));
    }
    let index = index::Index::new(clients.builds(), clock, recovery::longest_build(config));
    let logs = clients.logs().paced(config.log.reads_per_second);
    let tracker = tracker::Tracker::new(clock, &config.http);
    let recovery = recovery::Recovery::new(config);
    let counted = recovery.clone().take(current.clone(), index.clone(), statuses.clone(), watcher.clone(), scheduler.clone());
    services.spawn("recovery", counted);
    prepare(current, &recovery, &index, &scheduler);
    let worker = Arc::new(worker::Worker {
        current: current.clone(),
        clock,
        builds: clients.builds(),
        recovery,
        scheduler,
        starter: starter::Starter::new(clients.builds(), statuses, index.clone()),
        watcher,
        reporter: reporter::Reporter::new(logs.clone(), publishes, room, vitals.notices.clone(), current.clone(), clock),
        deduplication: deduplication::Deduplication::new(config.limits.deduplication),
        tracker,
        shutdown: shutdown.clone(),
    });
    (worker, index, logs)
}

/// What must be ready before a job finds a further configuration.
fn prepare(current: &Current, recovery: &recovery::Recovery, index: &index::Index, scheduler: &scheduler::Scheduler) {
    let (recovery, index, scheduler) = (recovery.clone(), index.clone(), scheduler.clone());
    current.before_change(move |_, config| {
        scheduler.reconfigure(config);
        index.extend(recovery::longest_build(config));
        recovery.expect(config);
    });
}

/// What keeps a queue's messages hidden.
fn leases(settings: &config::Queue, clients: &Clients, services: &mut Services, vitals: &Vitals) -> lease::Leases {
    let queue = clients.queue(&settings.url);
    let extensions = batcher(Extensions(queue.clone()), LINGER, services, vitals);
    let leases = lease::Leases::new(settings.visibility, extensions, batcher(Deletes(queue), LINGER, services, vitals));
    let pulse = vitals.pulses.start(format!("leases of {}", settings.name()), settings.visibility + CALL_MARGIN);
    services.spawn("leases", leases.clone().keep(pulse));
    leases
}

#[expect(clippy::too_many_arguments, reason = "each is one part of the engine, and there is one caller")]
fn intake(
    (index, settings): (usize, &config::Queue),
    clients: &Clients,
    worker: &Arc<worker::Worker>,
    backlog: &backlog::Backlog,
    gate: pause::Gate,
    leases: &lease::Leases,
    jobs: &Jobs,
    vitals: &Vitals,
) -> (intake::Intake, watch::Receiver<bool>) {
    let queue = clients.queue(&settings.url);
    let (answered, answer) = watch::channel(false);
    let dead_letters = dead_letters::DeadLetters::new(settings, &queue, clients);
    let intake = intake::Intake {
        dead_letters: Arc::new(dead_letters),
        queue,
        settings: settings.clone(),
        leases: leases.clone(),
        backlog: backlog.clone(),
        gate,
        index,
        worker: Arc::clone(worker),
        jobs: jobs.clone(),
        answered,
        notices: vitals.notices.clone(),
    };
    (intake, answer)
}

fn batcher<B: Batch>(batch: B, linger: Duration, services: &mut Services, vitals: &Vitals) -> Batcher<B> {
    let (batcher, actor) = Batcher::new(batch, linger, &vitals.pulses);
    services.spawn(B::NAME, actor);
    batcher
}
