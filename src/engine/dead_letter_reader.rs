//! Tells of what SQS moved to a dead-letter queue because it was received too often: nobody else would. What was told is replaced by a copy
//! that says so, and stays there for whoever wants it moved back.

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

/// Between two looks. In between the queue's messages are visible to whoever moves them.
const EVERY: Duration = Duration::from_mins(1);
/// How long a message is hidden by a look; telling takes no longer either, and is tried again at a later look.
const VISIBILITY: Duration = Duration::from_mins(2);
/// Receives in one look. What is left is for the next one.
const RECEIVES: usize = 100;
/// The longest between two signs of life.
pub(crate) const LONGEST_TURN: Duration = VISIBILITY.saturating_add(EVERY);

const CODE: &str = "RECEIVED_TOO_OFTEN";
/// Why such a message is where it is.
pub(crate) const REASON: &str =
    "was received as often as the queue allows without coming to its end, and SQS moved it to the dead-letter queue";

/// The reader of one queue's dead letters.
#[derive(Debug)]
pub(crate) struct DeadLetterReader {
    pub(crate) settings: config::Queue,
    pub(crate) dead_letters: Arc<DeadLetters>,
    pub(crate) worker: Arc<Worker>,
    /// Held while messages are: nobody else in the process would see them.
    pub(crate) turn: Arc<tokio::sync::Mutex<()>>,
}

impl DeadLetterReader {
    /// Looks, for ever. It may be dropped at any time: what was told and not yet replaced is told once more, by the same event.
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
        // Given back only now, those that are told already are not received again and again by the same look.
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
            // One that cannot be given back is visible again soon.
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
            // It has no end to tell.
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

    /// The job's terminal event, unless the job lives here or has ended here: then its end is told, or will be.
    async fn errored(&self, job: &Job, origin: &Origin) {
        let Claim::First(claimed) = self.worker.deduplication.claim(&job.id, None) else { return };
        let message = format!("the job's message {REASON}; a build of it may have run");
        let failure = Failure { kind: FailureKind::Platform, phase: None, code: Some(CODE.to_owned()), message, command: None };
        let outcome = Outcome { status: Status::Errored, failure: Some(failure) };
        let ended = Ended { build: None, attempt: 0, outcome, cancelled: None, timings: Timings::default() };
        let tracked = self.worker.tracker.track(&Arc::new(job.clone()), origin, &claimed.life);
        let terminal = self.worker.reporter.finished(job, origin, ended, |data| tracked.reports(data)).await;
        observe::job_finished(&job.id, Status::Errored.as_str(), &observe::Ending { code: Some(CODE), ..observe::Ending::default() });
        tracked.ended();
        claimed.ended(terminal);
    }
}

/// Whether SQS moved the message, and nobody has said why it is there. What was sent there was told before, with or without room for reasons.
fn is_untold(delivery: &Delivery) -> bool {
    delivery.moved_from.is_some() && !delivery.attributes.contains_key(REASONS)
}
