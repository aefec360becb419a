//! Admission: a job waits in the [`Line`] until the limits have a place for it. Places are owned permits, freed by dropping them.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{
    config::{Limits, Profile},
    job::{
        Tenant,
        line::{Line, Ticket},
    },
    observe,
};

/// Hands out places. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Scheduler {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    running: Arc<Semaphore>,
    /// The profiles that have a limit of their own.
    profiles: HashMap<String, Arc<Semaphore>>,
    per_tenant: usize,
    state: Mutex<State>,
    /// Somebody came, left, or freed a place.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    line: Line<oneshot::Sender<Slot>>,
    tenants: HashMap<Tenant, Arc<Semaphore>>,
    /// The groups that have a job running.
    groups: HashSet<String>,
}

/// A place among the running. Dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Slot {
    /// `None` only while being dropped.
    permits: Option<Permits>,
    group: Option<String>,
    scheduler: Scheduler,
}

/// One of all, one of the tenant's, and one of the profile's if it has a limit.
type Permits = (OwnedSemaphorePermit, OwnedSemaphorePermit, Option<OwnedSemaphorePermit>);

impl Scheduler {
    pub(crate) fn new(limits: &Limits, profiles: &BTreeMap<String, Profile>) -> Self {
        let limited = profiles.iter().filter_map(|(name, profile)| Some((name.clone(), Arc::new(Semaphore::new(profile.running?)))));
        let shared = Shared {
            running: Arc::new(Semaphore::new(limits.running)),
            profiles: limited.collect(),
            per_tenant: limits.per_tenant,
            state: Mutex::default(),
            changed: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Waits for a place. Dropping the future leaves the line.
    pub(crate) async fn admit(&self, ticket: Ticket) -> Slot {
        let (sender, slot) = oneshot::channel();
        self.with(|state| state.line.push(ticket, sender));
        let _leave = Leave(self);
        self.shared.changed.notify_one();
        match slot.await {
            Ok(slot) => slot,
            // The line never drops one who waits; should it, this one waits for ever rather than run without a place.
            Err(_) => std::future::pending().await,
        }
    }

    /// Serves the line, for ever.
    pub(crate) async fn serve(self) {
        loop {
            self.shared.changed.notified().await;
            while let Some((sender, slot)) = self.next() {
                // One who left in this moment drops the slot, which calls us again.
                drop(sender.send(slot));
            }
            observe::jobs_waiting(self.with(|state| state.line.len()));
        }
    }

    fn next(&self) -> Option<(oneshot::Sender<Slot>, Slot)> {
        self.with(|state| {
            let State { line, tenants, groups } = state;
            line.retain(|sender| !sender.is_closed());
            let taken = line.take(|ticket| {
                if ticket.group.as_ref().is_some_and(|group| groups.contains(group)) {
                    return None;
                }
                let running = Arc::clone(&self.shared.running).try_acquire_owned().ok()?;
                let tenant = tenants.entry(ticket.tenant.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.shared.per_tenant)));
                let tenant = Arc::clone(tenant).try_acquire_owned().ok()?;
                let profile = match self.shared.profiles.get(&ticket.profile) {
                    Some(profile) => Some(Arc::clone(profile).try_acquire_owned().ok()?),
                    None => None,
                };
                groups.extend(ticket.group.clone());
                Some(Slot { permits: Some((running, tenant, profile)), group: ticket.group.clone(), scheduler: self.clone() })
            });
            // A tenant of whom nothing runs is forgotten, so that names do not pile up.
            tenants.retain(|_, permits| permits.available_permits() < self.shared.per_tenant);
            taken
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.shared.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Tells the line that one who waited waits no more.
struct Leave<'a>(&'a Scheduler);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.shared.changed.notify_one();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.permits = None;
        if let Some(group) = self.group.take() {
            self.scheduler.with(|state| state.groups.remove(&group));
        }
        self.scheduler.shared.changed.notify_one();
    }
}
