//! The account's room: how many builds run at once, and how many wait for their turn.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// Hands out the slots, first come, first served. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Slots(Arc<Mutex<Room>>);

#[derive(Debug)]
struct Room {
    /// `None`: without bound.
    limit: Option<usize>,
    queue_limit: usize,
    running: usize,
    /// Who waits, in order of arrival. A turn that is given up takes itself out.
    waiting: BTreeMap<u64, oneshot::Sender<Slot>>,
    next: u64,
}

impl Room {
    fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.running >= limit)
    }
}

/// The right to run one build; dropped, the next in the queue gets it.
#[derive(Debug)]
pub(super) struct Slot(Slots);

/// A place in the queue; dropped, it is given up.
#[derive(Debug)]
pub(super) struct Turn {
    slots: Slots,
    number: u64,
    granted: oneshot::Receiver<Slot>,
}

impl Slots {
    pub(super) fn new(limit: Option<usize>, queue_limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Room { limit, queue_limit, running: 0, waiting: BTreeMap::new(), next: 0 })))
    }

    /// A turn, or the queue's limit if the queue is full.
    pub(super) fn queue(&self) -> Result<Turn, usize> {
        let (sender, granted) = oneshot::channel();
        let mut room = self.room();
        if room.is_full() && room.waiting.len() >= room.queue_limit {
            return Err(room.queue_limit);
        }
        let number = room.next;
        room.next += 1;
        room.waiting.insert(number, sender);
        drop(room);
        self.admit();
        Ok(Turn { slots: self.clone(), number, granted })
    }

    /// Running builds stay when the limit falls below their number.
    pub(super) fn set_limit(&self, limit: Option<usize>) {
        self.room().limit = limit;
        self.admit();
    }

    pub(super) fn set_queue_limit(&self, limit: usize) {
        self.room().queue_limit = limit;
    }

    fn admit(&self) {
        loop {
            let mut room = self.room();
            if room.is_full() {
                return;
            }
            let Some((_, sender)) = room.waiting.pop_first() else { return };
            room.running += 1;
            drop(room);
            // If the turn is gone, the slot comes back in the error and is released by its drop.
            drop(sender.send(Slot(self.clone())));
        }
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Waits for the slot. `None` cannot happen while the turn is in the queue.
    pub(super) async fn slot(&mut self) -> Option<Slot> {
        (&mut self.granted).await.ok()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Bound to a name so that a sender is dropped after the lock.
        let waiting = self.slots.room().waiting.remove(&self.number);
        drop(waiting);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut room = self.0.room();
        room.running = room.running.saturating_sub(1);
        drop(room);
        self.0.admit();
    }
}
