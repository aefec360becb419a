//! Makes the daemon's parts in the order of their dependencies, and starts the service of each.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{
    backlog, dead_letters, deduplication, index, intake, lease, pause, push, recovery, reporter, scheduler, starter, tracker,
    vitals::Vitals, watcher, worker,
};
use crate::{
    aws::{
        Clients,
        batch::{Batch, Batcher},
        builds::Statuses,
        logs::Logs,
        queue::{Deletes, Extensions},
        topic::{Publishes, Room},
    },
    clock::Clock,
    config::{self, Current},
    shutdown::Shutdown,
    supervise::{Jobs, Services},
};

/// How long a batching actor waits for further items. Status reads wait longer: all builds are read at the same time.
const LINGER: Duration = Duration::from_millis(5);
const STATUS_LINGER: Duration = Duration::from_millis(20);
/// The longest turn of a loop that calls AWS, beyond its own waits. Health is red when a turn takes longer.
pub(super) const CALL_MARGIN: Duration = Duration::from_mins(1);

/// The worker that carries jobs out, and the parts that it uses.
pub(super) fn worker(
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
    let (watcher, reader) = watcher::Watcher::new(statuses.clone(), config.watch.interval);
    let pulse = vitals.pulses.start("watcher", reader.longest() + CALL_MARGIN);
    services.spawn("watcher", reader.serve(pulse));
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

/// Prepares the parts for a new configuration before any job uses it.
fn prepare(current: &Current, recovery: &recovery::Recovery, index: &index::Index, scheduler: &scheduler::Scheduler) {
    let (recovery, index, scheduler) = (recovery.clone(), index.clone(), scheduler.clone());
    current.before_change(move |_, config| {
        scheduler.reconfigure(config);
        index.extend(recovery::longest_build(config));
        recovery.expect(config);
    });
}

/// The leases of a queue: they keep its messages invisible to others.
pub(super) fn leases(settings: &config::Queue, clients: &Clients, services: &mut Services, vitals: &Vitals) -> lease::Leases {
    let queue = clients.queue(&settings.url);
    let extensions = batcher(Extensions(queue.clone()), LINGER, services, vitals);
    let leases = lease::Leases::new(settings.visibility, extensions, batcher(Deletes(queue), LINGER, services, vitals));
    let pulse = vitals.pulses.start(format!("leases of {}", settings.name()), settings.visibility + CALL_MARGIN);
    services.spawn("leases", leases.clone().keep(pulse));
    leases
}

#[expect(clippy::too_many_arguments, reason = "each is one part of the engine, and there is one caller")]
pub(super) fn intake(
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
