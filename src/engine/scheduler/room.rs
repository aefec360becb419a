//! What CodeBuild has room for in one project: a learned limit, and a pause after each refusal.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::Instant};

use crate::{backoff::Backoff, job::capacity::Capacity, observe};

/// Between a refusal and the next start.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// For this long after a refusal the limit does not grow: builds must end first.
const HOLD: Duration = Duration::from_mins(1);

/// The room in one project.
#[derive(Debug)]
pub(super) struct Room {
    project: String,
    /// As many permits as the operator allows; those that are taken are the builds of ours.
    places: Arc<Semaphore>,
    most: usize,
    capacity: Capacity,
    pauses: Backoff,
    /// Nothing starts before.
    closed_until: Option<Instant>,
    /// The limit does not grow before.
    held_until: Option<Instant>,
}

impl Room {
    pub(super) fn new(project: &str, most: usize) -> Self {
        observe::capacity_learned(project, most);
        Self {
            project: project.to_owned(),
            places: Arc::new(Semaphore::new(most)),
            most,
            capacity: Capacity::new(most),
            pauses: pauses(),
            closed_until: None,
            held_until: None,
        }
    }

    pub(super) fn places(&self) -> &Arc<Semaphore> {
        &self.places
    }

    /// When it opens again; `None`: it is open.
    pub(super) fn opens_at(&self) -> Option<Instant> {
        self.closed_until
    }

    /// Opens when its time has come.
    pub(super) fn settle(&mut self) {
        self.closed_until = self.closed_until.filter(|until| *until > Instant::now());
    }

    /// Whether another build may start.
    pub(super) fn has_room(&self) -> bool {
        self.closed_until.is_none() && self.taken() < self.capacity.limit()
    }

    /// How many more builds it would take, where that is less than the operator allows.
    pub(super) fn learned(&self) -> Option<usize> {
        let limit = self.capacity.limit();
        (limit < self.most).then(|| limit.saturating_sub(self.taken()))
    }

    /// CodeBuild took a build.
    pub(super) fn accepted(&mut self) {
        self.pauses = pauses();
        if self.held_until.is_none_or(|until| until <= Instant::now()) {
            self.held_until = None;
            self.capacity.accepted(self.taken());
            observe::capacity_learned(&self.project, self.capacity.limit());
        }
    }

    /// CodeBuild refused a build, whose place is still taken. Refusals of one burst are one.
    pub(super) fn refused(&mut self) {
        let now = Instant::now();
        self.capacity.refused(self.taken().saturating_sub(1));
        self.held_until = Some(now + HOLD);
        if self.closed_until.is_none_or(|until| until <= now) {
            self.closed_until = Some(now + self.pauses.pause());
        }
        observe::start_refused(&self.project, self.capacity.limit());
    }

    fn taken(&self) -> usize {
        self.most - self.places.available_permits()
    }
}

fn pauses() -> Backoff {
    Backoff::new(FIRST_PAUSE, LONGEST_PAUSE)
}
