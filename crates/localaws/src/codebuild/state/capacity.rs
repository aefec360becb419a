//! The account's capacity: how many builds run at once, and how many wait.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::sync::oneshot;

use crate::lock::lock;

/// Gives out the permits in the order of arrival. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Capacity(Arc<Mutex<Account>>);

#[derive(Debug)]
struct Account {
    /// `None`: no limit.
    limit: Option<usize>,
    queue_limit: usize,
    running: usize,
    /// The waiting turns, in the order of arrival. A turn that is dropped removes itself.
    waiting: BTreeMap<u64, oneshot::Sender<Permit>>,
    next: u64,
}

impl Account {
    fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.running >= limit)
    }
}

/// The right to run one build. When it is dropped, the next in the queue gets it.
#[derive(Debug)]
pub(crate) struct Permit(Capacity);

/// A place in the queue. Dropping it gives it up.
#[derive(Debug)]
pub(crate) struct Turn {
    capacity: Capacity,
    number: u64,
    granted: oneshot::Receiver<Permit>,
}

impl Capacity {
    pub(crate) fn new(limit: Option<usize>, queue_limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Account { limit, queue_limit, running: 0, waiting: BTreeMap::new(), next: 0 })))
    }

    /// A turn.
    ///
    /// # Errors
    /// The queue is full; the error is its limit.
    pub(crate) fn queue(&self) -> Result<Turn, usize> {
        let (sender, granted) = oneshot::channel();
        let mut account = self.account();
        if account.is_full() && account.waiting.len() >= account.queue_limit {
            return Err(account.queue_limit);
        }
        let number = account.next;
        account.next += 1;
        account.waiting.insert(number, sender);
        drop(account);
        self.admit();
        Ok(Turn { capacity: self.clone(), number, granted })
    }

    /// Changes the limit. Running builds beyond the new limit continue.
    pub(crate) fn set_limit(&self, limit: Option<usize>) {
        self.account().limit = limit;
        self.admit();
    }

    pub(crate) fn set_queue_limit(&self, limit: usize) {
        self.account().queue_limit = limit;
    }

    fn admit(&self) {
        loop {
            let mut account = self.account();
            if account.is_full() {
                return;
            }
            let Some((_, sender)) = account.waiting.pop_first() else { return };
            account.running += 1;
            drop(account);
            // If the turn was dropped, the permit returns in the error, and dropping it releases it.
            drop(sender.send(Permit(self.clone())));
        }
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        lock(&self.0)
    }
}

impl Turn {
    /// Waits for the permit. `None` is impossible while the turn is in the queue.
    pub(crate) async fn permit(&mut self) -> Option<Permit> {
        (&mut self.granted).await.ok()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Bound to a name, so that the sender is dropped after the lock.
        let waiting = self.capacity.account().waiting.remove(&self.number);
        drop(waiting);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut account = self.0.account();
        account.running = account.running.saturating_sub(1);
        drop(account);
        self.0.admit();
    }
}
