//! What a job holds on its way: a slot while its build runs, its group until the job has ended, and a permit until that is told.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{Scheduler, State, room::Room};
use crate::job::{
    build::Build,
    outcome::{Status, Verdict},
    schedule::{PlaceKey, Ticket, Took},
};

/// A place among the running builds. Dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Slot {
    place: PlaceKey,
    /// Taken out by the job, which holds it longer.
    pub(crate) group: Option<GroupLock>,
    /// Taken out when the build has ended.
    pub(crate) untold: Option<Untold>,
    ticket: Arc<Ticket>,
    /// When its build began.
    began: Option<Instant>,
    /// What its build took.
    took: Option<Took>,
    scheduler: Scheduler,
}

/// The right to run as the only one of a group. A job keeps it between its attempts, so that its group stays in order.
#[derive(Debug)]
pub(crate) struct GroupLock {
    ticket: Arc<Ticket>,
    scheduler: Scheduler,
}

/// A job of a group that is here: younger ones wait for it, also while it does not wait for a slot.
#[derive(Debug)]
pub(crate) struct Announced {
    ticket: Arc<Ticket>,
    scheduler: Scheduler,
}

/// One of the jobs that were started and whose end is not told yet.
#[derive(Debug)]
pub(crate) struct Untold(Scheduler);

impl Slot {
    pub(super) fn new(place: PlaceKey, ticket: Arc<Ticket>, untold: Untold, group: Option<GroupLock>, scheduler: Scheduler) -> Self {
        Self { place, group, untold: Some(untold), ticket, began: None, took: None, scheduler }
    }

    /// It is a running build's.
    pub(super) fn taken(mut self) -> Self {
        self.began = Some(Instant::now());
        self
    }

    /// CodeBuild took the build.
    pub(crate) fn accepted(&mut self) {
        self.began = Some(Instant::now());
        self.scheduler.change(|state, now_ms| {
            state.starts.accepted(now_ms);
            state.room(&self.ticket.project, Room::accepted);
        });
    }

    /// CodeBuild has no room for the build, in its words: the slot is given up, and fewer are handed out for a while.
    pub(crate) fn refused(mut self, words: &str) {
        self.took = Some(Took::Nothing);
        self.scheduler.change(|state, _| state.room(&self.ticket.project, |room, running| room.refused(running, words)));
    }

    /// The build has ended. One that ended by itself shows what such builds take.
    pub(crate) fn built(&mut self, build: &Build, verdict: &Verdict) {
        let Some((start, end)) = build.started_at().zip(build.ended_at()) else { return };
        let seconds = end.duration_since(start).as_secs_f64().max(0.0);
        self.took = Some(Took::Seconds(seconds));
        let by_itself = |status| matches!(status, Status::Succeeded | Status::Failed | Status::TimedOut);
        if matches!(verdict, Verdict::Ended(outcome) if by_itself(outcome.status)) {
            self.scheduler.change(|state, _| state.durations.record(&self.ticket.repository, &self.ticket.profile, seconds));
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let began = self.began.map_or(Took::Nothing, |began| Took::Seconds(began.elapsed().as_secs_f64()));
        let took = self.took.unwrap_or(began);
        self.scheduler.change(|state, now_ms| state.schedule.release(self.place, took, now_ms));
    }
}

impl Scheduler {
    /// A job of a group has come, and will wait for a slot sooner or later.
    pub(crate) fn announce(&self, ticket: &Arc<Ticket>) -> Option<Announced> {
        ticket.group.as_ref()?;
        self.with(|state| state.schedule.announce(ticket));
        Some(Announced { ticket: Arc::clone(ticket), scheduler: self.clone() })
    }

    /// What a build that runs already holds, before anybody who waits, and whatever the limits say: a slot, and its group.
    pub(crate) fn occupy(&self, ticket: &Arc<Ticket>, started_at: Option<Timestamp>) -> (Slot, Option<GroupLock>) {
        let now_ms = self.now_ms();
        let since_ms = started_at.map_or(now_ms, |started_at| started_at.as_millisecond().min(now_ms));
        self.with(|state| {
            let cost = state.expected(ticket);
            let place = state.schedule.occupy(ticket, since_ms, cost);
            if let Some(key) = &ticket.group {
                state.schedule.hold(key, &ticket.job);
            }
            let group = GroupLock::of(ticket, self);
            (Slot::new(place, Arc::clone(ticket), Untold::new(state, self), None, self.clone()).taken(), group)
        })
    }
}

impl GroupLock {
    /// The job is its group's holder already. `None`: it is of no group.
    pub(super) fn of(ticket: &Arc<Ticket>, scheduler: &Scheduler) -> Option<Self> {
        ticket.group.is_some().then(|| Self { ticket: Arc::clone(ticket), scheduler: scheduler.clone() })
    }
}

impl Drop for GroupLock {
    fn drop(&mut self) {
        let Ticket { group: Some(group), job, .. } = &*self.ticket else { return };
        self.scheduler.change(|state, _| state.schedule.let_go(group, job));
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        let Ticket { group: Some(group), age, arrival, .. } = &*self.ticket else { return };
        self.scheduler.change(|state, _| state.schedule.retract(group, age, *arrival));
    }
}

impl Untold {
    pub(super) fn new(state: &mut State, scheduler: &Scheduler) -> Self {
        state.untold += 1;
        Self(scheduler.clone())
    }
}

impl Drop for Untold {
    fn drop(&mut self) {
        self.0.change(|state, _| state.untold -= 1);
    }
}
