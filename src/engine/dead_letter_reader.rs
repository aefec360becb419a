//! Publishes the terminal event of each job whose message SQS moved to the dead-letter queue because it was received too often. The message
//! is then replaced by a copy that says so, and stays on the dead-letter queue for a redrive.

use std::{sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};

use super::{
    dead_letters::DeadLetters,
    deduplication::Claim,
    notices::cure,
    rejection::{REASONS, with_reasons},
    reporter::Ended,
    worker::Worker,
};
use crate::{
    aws::{
        AwsError, Class,
        batch::Batch,
        queue::{BATCH, Deletes, Delivery, Extensions, Queue},
    },
    config,
    job::{
        Job,
        event::{Origin, Timings},
        message::{self, Message},
        outcome::{Failure, FailureKind, Outcome, Status},
        problem::Problem,
        trace::traceparent,
    },
    observe::{self, Seldom},
    pulse::Pulse,
};

/// The time between two looks. In between others can receive the queue's messages.
const EVERY: Duration = Duration::from_mins(1);
/// The visibility timeout of a look. Publishing takes no longer either, and is tried again at a later look.
const VISIBILITY: Duration = Duration::from_mins(2);
/// The most receives in one look. The next look reads the rest.
const RECEIVES: usize = 100;
/// The longest time between two beats of the pulse.
pub(crate) const LONGEST_TURN: Duration = VISIBILITY.saturating_add(EVERY);

const CODE: &str = "RECEIVED_TOO_OFTEN";
/// The reason that the copy gives.
pub(crate) const REASON: &str =
    "was received as often as the queue allows without coming to its end, and SQS moved it to the dead-letter queue";

/// The reader of one queue's dead letters.
#[derive(Debug)]
pub(crate) struct DeadLetterReader {
    pub(crate) settings: config::Queue,
    pub(crate) dead_letters: Arc<DeadLetters>,
    pub(crate) worker: Arc<Worker>,
    /// Held while this reader holds messages: others in the process would not see them.
    pub(crate) turn: Arc<tokio::sync::Mutex<()>>,
}

impl DeadLetterReader {
    /// Runs for ever. It may be dropped at any time: if an event was published and the message not replaced yet, the same event is
    /// published again.
    pub(crate) async fn serve(self, pulse: Pulse) {
        let queue = loop {
            pulse.beat();
            if let Ok(queue) = timeout(EVERY, self.dead_letters.queue()).await {
                break queue;
            }
        };
        let mut log = Seldom::default();
        loop {
            pulse.beat();
            let turn = self.turn.lock().await;
            if let Some(queue) = queue {
                match self.look(queue, &pulse).await {
                    Err(error) if log.is_due(error.class.name()) => {
                        observe::receive_failed(queue.url(), &format_args!("{error}{}", cure(&error).unwrap_or_default()));
                    }
                    Err(_) => {}
                    Ok(()) => drop(log.is_over()),
                }
            }
            drop(turn);
            sleep(EVERY).await;
        }
    }

    async fn look(&self, queue: &Queue, pulse: &Pulse) -> Result<(), AwsError> {
        // Given back only now, so that this look does not receive them again and again.
        let mut seen = Vec::new();
        let mut end = Ok(());
        for _ in 0..RECEIVES {
            let deliveries = match queue.receive(BATCH, VISIBILITY, Duration::ZERO).await {
                Ok(deliveries) if deliveries.is_empty() => break,
                Ok(deliveries) => deliveries,
                Err(error) => {
                    end = Err(error);
                    break;
                }
            };
            for delivery in deliveries {
                pulse.beat();
                if is_untold(&delivery) {
                    let told = timeout(VISIBILITY, self.tell(queue, &delivery)).await;
                    if let Ok(Err(error)) = told {
                        observe::dead_letter_failed(&delivery.message_id, &error);
                    }
                } else {
                    seen.push((delivery.receipt, Duration::ZERO));
                }
            }
        }
        for receipts in seen.chunks(BATCH) {
            // If that fails, the visibility timeout ends soon.
            drop(Extensions(queue.clone()).send(receipts.to_vec()).await);
        }
        end
    }

    async fn tell(&self, queue: &Queue, delivery: &Delivery) -> Result<(), AwsError> {
        let origin = Origin {
            message_id: delivery.message_id.clone(),
            queue: self.settings.name().into(),
            enqueued_at: delivery.sent_at,
            last_receive: false,
            traceparent: traceparent(delivery.text("traceparent").map(str::to_owned).as_ref(), delivery.trace_header.as_ref()),
        };
        let body = message::unwrap(&delivery.body, self.settings.envelope);
        match message::read(&body, &delivery.message_id, &self.worker.current.now().profiles) {
            Ok(Message::Job(job)) => self.errored(&job, &origin).await,
            // The message is no job and has no terminal event.
            Ok(Message::Cancel(_)) => {}
            Err(rejection) => self.worker.reporter.rejected(&rejection, &origin).await,
        }
        let mut attributes = with_reasons(delivery, &[Problem { path: String::new(), problem: REASON.to_owned() }]);
        let mut sent = queue.pass_on(delivery, &attributes).await;
        if sent.as_ref().is_err_and(|error| error.class == Class::Invalid) && attributes.remove(REASONS).is_some() {
            sent = queue.pass_on(delivery, &attributes).await;
        }
        sent?;
        observe::dead_letter_told(&delivery.message_id);
        Deletes(queue.clone()).send(vec![delivery.receipt.clone()]).await.into_iter().collect()
    }

    /// The job's terminal event. `None`: the job is held here or has ended here, and publishes its own.
    async fn errored(&self, job: &Job, origin: &Origin) {
        let Claim::First(claimed) = self.worker.deduplication.claim(&job.id, None) else { return };
        let message = format!("the job's message {REASON}; a build of it may have run");
        let failure = Failure { kind: FailureKind::Platform, phase: None, code: Some(CODE.to_owned()), message, command: None };
        let outcome = Outcome { status: Status::Errored, failure: Some(failure) };
        let ended = Ended { build: None, attempt: 0, outcome, cancelled: None, timings: Timings::default() };
        let tracked = self.worker.tracker.track(&Arc::new(job.clone()), origin, &claimed.handle);
        let terminal = self.worker.reporter.finished(job, origin, ended, |data| tracked.reports(data)).await;
        observe::job_finished(&job.id, Status::Errored.as_str(), &observe::Ending { code: Some(CODE), ..observe::Ending::default() });
        tracked.ended();
        claimed.ended(terminal);
    }
}

/// Whether SQS moved the message and it has no reasons yet. A message that this daemon sent there was reported before, even if its reasons
/// did not fit.
fn is_untold(delivery: &Delivery) -> bool {
    delivery.moved_from.is_some() && !delivery.attributes.contains_key(REASONS)
}
