//! Admission: a job waits in the [`Line`] until the limits, the operator's and CodeBuild's, have a slot for it. Slots are owned permits,
//! freed by dropping them.

mod prospect;
mod room;
mod slot;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, sleep_until},
};

pub(crate) use self::{
    prospect::Prospect,
    slot::{GroupLock, Slot, Untold},
};
use self::{prospect::Prospects, room::Room};
use super::backlog::Backlog;
use crate::{
    clock::Clock,
    config::{Config, Profile},
    job::{JobId, Tenant, line::Line, schedule::Ticket, standing},
    observe,
};

/// Hands out slots. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Scheduler {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    running: Arc<Semaphore>,
    /// Jobs that were started and are not yet told: as many as run and wait at most, so that a topic that refuses, or logs that cannot
    /// be read, stop the starts and not the memory's bound.
    untold: Arc<Semaphore>,
    /// The profiles that have a limit of their own, lower than that of all.
    profiles: HashMap<String, Arc<Semaphore>>,
    /// Each profile's project.
    projects: HashMap<String, String>,
    per_tenant: usize,
    /// As many may run in all.
    most: usize,
    state: Mutex<State>,
    /// Somebody came, left, or freed a slot.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    line: Line<oneshot::Sender<Slot>>,
    tenants: HashMap<Tenant, Arc<Semaphore>>,
    /// The groups that have a job running, and how many: those that a restart finds may be more than one.
    groups: HashMap<String, usize>,
    /// What CodeBuild has room for, by project.
    rooms: BTreeMap<String, Room>,
    /// Who among those that wait could start.
    prospects: Prospects,
    arrivals: u64,
}

/// Where jobs and limits stand at one moment.
#[derive(Debug)]
#[expect(dead_code, reason = "the API reads it")]
pub(crate) struct Standing {
    /// Who waits in line, in the order of their turn; those that are paused last.
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) limits: standing::Limits,
}

/// One who waits.
#[derive(Debug)]
#[expect(dead_code, reason = "the API reads it")]
pub(crate) struct Waiting {
    pub(crate) arrival: u64,
    pub(crate) job: JobId,
    pub(crate) wait: standing::Wait,
}

#[expect(dead_code, clippy::unused_self, reason = "the API reads it")]
impl Scheduler {
    /// Who waits and why, and all limits. Costs as much as jobs wait: to be asked at most once a second.
    pub(crate) fn standing(&self) -> Standing {
        let wait = |ticket: &Ticket| Waiting { arrival: ticket.arrival, job: ticket.job.clone(), wait: standing::Wait::default() };
        let waiting = self.with(|state| state.line.tickets().map(wait).collect());
        Standing { waiting, limits: standing::Limits::default() }
    }

    /// What builds of a repository and profile usually take in seconds: the median, and what nine of ten stay below. `None`: nothing is
    /// known.
    pub(crate) fn usual(&self, _repository: &str, _profile: &str) -> Option<[u64; 2]> {
        None
    }

    /// How long a build that has taken `elapsed` still runs, at least and at most, in seconds.
    pub(crate) fn left(&self, _repository: &str, _profile: &str, _elapsed: Duration) -> Option<[u64; 2]> {
        None
    }

    /// What does not start from now on, and nothing else.
    pub(crate) fn set_pauses(&self, _pauses: &[standing::Pause]) {}

    /// Other limits from now on. Builds that run already run out.
    pub(crate) fn reconfigure(&self, _config: &Config) {}
}

