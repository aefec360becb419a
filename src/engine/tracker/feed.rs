//! What changes, told to all who listen: a bounded ring of numbered changes, from which each reads on at its own pace.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::job::{JobId, standing::JobStanding};

/// Changes that are kept for those who were away for a moment; about 2 MB.
const KEPT: usize = 1_024;

/// One change.
#[derive(Debug, Clone)]
pub struct Change {
    /// Grows from change to change, over restarts too.
    pub id: u64,
    pub what: What,
}

/// What has changed.
#[derive(Debug, Clone)]
pub enum What {
    /// A job is new, or stands elsewhere.
    Job(Arc<JobStanding>),
    /// A job went back to the queue.
    Gone(JobId),
    /// Changes were missed: the whole is to be read again.
    Missed,
}

/// All changes.
#[derive(Debug)]
pub(super) struct Feed {
    ring: Arc<Ring>,
    latest: watch::Sender<u64>,
}

#[derive(Debug)]
struct Ring {
    /// The first id of this process.
    first: u64,
    changes: Mutex<VecDeque<Change>>,
}

/// One who listens.
#[derive(Debug)]
pub struct Subscription {
    ring: Arc<Ring>,
    latest: watch::Receiver<u64>,
    /// The id of the change that was read last.
    read: u64,
    missed: bool,
}

impl Feed {
    /// `start`: of this process; its changes have higher ids than those of any before it, as long as there are fewer than a million a
    /// second.
    pub(super) fn new(start: Timestamp) -> Self {
        let first = u64::try_from(start.as_microsecond()).unwrap_or_default();
        let ring = Ring { first, changes: Mutex::new(VecDeque::with_capacity(KEPT)) };
        Self { ring: Arc::new(ring), latest: watch::Sender::new(first) }
    }

    pub(super) fn tell(&self, what: What) {
        let mut changes = self.ring.changes();
        let id = *self.latest.borrow() + 1;
        if changes.len() == KEPT {
            changes.pop_front();
        }
        changes.push_back(Change { id, what });
        self.latest.send_replace(id);
    }

    pub(super) fn subscribe(&self, after: Option<u64>) -> Subscription {
        let latest = self.latest.subscribe();
        let now = *latest.borrow();
        // An id of another process, or of the future, says nothing of what has been missed.
        let known = after.filter(|after| (self.ring.first..=now).contains(after));
        Subscription { ring: Arc::clone(&self.ring), latest, read: known.unwrap_or(now), missed: after.is_some() && known.is_none() }
    }
}

impl Ring {
    fn changes(&self) -> MutexGuard<'_, VecDeque<Change>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// The next change. `None`: the daemon has ended. Dropping the future misses nothing.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            self.latest.borrow_and_update();
            if let Some(change) = self.read_on() {
                return Some(change);
            }
            self.latest.changed().await.ok()?;
        }
    }

    fn read_on(&mut self) -> Option<Change> {
        let changes = self.ring.changes();
        let oldest = changes.front().map(|change| change.id)?;
        if self.missed || oldest > self.read + 1 {
            self.missed = false;
            // What is read again contains all that has happened up to now.
            self.read = changes.back().map_or(self.read, |change| change.id);
            return Some(Change { id: self.read, what: What::Missed });
        }
        let at = usize::try_from(self.read + 1 - oldest).unwrap_or(usize::MAX);
        let change = changes.get(at).cloned()?;
        self.read = change.id;
        Some(change)
    }
}
