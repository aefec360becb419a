//! What the daemon holds of the queues: every message from its receive to its end. Two bounds keep it finite. Jobs that could start are
//! counted (`limits.waiting`); all that is held is weighed (`limits.waiting_bytes`). A message that cannot start for a reason of its own
//! gives its place in the count up, so that it never keeps others from being received.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{aws::queue::BATCH, config::Limits};

/// The unit in which messages are weighed: a semaphore has at most 2^61 permits, and a permit for each byte would be many.
const UNIT: usize = 1024;
/// What holding a message takes beside its body: its task, its lease, its place in the tables.
const OVERHEAD: usize = 3 * 1024;

/// The bounds. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Backlog {
    count: Arc<Semaphore>,
    weight: Arc<Semaphore>,
    /// Places that one receive may hold while it waits for messages: a queue that is empty keeps none from the others.
    share: usize,
}

/// Room for one message.
#[derive(Debug)]
pub(crate) struct Reservation {
    /// Held while the job could start and waits for its turn.
    pub(crate) waiting: OwnedSemaphorePermit,
    /// Held until the message has left the daemon.
    pub(crate) held: Held,
}

/// The weight of one message.
#[derive(Debug)]
pub(crate) struct Held {
    weight: OwnedSemaphorePermit,
}

impl Backlog {
    /// For so many queues.
    pub(crate) fn new(limits: &Limits, queues: usize) -> Self {
        let weight = (limits.waiting_bytes / UNIT).max(units(0));
        let share = (limits.waiting / queues.max(1)).clamp(1, BATCH);
        Self { count: Arc::new(Semaphore::new(limits.waiting)), weight: Arc::new(Semaphore::new(weight)), share }
    }

    /// Room for one message at least, and at most for as many as one receive brings.
    pub(crate) async fn reserve(&self) -> Vec<Reservation> {
        let mut reservations = Vec::with_capacity(BATCH);
        let count = Arc::clone(&self.count).acquire_owned().await;
        let weight = Arc::clone(&self.weight).acquire_many_owned(permits(units(0))).await;
        reservations.extend(count.ok().zip(weight.ok()).map(Reservation::new));
        while reservations.len() < self.share
            && let Ok(count) = Arc::clone(&self.count).try_acquire_owned()
            && let Ok(weight) = Arc::clone(&self.weight).try_acquire_many_owned(permits(units(0)))
        {
            reservations.push(Reservation::new((count, weight)));
        }
        reservations
    }
}

impl Reservation {
    fn new((waiting, weight): (OwnedSemaphorePermit, OwnedSemaphorePermit)) -> Self {
        Self { waiting, held: Held { weight } }
    }

    /// Weighs the message that has come. It is held already, so it may weigh more than is left: what the receives under way
    /// bring at most.
    pub(crate) fn weigh(&mut self, body_bytes: usize) {
        let more = units(body_bytes) - units(0);
        let semaphore = self.held.weight.semaphore();
        let left = more.min(semaphore.available_permits());
        if let Ok(more) = Arc::clone(semaphore).try_acquire_many_owned(permits(left)) {
            self.held.weight.merge(more);
        }
    }
}

/// A message's weight in [`UNIT`]s.
fn units(body_bytes: usize) -> usize {
    (body_bytes + OVERHEAD).div_ceil(UNIT)
}

/// A message weighs far less than 2^32 units.
fn permits(units: usize) -> u32 {
    u32::try_from(units).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::*;

    fn backlog(waiting: usize, waiting_bytes: usize) -> Backlog {
        Backlog::new(&Limits { running: 1, per_tenant: 1, waiting, waiting_bytes, deduplication: Duration::ZERO }, 1)
    }

    #[tokio::test]
    async fn jobs_that_could_start_are_counted_and_all_others_only_weighed() {
        let backlog = backlog(12, 1024 * 1024);
        let (first, second) = (backlog.reserve().await, backlog.reserve().await);
        assert_eq!((first.len(), second.len()), (BATCH, 2));
        assert!(backlog.reserve().now_or_never().is_none(), "the count is used up");
        let blocked: Vec<Held> = first.into_iter().map(|reservation| reservation.held).collect();
        assert_eq!(backlog.reserve().await.len(), BATCH, "what cannot start gives its place up");
        drop(blocked);
    }

    #[tokio::test]
    async fn an_empty_queue_keeps_no_place_from_another() {
        let limits = Limits { running: 1, per_tenant: 1, waiting: 3, waiting_bytes: 1024 * 1024, deduplication: Duration::ZERO };
        let backlog = Backlog::new(&limits, 3);
        let polls = [backlog.reserve().await, backlog.reserve().await, backlog.reserve().await];
        assert_eq!(polls.map(|poll| poll.len()), [1, 1, 1]);
    }

    #[tokio::test]
    async fn what_is_held_weighs_as_much_as_its_bodies() {
        let backlog = backlog(1000, 64 * 1024);
        let mut reservations = backlog.reserve().await;
        reservations.truncate(1);
        reservations[0].weigh(1024 * 1024);
        assert!(backlog.reserve().now_or_never().is_none(), "a large body takes all that is left, and no more than that");
        drop(reservations);
        assert_eq!(backlog.reserve().await.len(), BATCH);
    }
}
