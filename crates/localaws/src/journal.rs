//! The journal: every change of a service's state, as a row of the store.
//!
//! A service records its changes while it holds its lock. When it releases the lock, the changes are sealed: they reach the store together,
//! in one transaction, in the order in which the lock was held. Without a store nothing is recorded.

use std::{
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard},
};

#[cfg(feature = "data")]
use std::sync::Arc;

#[cfg(feature = "data")]
use crate::store::Store;
use crate::{
    change::{Change, NotKept},
    lock::lock,
};

/// Records changes. A clone records into the same section, a fork into a new one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    #[cfg(feature = "data")]
    section: Option<Arc<Section>>,
}

/// The changes since the section's lock was taken.
#[cfg(feature = "data")]
#[derive(Debug)]
struct Section {
    changes: Mutex<Vec<Change>>,
    store: Arc<Store>,
}

#[cfg(feature = "data")]
impl Journal {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { section: Some(Arc::new(Section { changes: Mutex::default(), store })) }
    }

    /// A journal for a state with a lock of its own.
    pub(crate) fn fork(&self) -> Self {
        self.section.as_ref().map(|section| Self::new(Arc::clone(&section.store))).unwrap_or_default()
    }

    /// Records changes, which are sealed when the lock is released.
    pub(crate) fn record<I: IntoIterator<Item = Change>>(&self, changes: impl FnOnce() -> I) {
        if let Some(section) = &self.section {
            lock(&section.changes).extend(changes());
        }
    }

    /// Passes all recorded changes to the store at once.
    pub(crate) fn seal(&self) {
        if let Some(section) = &self.section {
            section.store.push(&mut lock(&section.changes));
        }
    }

    /// Makes sure that changes of a number of bytes can be stored, before they are made.
    pub(crate) fn admit(&self, bytes: impl FnOnce() -> u64) -> Result<(), NotKept> {
        self.section.as_ref().map_or(Ok(()), |section| section.store.admit(bytes()))
    }

    /// Writes everything that was sealed, by any service. After that it survives the end of the process.
    pub(crate) fn commit(&self) -> Result<(), NotKept> {
        self.section.as_ref().map_or(Ok(()), |section| section.store.commit())
    }
}

#[cfg(not(feature = "data"))]
#[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "stands in for the journal that has a store")]
impl Journal {
    pub(crate) fn fork(&self) -> Self {
        Self {}
    }

    pub(crate) fn record<I: IntoIterator<Item = Change>>(&self, _: impl FnOnce() -> I) {}

    pub(crate) fn seal(&self) {}

    pub(crate) fn admit(&self, _: impl FnOnce() -> u64) -> Result<(), NotKept> {
        Ok(())
    }

    pub(crate) fn commit(&self) -> Result<(), NotKept> {
        Ok(())
    }
}

impl Journal {
    /// [`Self::commit`] for changes that no caller waits for. If it fails, the next commit tries again.
    pub(crate) fn settle(&self) {
        if let Err(error) = self.commit() {
            tracing::error!(%error, "the local data falls behind");
        }
    }
}

/// A state whose lock is held. Dropping it releases the lock and seals the changes.
#[derive(Debug)]
pub(crate) struct Held<'a, T> {
    state: MutexGuard<'a, T>,
    journal: &'a Journal,
}

impl<'a, T> Held<'a, T> {
    pub(crate) fn new(state: &'a Mutex<T>, journal: &'a Journal) -> Self {
        Self { state: lock(state), journal }
    }
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.state
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.state
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.journal.seal();
    }
}
