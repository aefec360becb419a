//! Leases: messages stay invisible to others while their jobs live, up to AWS's cap of 12 hours.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{
    aws::{
        AwsError, Class,
        batch::Batcher,
        queue::{Deletes, Delivery, Extensions},
    },
    backoff::Backoff,
    observe,
    pulse::Pulse,
};

/// A message stays invisible for at most 12 hours from its receive; asking for more than what is left is an error.
const LONGEST: Duration = Duration::from_hours(12);
/// The cap is kept at this distance, for the way to AWS and back.
const MARGIN: Duration = Duration::from_mins(1);
/// Tries at deleting a message whose job has ended; after them it comes back and is recognised.
const DELETE_TRIES: u32 = 8;

/// The leases on one queue's messages. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Leases {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    visibility: Duration,
    extensions: Batcher<Extensions>,
    deletes: Batcher<Deletes>,
    /// By message id. An entry lives as long as its [`Lease`].
    held: Mutex<BTreeMap<Arc<str>, Entry>>,
}

#[derive(Debug)]
struct Entry {
    receipt: Arc<str>,
    received: Instant,
    /// When to extend next; `None`: the lease is lost or at its cap, and the message will be received again.
    due: Option<Instant>,
    /// An extension is under way: another one would only wait behind it.
    extending: bool,
    /// After so many further receives SQS moves it to the dead-letter queue, as far as is known.
    left: Option<u32>,
}

/// One message that is ours. Dropping it lets the message become visible when its time is up.
#[derive(Debug)]
pub(crate) struct Lease {
    message_id: Arc<str>,
    leases: Leases,
    /// Whether the entry is this lease's; false once the message is given back.
    held: bool,
}

impl Leases {
    pub(crate) fn new(visibility: Duration, extensions: Batcher<Extensions>, deletes: Batcher<Deletes>) -> Self {
        Self { shared: Arc::new(Shared { visibility, extensions, deletes, held: Mutex::default() }) }
    }

    /// Takes a received message on. `None`: the message is held already, under a lease that had run out; that lease goes on with
    /// the new receipt.
    pub(crate) fn take(&self, delivery: &Delivery, received: Instant, left: Option<u32>) -> Option<Lease> {
        let entry = Entry { receipt: delivery.receipt.clone(), received, due: Some(received + self.third()), extending: false, left };
        let known = self.with(|held| held.insert(delivery.message_id.clone(), entry)).is_some();
        (!known).then(|| Lease { message_id: delivery.message_id.clone(), leases: self.clone(), held: true })
    }

    /// Extends what is due, for ever.
    pub(crate) async fn keep(self, pulse: Pulse) {
        let mut ticks = interval((self.third() / 4).max(Duration::from_millis(100)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut under_way = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                _ = ticks.tick() => {
                    pulse.beat();
                    let now = Instant::now();
                    for (message_id, receipt, time) in self.due(now) {
                        under_way.push(self.extend(message_id, receipt, time));
                    }
                }
                Some(()) = under_way.next() => {}
            }
        }
    }

    /// What to extend now, and for how long; each is set to be due again a third of the visibility timeout later.
    fn due(&self, now: Instant) -> Vec<(Arc<str>, Arc<str>, Duration)> {
        let (third, visibility) = (self.third(), self.shared.visibility);
        self.with(|held| {
            let mut due = Vec::new();
            for (message_id, entry) in held.iter_mut().filter(|(_, entry)| !entry.extending && entry.due.is_some_and(|due| due <= now)) {
                let left = LONGEST.saturating_sub(now - entry.received + MARGIN);
                if left < third {
                    // At the cap: the message is let go, comes back, and goes on under a new receipt.
                    entry.due = None;
                } else {
                    (entry.due, entry.extending) = (Some(now + third), true);
                    due.push((message_id.clone(), entry.receipt.clone(), visibility.min(left)));
                }
            }
            due
        })
    }

    async fn extend(&self, message_id: Arc<str>, receipt: Arc<str>, time: Duration) {
        let answer = self.shared.extensions.call((receipt.clone(), time)).await;
        // A new receipt has extensions of its own.
        self.with(|held| held.get_mut(&message_id).filter(|entry| entry.receipt == receipt).map(|entry| entry.extending = false));
        let Err(error) = answer else { return };
        // AWS says in several ways that a receipt is no longer good; what is transient is tried again when it is due.
        if matches!(error.class, Class::Invalid | Class::NotFound) {
            let lost = self.with(|held| match held.get_mut(&message_id) {
                Some(entry) if entry.receipt == receipt => entry.due.take().is_some(),
                _ => false,
            });
            if lost {
                observe::lease_lost(&message_id, &error);
            }
        } else {
            observe::lease_extension_failed(&message_id, &error);
        }
    }

    /// The held messages that are lost to the dead-letter queue after so few further receives.
    pub(crate) fn with_few_left(&self, few: u32) -> BTreeSet<Arc<str>> {
        self.with(|held| held.iter().filter(|(_, entry)| entry.left.is_some_and(|left| left <= few)).map(|(id, _)| id.clone()).collect())
    }

    /// How many messages are held.
    pub(crate) fn len(&self) -> usize {
        self.with(|held| held.len())
    }

    fn third(&self) -> Duration {
        self.shared.visibility / 3
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<Arc<str>, Entry>) -> T) -> T {
        work(&mut self.shared.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lease {
    /// The job has ended and its end is published: deletes the message.
    pub(crate) async fn settle(self) {
        // An extension that comes too late for a deleted message is no lost lease.
        self.leases.with(|held| held.get_mut(&self.message_id).map(|entry| entry.due = None));
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(20));
        let mut tries = 0;
        loop {
            let Some(receipt) = self.receipt() else { return };
            let Err(error) = self.leases.shared.deletes.call(receipt).await else { return };
            tries += 1;
            if tries == DELETE_TRIES || is_final(&error) {
                observe::delete_failed(&self.message_id, &error);
                return;
            }
            tokio::time::sleep(backoff.pause()).await;
        }
    }

    /// Makes the message visible to others at once.
    pub(crate) async fn give_back(self) {
        self.give_back_after(Duration::ZERO).await;
    }

    /// Makes the message visible to others after a time.
    pub(crate) async fn give_back_after(mut self, time: Duration) {
        // No extension may follow and hide the message again; and a receive under way that brings it again, as the last one of a drain
        // may, makes a lease of its own, which is given back in turn.
        self.held = false;
        let Some(entry) = self.leases.with(|held| held.remove(&self.message_id)) else { return };
        if let Err(error) = self.leases.shared.extensions.call((entry.receipt, time)).await {
            observe::give_back_failed(&self.message_id, &error);
        }
    }

    /// The message's id.
    pub(crate) fn message_id(&self) -> &Arc<str> {
        &self.message_id
    }

    fn receipt(&self) -> Option<Arc<str>> {
        self.leases.with(|held| held.get(&self.message_id).map(|entry| entry.receipt.clone()))
    }
}

fn is_final(error: &AwsError) -> bool {
    matches!(error.class, Class::Invalid | Class::NotFound)
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.held {
            self.leases.with(|held| held.remove(&self.message_id));
        }
    }
}
