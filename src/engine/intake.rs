//! Takes room first, then receives no more than there is room for, and hands over. Nothing is hoarded, nothing put back for lack of room.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep},
};

use super::{
    cancellation::cancel,
    dead_letters::DeadLetters,
    lease::{Lease, Leases},
    rejection::reject,
    worker::{Arrival, Worker},
};
use crate::{
    aws::queue::{BATCH, Delivery, Queue},
    backoff::Backoff,
    config,
    job::{
        event::Origin,
        message::{self, Message},
        trace::traceparent,
    },
    observe,
    pulse::Pulse,
    supervise::Jobs,
};

/// A loop that waits for room turns over this often.
const ROOM_WAIT: Duration = Duration::from_secs(10);

/// The intake of one queue.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) queue: Queue,
    pub(crate) settings: config::Queue,
    pub(crate) dead_letters: Arc<DeadLetters>,
    pub(crate) leases: Leases,
    /// Room for jobs that wait, over all queues.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) worker: Arc<Worker>,
    pub(crate) jobs: Jobs,
    /// Set when the queue has answered for the first time.
    pub(crate) answered: watch::Sender<bool>,
}

impl Intake {
    /// Receives until the drain begins. A receive under way then is awaited, so that what it brings is given back at once.
    pub(crate) async fn serve(self, pulse: Pulse) {
        let drain = self.worker.shutdown.drain.clone();
        let mut backoff = Backoff::patient();
        while !drain.is_cancelled() {
            pulse.beat();
            let room = tokio::select! {
                biased;
                () = drain.cancelled() => return,
                room = self.room() => room,
                () = sleep(ROOM_WAIT) => continue,
            };
            // The first answer says that the daemon is ready: it is not waited for until a message comes.
            let wait = if *self.answered.borrow() { self.settings.wait } else { Duration::ZERO };
            match self.queue.receive(room.len(), self.settings.visibility, wait).await {
                Ok(deliveries) => {
                    self.answered.send_replace(true);
                    backoff = Backoff::patient();
                    let received = Instant::now();
                    for (delivery, room) in deliveries.into_iter().zip(room) {
                        self.hand_over(delivery, room, received);
                    }
                }
                Err(error) => {
                    observe::receive_failed(self.queue.url(), &error);
                    drop(room);
                    tokio::select! {
                        biased;
                        () = drain.cancelled() => {}
                        () = sleep(backoff.pause()) => {}
                    }
                }
            }
        }
    }

    /// Room for one message at least, and at most for as many as one receive brings.
    async fn room(&self) -> Vec<OwnedSemaphorePermit> {
        let mut room: Vec<_> = Arc::clone(&self.room).acquire_owned().await.into_iter().collect();
        while room.len() < BATCH
            && let Ok(more) = Arc::clone(&self.room).try_acquire_owned()
        {
            room.push(more);
        }
        room
    }

    fn hand_over(&self, delivery: Delivery, room: OwnedSemaphorePermit, received: Instant) {
        observe::message_received(&delivery.message_id, delivery.receive_count);
        let Some(lease) = self.leases.take(&delivery, received) else {
            observe::lease_renewed(&delivery.message_id);
            return;
        };
        let name = delivery.message_id.clone();
        let worker = Arc::clone(&self.worker);
        let origin = Origin {
            message_id: delivery.message_id.clone(),
            queue: self.settings.name().to_owned(),
            enqueued_at: delivery.sent_at,
            traceparent: traceparent(delivery.attributes.get("traceparent"), delivery.trace_header.as_ref()),
        };
        match message::read(&delivery.body, &delivery.message_id, &worker.config.profiles) {
            Ok(Message::Job(job)) => {
                let arrival = Arrival { job, origin, received, receive_count: delivery.receive_count, room };
                let span = observe::job_span(&arrival.job.id, &arrival.job.tenant);
                self.jobs.spawn(name, tracing::Instrument::instrument(async move { worker.carry(arrival, lease).await }, span));
            }
            Ok(Message::Cancel(wish)) => self.jobs.spawn(name, async move { cancel_job(worker, wish, lease, room).await }),
            Err(rejection) => {
                let (dead_letters, reporter) = (Arc::clone(&self.dead_letters), worker.reporter.clone());
                let shutdown = worker.shutdown.clone();
                self.jobs.spawn(name, async move {
                    let _room = room;
                    reject(delivery, rejection, origin, &dead_letters, reporter, lease, shutdown).await;
                });
            }
        }
    }
}

async fn cancel_job(worker: Arc<Worker>, wish: message::Cancel, lease: Lease, room: OwnedSemaphorePermit) {
    let _room = room;
    let shutdown = worker.shutdown.clone();
    let fulfilled = tokio::select! {
        biased;
        fulfilled = cancel(worker, wish) => fulfilled,
        () = shutdown.leave.cancelled() => false,
    };
    if fulfilled { lease.settle().await } else { lease.give_back().await }
}
