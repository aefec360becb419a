//! The messages of a dead-letter queue, held for a moment: nobody else gets one meanwhile, and none that comes later is among them.

use std::time::Duration;

use tokio::time::Instant;

use crate::aws::{
    AwsError,
    batch::Batch,
    queue::{BATCH, Deletes, Delivery, Extensions, Queue},
};

/// Messages in one look. A queue with more shows these, and says that there are more.
const MOST: usize = 1_000;
/// What their bodies may take in memory, but for those of the last receive.
const BYTES: usize = 16 * 1024 * 1024;
/// Receiving ends after so long: a hundred receives, as a rule, take a part of it.
const RECEIVING: Duration = Duration::from_secs(10);
/// After so long nothing more is begun, so that who asks over HTTP has an answer within 30 s.
const HANDLING: Duration = Duration::from_secs(22);
/// They are hidden for so long, and visible again then even if this process dies.
const VISIBILITY: Duration = Duration::from_mins(1);
/// An empty answer to a poll that waits has asked every server of the queue's; one that does not wait has asked a few.
const WAIT: Duration = Duration::from_secs(1);

/// Messages that are held.
#[derive(Debug)]
pub(super) struct Hold {
    queue: Queue,
    /// Those that have not been done with.
    pub(super) held: Vec<Delivery>,
    /// Whether they were all that could be received.
    pub(super) complete: bool,
    /// When the visitor came.
    since: Instant,
}

impl Hold {
    /// Receives until there is nothing more, or `enough`, or a bound is reached.
    pub(super) async fn take(queue: &Queue, since: Instant, enough: impl Fn(&[Delivery]) -> bool) -> Result<Self, AwsError> {
        let mut hold = Self { queue: queue.clone(), held: Vec::new(), complete: false, since };
        let mut bytes = 0;
        while hold.held.len() < MOST && bytes < BYTES && since.elapsed() < RECEIVING && !enough(&hold.held) {
            match queue.receive(BATCH.min(MOST - hold.held.len()), VISIBILITY, WAIT).await {
                Ok(deliveries) if deliveries.is_empty() => {
                    hold.complete = true;
                    break;
                }
                Ok(deliveries) => {
                    bytes += deliveries.iter().map(|delivery| delivery.body.len()).sum::<usize>();
                    hold.held.extend(deliveries);
                }
                Err(error) => {
                    hold.give_back().await;
                    return Err(error);
                }
            }
        }
        Ok(hold)
    }

    /// Whether there is still time to begin something.
    pub(super) fn has_time(&self) -> bool {
        self.since.elapsed() < HANDLING
    }

    /// Deletes some that were taken out of it; the answer says for each whether it is gone.
    pub(super) async fn delete(&self, deliveries: &[Delivery]) -> Vec<Result<(), AwsError>> {
        let mut answers = Vec::with_capacity(deliveries.len());
        for batch in deliveries.chunks(BATCH) {
            let receipts = batch.iter().map(|delivery| delivery.receipt.clone()).collect();
            answers.extend(Deletes(self.queue.clone()).send(receipts).await);
        }
        answers
    }

    /// Makes what is left visible to others at once.
    pub(super) async fn give_back(self) {
        for batch in self.held.chunks(BATCH) {
            let receipts = batch.iter().map(|delivery| (delivery.receipt.clone(), Duration::ZERO)).collect();
            // One that cannot be given back is visible again soon.
            drop(Extensions(self.queue.clone()).send(receipts).await);
        }
    }
}
