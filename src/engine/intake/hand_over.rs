//! From a delivery to its task: a job, a cancellation, or what is neither. The lease stays outside of the task's work, so that a panic in
//! it loses no message.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::Instrument;

use super::Intake;
use crate::{
    aws::queue::Delivery,
    engine::{
        backlog::{Held, Reservation},
        cancellation::cancel,
        dead_letters::DeadLetters,
        lease::Lease,
        rejection::reject,
        worker::{Arrival, Carried, Worker},
    },
    job::{
        Job, JobId,
        event::Origin,
        message::{self, Message, Rejection},
        trace::traceparent,
    },
    observe,
    supervise::Panics,
};

/// Times that a message is carried: once, and once more after a panic.
const CARRIES: u32 = 2;
/// A message whose task has panicked each time comes back after so long: another process, or another version, may do better.
const AFTER_PANIC: Duration = Duration::from_mins(1);

impl Intake {
    pub(super) fn hand_over(&self, delivery: Delivery, mut room: Reservation, received: Instant) {
        observe::message_received(&delivery.message_id, delivery.receive_count);
        let left = self.dead_letters.receives_left(delivery.receive_count);
        let Some(lease) = self.leases.take(&delivery, received, left) else {
            observe::lease_renewed(&delivery.message_id);
            return;
        };
        room.weigh(delivery.body.len());
        let Reservation { waiting, held } = room;
        let name = Arc::clone(&delivery.message_id);
        let worker = Arc::clone(&self.worker);
        let origin = Arc::new(Origin {
            message_id: Arc::clone(&delivery.message_id),
            queue: self.settings.name().into(),
            enqueued_at: delivery.sent_at,
            last_receive: left == Some(0),
            traceparent: traceparent(delivery.text("traceparent").map(str::to_owned).as_ref(), delivery.trace_header.as_ref()),
        });
        if origin.last_receive {
            observe::last_receive(&delivery.message_id, delivery.receive_count);
        }
        let body = message::unwrap(&delivery.body, self.settings.envelope);
        let config = worker.current.now();
        match message::read(&body, &delivery.message_id, &config.profiles) {
            Ok(Message::Job(job)) => {
                let job = Arc::<Job>::from(job);
                let span = observe::job_span(&job.id, &job.tenant);
                let mut waiting = Some(waiting);
                let receive_count = delivery.receive_count;
                // The whole message is kept only where it may be turned away.
                let message = worker.scheduler.may_be_full(job.tenant.as_str()).then(|| Arc::new(delivery));
                let dead_letters = Arc::clone(&self.dead_letters);
                let carry = move |carry: u32| {
                    let (worker, message, dead_letters) = (Arc::clone(&worker), message.clone(), Arc::clone(&dead_letters));
                    let mut arrival = Arrival {
                        job: Arc::clone(&job),
                        config: Arc::clone(&config),
                        origin: Arc::clone(&origin),
                        received,
                        // Carried again, the job may have a build, which is to be found.
                        receive_count: receive_count.saturating_add(carry),
                        waiting: waiting.take(),
                    };
                    async move {
                        match (worker.carry(&mut arrival).await, message) {
                            (Carried::Full(full), Some(message)) => {
                                let Arrival { job, origin, .. } = &arrival;
                                let rejection = full.rejection(job);
                                observe::message_rejected(&message.message_id, Some(job.id.as_str()), &rejection.problems);
                                Box::pin(turned_away(&worker, &message, &rejection, origin, &dead_letters)).await
                            }
                            (carried, _) => carried,
                        }
                    }
                };
                self.jobs.spawn(name, carried(carry, lease, held, self.jobs.panics.clone()).instrument(span));
            }
            Ok(Message::Cancel(wish)) => {
                drop(waiting);
                let carry = move |_| {
                    let (worker, wish) = (Arc::clone(&worker), wish.clone());
                    async move {
                        let departure = worker.shutdown.leave.clone();
                        tokio::select! {
                            biased;
                            carried = cancel(worker, wish) => carried,
                            () = departure.cancelled() => Carried::Back,
                        }
                    }
                };
                self.jobs.spawn(name, carried(carry, lease, held, self.jobs.panics.clone()));
            }
            Err(rejection) => {
                drop(waiting);
                observe::message_rejected(&delivery.message_id, rejection.id.as_ref().map(JobId::as_str), &rejection.problems);
                let (dead_letters, delivery, rejection) = (Arc::clone(&self.dead_letters), Arc::new(delivery), Arc::new(rejection));
                let carry = move |_| {
                    let (worker, dead_letters) = (Arc::clone(&worker), Arc::clone(&dead_letters));
                    let (delivery, rejection, origin) = (Arc::clone(&delivery), Arc::clone(&rejection), Arc::clone(&origin));
                    async move { turned_away(&worker, &delivery, &rejection, &origin, &dead_letters).await }
                };
                self.jobs.spawn(name, carried(carry, lease, held, self.jobs.panics.clone()));
            }
        }
    }
}

/// Rejects a message, unless the process leaves meanwhile.
async fn turned_away(worker: &Worker, delivery: &Delivery, rejection: &Rejection, origin: &Origin, dead_letters: &DeadLetters) -> Carried {
    tokio::select! {
        biased;
        () = reject(delivery, rejection, origin, dead_letters, &worker.reporter) => Carried::ToItsEnd,
        () = worker.shutdown.leave.cancelled() => Carried::Back,
    }
}

/// Carries a message until its lease is no longer needed. A panic is told; the lease outlives it, and the message is carried again.
#[expect(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice, for each job that is held")]
fn carried<F>(mut carry: impl FnMut(u32) -> F + Send, lease: Lease, held: Held, panics: Panics) -> impl Future<Output = ()> + Send
where
    F: Future<Output = Carried> + Send,
{
    async move {
        let _held = held;
        for time in 0..CARRIES {
            match AssertUnwindSafe(Box::pin(carry(time))).catch_unwind().await {
                Ok(Carried::ToItsEnd) => return Box::pin(lease.settle()).await,
                // Who is turned away has been rejected by now, or his message is kept for nothing.
                Ok(Carried::Back | Carried::Full(_)) => return Box::pin(lease.give_back()).await,
                Err(payload) => panics.tell(&lease.message_id(), payload.as_ref()),
            }
        }
        Box::pin(lease.give_back_after(AFTER_PANIC)).await;
    }
}
