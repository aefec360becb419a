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
mod startup;
pub mod stream;
mod tracker;
mod transcript;
mod vitals;
mod watcher;
mod worker;

use std::{sync::Arc, time::Duration};

pub use console::{Cancelling, Change, Console, LogReader, SubmitError, Submitted, Subscription, What};
pub use rejection::REASONS;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
pub use vitals::{Controls, Vitals};

use self::startup::CALL_MARGIN;
use crate::{
    aws::{Clients, queue::RECEIVE_MARGIN},
    backoff,
    clock::Clock,
    config::Current,
    observe,
    shutdown::Shutdown,
    supervise::{Ended, Jobs, Services},
};

/// How long the jobs have after the grace period to give their messages back, and for the last deletes.
const LAST_CALLS: Duration = Duration::from_secs(10);
/// The longest turn of an intake, beyond the wait of its poll: the time until the poll is given up, the longest pause, and its own work.
const TURN_MARGIN: Duration = RECEIVE_MARGIN.saturating_add(backoff::PATIENT).saturating_add(Duration::from_secs(10));

/// How the daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Every job has ended or was given back.
    Drained,
    /// So many jobs still had a build when the daemon left. The next process adopts them.
    Left(usize),
}

/// Runs the daemon until `shutdown`.
///
/// # Errors
/// One of the services has ended, which is a fault of the daemon: [`Ended`] names it.
pub async fn run(current: impl Into<Current>, clients: Clients, clock: Clock, vitals: Vitals, shutdown: Shutdown) -> Result<Exit, Ended> {
    let current = current.into();
    let config = current.now();
    let mut services = Services::default();
    let jobs = Jobs::new(vitals.panics.clone());
    let _abort = jobs.abort_on_drop();
    // Jobs are given back only after the last receive: an open poll would receive them again at once.
    let inner = Shutdown { drain: CancellationToken::new(), leave: shutdown.leave.clone() };
    let backlog = backlog::Backlog::new(&config);
    let (worker, index, logs) = startup::worker(&current, &clients, clock, &backlog, &mut services, &vitals, &inner);
    let leases: Vec<_> = config.queues.iter().map(|settings| startup::leases(settings, &clients, &mut services, &vitals)).collect();
    let store = pause::Store::new(&config.queues, &clients);
    let pauses = pause::Pauses::new(store, current.clone(), clock, worker.scheduler.clone());
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
    // Each daemon has its own vitals, so the cell is still empty.
    vitals.console.get_or_init(|| console::Console::new(parts));
    services.spawn("pauses", pauses.clone().serve(vitals.pulses.start("pauses", pause::EVERY + CALL_MARGIN)));
    let handling = Jobs::new(vitals.panics.clone());
    let _abort_handling = handling.abort_on_drop();
    let dead_letters = dead_letter::Admin::new(&config.queues, &clients, Some(current.clone()), clock, handling);
    // As above.
    vitals.controls.get_or_init(|| Controls { pauses: pauses.clone(), dead_letters: dead_letters.clone() });
    let mut intakes = Services::default();
    let mut answers = Vec::new();
    for (index, (settings, leases)) in config.queues.iter().zip(&leases).enumerate() {
        let (intake, answered) =
            startup::intake((index, settings), &clients, &worker, &backlog, pauses.gate(settings.name()), leases, &jobs, &vitals);
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
        // The drain comes first: intakes that end because of it are no fault.
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
    // Intakes end at once; then each job ends or gives its message back.
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
        // On `leave` jobs give back at once and are quiet then too. That is no drain, so this branch comes first.
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
    // The remaining jobs give their messages back. If AWS does not answer, the leases run out.
    timeout(LAST_CALLS, quiet).await.unwrap_or_default();
    // A poll without messages may outlast the grace period: no job is left then.
    Ok(if left == 0 && !at_once { Exit::Drained } else { Exit::Left(left) })
}
