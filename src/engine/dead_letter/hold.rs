//! The messages of a dead-letter queue, received and held for a moment. Nobody else receives them meanwhile.

use std::time::Duration;

use tokio::time::Instant;

use crate::aws::{
    AwsError,
    batch::Batch,
    queue::{BATCH, Deletes, Delivery, Extensions, Queue},
};

/// The most messages in one look. If the queue has more, the answer says that it is not complete.
const MOST: usize = 1_000;
/// The most bytes of bodies in one look. The last receive may exceed it.
const BYTES: usize = 16 * 1024 * 1024;
/// How long a look receives at most. A hundred receives usually take less.
const RECEIVING: Duration = Duration::from_secs(10);
/// After so long no further batch is begun, so that an HTTP client has its answer within 30 s.
const HANDLING: Duration = Duration::from_secs(22);
/// The visibility timeout of the messages. They are visible again after it even if this process dies.
const VISIBILITY: Duration = Duration::from_mins(1);
/// Long polling asks all servers of a queue, so an empty answer means that it is empty. Short polling asks only some.
const WAIT: Duration = Duration::from_secs(1);

/// The messages that are held.
#[derive(Debug)]
pub(super) struct Hold {
    queue: Queue,
    /// Those that are neither moved nor deleted yet.
    pub(super) held: Vec<Delivery>,
    /// Whether they were all that could be received.
    pub(super) complete: bool,
    /// When the request began.
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

    /// Whether there is time for a further batch.
    pub(super) fn has_time(&self) -> bool {
        self.since.elapsed() < HANDLING
    }

    /// Deletes messages that were taken out of the hold. The answer has the result of each.
    pub(super) async fn delete(&self, deliveries: &[Delivery]) -> Vec<Result<(), AwsError>> {
        let mut answers = Vec::with_capacity(deliveries.len());
        for batch in deliveries.chunks(BATCH) {
            let receipts = batch.iter().map(|delivery| delivery.receipt.clone()).collect();
            answers.extend(Deletes(self.queue.clone()).send(receipts).await);
        }
        answers
    }

    /// Makes the remaining messages visible to others at once.
    pub(super) async fn give_back(self) {
        for batch in self.held.chunks(BATCH) {
            let receipts = batch.iter().map(|delivery| (delivery.receipt.clone(), Duration::ZERO)).collect();
            // If that fails, the visibility timeout ends soon.
            drop(Extensions(self.queue.clone()).send(receipts).await);
        }
    }
}
