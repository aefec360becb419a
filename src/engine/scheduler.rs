//! Admission: a job waits in the [`Schedule`] until the limits, the operator's and CodeBuild's, have a slot for it. Slots are owned by the
//! job's task, and freed by dropping them.

mod full;
mod prospect;
mod room;
mod slot;
mod standing;
mod state;
#[cfg(test)]
mod tests;
mod trouble;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use slab::Slab;
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep_until},
};

pub(crate) use self::{
    full::Full,
    prospect::Prospect,
    slot::{Announced, GroupLock, Slot, Untold},
};
use self::{
    prospect::{Counts, Waiting},
    room::Room,
    state::expected,
    trouble::Trouble,
};
use super::backlog::Backlog;
use crate::{
    clock::Clock,
    config::{Config, WhenFull},
    job::{
        Tenant,
        estimate::Durations,
        rate::Rate,
        schedule::{Key, Rules, Schedule, Ticket},
        standing::Pause,
    },
    observe,
};

/// Hands out slots. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Scheduler {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Somebody came, left, or freed a slot.
    changed: Notify,
    clock: Clock,
    backlog: Backlog,
}

#[derive(Debug)]
struct State {
    schedule: Schedule<oneshot::Sender<Slot>>,
    /// What CodeBuild has room for, by project.
    rooms: BTreeMap<String, Room>,
    /// How fast CodeBuild takes starts.
    starts: Rate,
    throttle: Option<Trouble>,
    durations: Durations,
    /// Jobs that were started and are not yet told: as many as run and wait at most, so that a topic that refuses, or logs that cannot
    /// be read, stop the starts and not the memory's bound.
    untold: usize,
    most_untold: usize,
    /// Those that take a place in the count of `limits.waiting`.
    waiting: Slab<Waiting>,
    counts: Counts,
    pauses: Vec<Pause>,
    arrivals: u64,
}

/// What the line comes to.
enum Turn {
    /// This one has its slot.
    Starts(oneshot::Sender<Slot>, Slot),
    /// Nobody starts before this time; `None`: before something changes.
    Waits(Option<Instant>),
}

impl Scheduler {
    pub(crate) fn new(config: &Config, clock: Clock, backlog: &Backlog) -> Self {
        let mut state = State {
            schedule: Schedule::new(Rules::of(config)),
            rooms: BTreeMap::new(),
            starts: Rate::default(),
            throttle: None,
            durations: Durations::default(),
            untold: 0,
            most_untold: 0,
            waiting: Slab::new(),
            counts: Counts::default(),
            pauses: Vec::new(),
            arrivals: 0,
        };
        state.allow(config);
        let shared = Shared { state: Mutex::new(state), changed: Notify::new(), clock, backlog: backlog.clone() };
        Self { shared: Arc::new(shared) }
    }

    /// Other limits from now on. What runs beyond them runs out.
    pub(crate) fn reconfigure(&self, config: &Config) {
        self.shared.backlog.reconfigure(config);
        self.change(|state, _| {
            state.schedule.reconfigure(Rules::of(config));
            state.allow(config);
        });
    }

    /// What does not start from now on, and nothing else.
    pub(crate) fn set_pauses(&self, pauses: &[Pause]) {
        self.change(|state, _| {
            state.pauses = pauses.to_vec();
            state.schedule.set_pauses(pauses);
            state.free_paused();
        });
    }

    /// What is paused.
    pub(crate) fn pauses(&self) -> Vec<Pause> {
        self.with(|state| state.pauses.clone())
    }

    /// The next arrival's number, for its ticket.
    pub(crate) fn arrival(&self) -> u64 {
        self.with(|state| {
            state.arrivals += 1;
            state.arrivals
        })
    }

    /// Whether a job of a tenant may find that too many wait.
    pub(crate) fn may_be_full(&self, tenant: &str) -> bool {
        self.with(|state| state.schedule.rules().tenant(tenant).when_full == WhenFull::Reject)
    }

    /// Whether a new job of a tenant would be turned away now.
    pub(crate) fn full(&self, tenant: &Tenant) -> Option<Full> {
        self.with(|state| state.full(tenant.as_str()))
    }

