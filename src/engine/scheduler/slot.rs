//! What a job holds on its way: a slot while its build runs, its group until the job has ended, and a permit until that is told.

use tokio::sync::OwnedSemaphorePermit;

use super::{Room, Scheduler, prospect::less};

/// A place among the running builds. Dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Emptied only while being dropped.
    permits: Vec<OwnedSemaphorePermit>,
    /// Taken out by the job, which holds it longer.
    pub(crate) group: Option<GroupLock>,
    /// Taken out when the build has ended.
    pub(crate) untold: Option<Untold>,
    project: String,
    scheduler: Scheduler,
}

/// The right to run as the only one of a group. A job keeps it between its attempts, so that its group stays in order.
#[derive(Debug)]
pub(crate) struct GroupLock {
    key: String,
    scheduler: Scheduler,
}

/// One of the jobs that were started and whose end is not told yet.
#[derive(Debug)]
pub(crate) struct Untold {
    permit: Option<OwnedSemaphorePermit>,
    scheduler: Scheduler,
}

impl Slot {
    pub(super) fn new(
        permits: Vec<OwnedSemaphorePermit>,
        untold: Untold,
        group: Option<GroupLock>,
        project: String,
        scheduler: Scheduler,
    ) -> Self {
        Self { permits, group, untold: Some(untold), project, scheduler }
    }

    /// CodeBuild took the build.
    pub(crate) fn accepted(&self) {
        self.scheduler.with(|state| state.rooms.get_mut(&self.project).map(Room::accepted));
        self.scheduler.shared.changed.notify_one();
    }

    /// CodeBuild has no room for the build: the slot is given up, and fewer are handed out for a while.
    pub(crate) fn refused(self, _words: &str) {
        self.scheduler.with(|state| state.rooms.get_mut(&self.project).map(Room::refused));
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.permits.clear();
        self.scheduler.shared.changed.notify_one();
    }
}

impl GroupLock {
    /// The group is marked as running already.
    pub(super) fn new(key: String, scheduler: Scheduler) -> Self {
        Self { key, scheduler }
    }
}

impl Drop for GroupLock {
    fn drop(&mut self) {
        self.scheduler.with(|state| less(&mut state.groups, &self.key));
        self.scheduler.shared.changed.notify_one();
    }
}

impl Untold {
    pub(super) fn new(permit: OwnedSemaphorePermit, scheduler: Scheduler) -> Self {
        Self { permit: Some(permit), scheduler }
    }
}

impl Drop for Untold {
    fn drop(&mut self) {
        self.permit = None;
        self.scheduler.shared.changed.notify_one();
    }
}