impl Scheduler {
    pub(crate) fn new(config: &Config, _clock: Clock, _backlog: &Backlog) -> Self {
        let (limits, profiles) = (&config.limits, &config.profiles);
        let limit = |profile: &Profile| profile.running.filter(|most| *most < limits.running);
        let limited = profiles.iter().filter_map(|(name, profile)| Some((name.clone(), Arc::new(Semaphore::new(limit(profile)?)))));
        let rooms = profiles.values().map(|profile| (profile.project.clone(), Room::new(&profile.project, limits.running)));
        let shared = Shared {
            running: Arc::new(Semaphore::new(limits.running)),
            untold: Arc::new(Semaphore::new(limits.running + limits.waiting)),
            profiles: limited.collect(),
            projects: profiles.iter().map(|(name, profile)| (name.clone(), profile.project.clone())).collect(),
            per_tenant: limits.per_tenant,
            most: limits.running,
            state: Mutex::new(State {
                line: Line::default(),
                tenants: HashMap::new(),
                groups: HashMap::new(),
                rooms: rooms.collect(),
                prospects: Prospects::default(),
                arrivals: 0,
            }),
            changed: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The next arrival's number, for its ticket.
    pub(crate) fn arrival(&self) -> u64 {
        self.with(|state| {
            state.arrivals += 1;
            state.arrivals
        })
    }

    /// Waits for a slot. Dropping the future leaves the line. `again`: the job had a slot, for which CodeBuild had no room.
    pub(crate) async fn admit(&self, ticket: Ticket, again: bool) -> Slot {
        let (sender, slot) = oneshot::channel();
        self.with(|state| if again { state.line.put_back(ticket, sender) } else { state.line.push(ticket, sender) });
        let _leave = Leave(self);
        self.shared.changed.notify_one();
        match slot.await {
            Ok(slot) => slot,
            // The line never drops one who waits; should it, this one waits for ever rather than run without a slot.
            Err(_) => std::future::pending().await,
        }
    }

    /// What a build that runs already holds, before anybody who waits: its group in any case, and a slot, unless the limits have none left.
    pub(crate) fn occupy(&self, ticket: &Ticket) -> (Option<Slot>, Option<GroupLock>) {
        self.with(|state| {
            let group = ticket.group.as_ref().map(|group| self.lock(state, group));
            (self.slot(state, &Ticket { group: None, ..ticket.clone() }), group)
        })
    }

    /// Serves the line, for ever.
    pub(crate) async fn serve(self) {
        loop {
            let opening = self.with(|state| state.rooms.values().filter_map(Room::opens_at).min());
            tokio::select! {
                biased;
                () = self.shared.changed.notified() => {}
                () = sleep_until(opening.unwrap_or_else(Instant::now)), if opening.is_some() => {}
            }
            while let Some((sender, slot)) = self.next() {
                // One who left in this moment drops the slot, which calls us again.
                drop(sender.send(slot));
            }
            observe::jobs_waiting(self.with(|state| state.line.len()));
        }
    }

    fn next(&self) -> Option<(oneshot::Sender<Slot>, Slot)> {
        self.with(|state| {
            let mut line = std::mem::take(&mut state.line);
            line.retain(|sender| !sender.is_closed());
            state.rooms.values_mut().for_each(Room::settle);
            let taken = line.take(|ticket| {
                let has_room =
                    self.shared.projects.get(&ticket.profile).and_then(|project| state.rooms.get(project)).is_some_and(Room::has_room);
                has_room.then(|| self.slot(state, ticket)).flatten()
            });
            state.line = line;
            // A tenant of whom nothing runs is forgotten, so that names do not pile up.
            state.tenants.retain(|_, permits| permits.available_permits() < self.shared.per_tenant);
            taken
        })
    }

    /// A slot within the limits, if there is one: of all, the tenant's, the profile's, the project's, and of what is not told yet.
    fn slot(&self, state: &mut State, ticket: &Ticket) -> Option<Slot> {
        if ticket.group.as_ref().is_some_and(|group| state.groups.contains_key(group)) {
            return None;
        }
        let project = self.shared.projects.get(&ticket.profile)?;
        let tenant = state.tenants.entry(ticket.tenant.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.shared.per_tenant)));
        let limits = [
            Some(&self.shared.running),
            Some(&*tenant),
            self.shared.profiles.get(&ticket.profile),
            state.rooms.get(project).map(Room::places),
        ];
        let mut permits = Vec::with_capacity(limits.len());
        for limit in limits.into_iter().flatten() {
            permits.push(take(limit)?);
        }
        let untold = Untold::new(take(&self.shared.untold)?, self.clone());
        let group = ticket.group.as_ref().map(|group| self.lock(state, group));
        Some(Slot::new(permits, untold, group, project.clone(), self.clone()))
    }

    fn lock(&self, state: &mut State, group: &str) -> GroupLock {
        *state.groups.entry(group.to_owned()).or_default() += 1;
        GroupLock::new(group.to_owned(), self.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.shared.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn take(limit: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    Arc::clone(limit).try_acquire_owned().ok()
}

/// Tells the line that one who waited waits no more.
struct Leave<'a>(&'a Scheduler);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.shared.changed.notify_one();
    }
}