    /// Waits for a slot. Dropping the future leaves the line. `is_new`: the job may be turned away where too many of its tenant wait.
    pub(crate) async fn admit(&self, ticket: Arc<Ticket>, is_new: bool) -> Result<Slot, Full> {
        let (sender, slot) = oneshot::channel();
        let key = self.change(|state, _| {
            if let Some(full) = state.full(ticket.tenant.as_str()).filter(|_| is_new) {
                return Err(full);
            }
            Ok(state.schedule.push(ticket, sender))
        })?;
        let _leave = Leave(self, key);
        match slot.await {
            Ok(slot) => Ok(slot),
            // The line never drops one who waits; should it, this one waits for ever rather than run without a slot.
            Err(_) => std::future::pending().await,
        }
    }

    /// Waits until a start that is given again may go.
    pub(crate) async fn pace(&self) {
        loop {
            let opening = self.change(|state, now_ms| {
                let wait_ms = state.starts.opens_ms(now_ms) - now_ms;
                if wait_ms <= 0 {
                    state.starts.take(now_ms);
                }
                instant(wait_ms)
            });
            match opening {
                Some(opening) => sleep_until(opening).await,
                None => return,
            }
        }
    }

    /// CodeBuild throttled a start, in its words.
    pub(crate) fn throttled(&self, words: &str) {
        let per_second = self.change(|state, now_ms| {
            state.note_throttle(words);
            state.starts.throttled(now_ms);
            state.starts.per_second()
        });
        observe::starts_paced(per_second);
    }

    /// CodeBuild starts nothing in a project, in its words, until somebody changes something.
    pub(crate) fn refused(&self, project: &str, words: &str) {
        self.with(|state| {
            if let Some(room) = state.rooms.get_mut(project) {
                room.denied(words);
            }
        });
    }

    /// Serves the line, for ever.
    pub(crate) async fn serve(self) {
        loop {
            let opening = loop {
                match self.turn() {
                    // One who left in this moment drops the slot, which calls us again.
                    Turn::Starts(sender, slot) => drop(sender.send(slot)),
                    Turn::Waits(opening) => break opening,
                }
            };
            observe::jobs_waiting(self.with(|state| state.schedule.len()));
            tokio::select! {
                biased;
                () = self.shared.changed.notified() => {}
                () = sleep_until(opening.unwrap_or_else(Instant::now)), if opening.is_some() => {}
            }
        }
    }

    /// One look, at one time, says who starts or when something opens: a second look could find open what the first found closed, and
    /// then nobody would wait for it.
    fn turn(&self) -> Turn {
        let now_ms = self.now_ms();
        self.with(|state| {
            state.settle();
            let opening = state.rooms.values().filter_map(Room::opens_at).min();
            if state.schedule.is_empty() || state.untold >= state.most_untold {
                return Turn::Waits(opening);
            }
            if let Some(paced) = instant(state.starts.opens_ms(now_ms) - now_ms) {
                return Turn::Waits(Some(opening.map_or(paced, |opening| opening.min(paced))));
            }
            let State { schedule, durations, .. } = state;
            let next = schedule.next(now_ms, |ticket| expected(durations, &ticket.repository, &ticket.profile));
            let Some(next) = next else { return Turn::Waits(opening) };
            state.starts.take(now_ms);
            let untold = Untold::new(state, self);
            let group = GroupLock::of(&next.ticket, self);
            Turn::Starts(next.it, Slot::new(next.place, next.ticket, untold, group, self.clone()))
        })
    }

    /// The wall clock, in milliseconds since 1970.
    fn now_ms(&self) -> i64 {
        self.shared.clock.now().as_millisecond()
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.shared.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what a decision depends on.
    fn change<T>(&self, work: impl FnOnce(&mut State, i64) -> T) -> T {
        let now_ms = self.now_ms();
        let result = self.with(|state| work(state, now_ms));
        self.shared.changed.notify_one();
        result
    }
}

/// So many milliseconds from now; `None`: that is now.
fn instant(wait_ms: i64) -> Option<Instant> {
    u64::try_from(wait_ms).ok().filter(|wait| *wait > 0).map(|wait| Instant::now() + Duration::from_millis(wait))
}

/// One who waited waits no more.
struct Leave<'a>(&'a Scheduler, Key);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        drop(self.0.with(|state| state.schedule.remove(self.1)));
        self.0.shared.changed.notify_one();
    }
}
