//! The jobs that are held, and those that have ended lately, as they are shown: each job's task says here what happens to it. Nothing of
//! the engine's own work depends on it.

mod entry;
mod feed;
mod history;
mod past;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(crate) use self::entry::Shown;
pub use self::feed::{Change, Subscription, What};
use self::{entry::Entry, feed::Feed, past::Past};
use super::deduplication::{Cancelled, JobHandle};
use crate::{
    clock::Clock,
    config,
    job::{
        Job, JobId,
        build::Build,
        event::{Data, Origin},
        standing::{JobDetail, JobStanding},
    },
};

/// All jobs that are shown. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Tracker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    feed: Feed,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// As many as the intake has room for.
    held: BTreeMap<JobId, Box<Entry>>,
    past: Past,
}

/// A held job's place in the table. Dropped before its end, the job is no longer here: it went back to the queue.
#[derive(Debug)]
pub(crate) struct Tracked {
    id: JobId,
    tracker: Tracker,
}

impl Tracker {
    pub(crate) fn new(clock: Clock, settings: &config::Http) -> Self {
        let state = State { held: BTreeMap::new(), past: Past::new(settings.history, settings.history_bytes) };
        Self { shared: Arc::new(Shared { clock, feed: Feed::new(clock.now()), state: Mutex::new(state) }) }
    }

    /// Shows a job from now on.
    pub(crate) fn track(&self, job: &Arc<Job>, origin: &Origin, handle: &Arc<JobHandle>) -> Tracked {
        let entry = Entry::new(job, origin, handle, self.shared.clock.now());
        self.shared.feed.tell(What::Job(Arc::clone(entry.standing())));
        self.state().held.insert(job.id.clone(), Box::new(entry));
        Tracked { id: job.id.clone(), tracker: self.clone() }
    }

    /// Every job: those that are held in the order of their ids, then those that have ended, the newest first.
    pub(crate) fn all(&self, mut fresh: impl FnMut(&mut Shown<'_>)) -> Vec<Arc<JobStanding>> {
        let now = self.shared.clock.now();
        let mut state = self.state();
        let held = state.held.values_mut().map(|entry| {
            fresh(&mut entry.shown(now));
            Arc::clone(entry.standing())
        });
        let mut jobs: Vec<_> = held.collect();
        jobs.extend(state.past.newest_first());
        jobs
    }

    /// One job with all that is known of it. A job that is held comes before one of the same id that has ended.
    pub(crate) fn detail(&self, id: &JobId, fresh: impl FnOnce(&mut Shown<'_>)) -> Option<JobDetail> {
        let now = self.shared.clock.now();
        let mut state = self.state();
        if let Some(entry) = state.held.get_mut(id) {
            fresh(&mut entry.shown(now));
            return Some(entry.detail());
        }
        state.past.detail(id)
    }

    /// The values that a job's log must not repeat, and its latest build's log while the job is held.
    pub(crate) fn secrets(&self, id: &JobId) -> Option<Vec<String>> {
        let state = self.state();
        match state.held.get(id) {
            Some(entry) => Some(entry.job().secrets().collect()),
            None => state.past.secrets(id),
        }
    }

    /// What a held job's build was when it was last looked at. `None`: the job is not held, or has no build.
    pub(crate) fn build(&self, id: &JobId) -> Option<Arc<Build>> {
        self.state().held.get(id).and_then(|entry| entry.build()).cloned()
    }

    /// Tells of every change from now on; with a change's id, from that one on.
    pub(crate) fn subscribe(&self, after: Option<u64>) -> Subscription {
        self.shared.feed.subscribe(after)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tracked {
    /// Something happened that shows in the job's history alone.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        self.with(|entry, now| entry.note(now, text.as_ref()));
    }

    /// It stands in line under this number.
    pub(crate) fn waits(&self, arrival: u64) {
        self.with(|entry, _| entry.waits(arrival));
    }

    /// An attempt has its build.
    pub(crate) fn runs(&self, attempt: u32, build: &Arc<Build>, how: &str) {
        self.change(|entry, now| {
            entry.runs(attempt, build);
            entry.note(now, &format!("attempt {attempt}: {how} the build {}", build.id));
        });
    }

    /// A look at its build showed something new.
    pub(crate) fn seen(&self, build: &Arc<Build>) {
        let changed = self.with(|entry, now| entry.seen(now, build));
        if changed == Some(true) {
            self.tell();
        }
    }

    /// An attempt failed, and another follows.
    pub(crate) fn fails(&self, attempt: u32, why: &str) {
        self.change(|entry, now| {
            entry.waits_again();
            entry.note(now, &format!("attempt {attempt} failed: {why}"));
        });
    }

    /// It is to end before its time.
    pub(crate) fn cancelling(&self, why: &Cancelled) {
        self.change(|entry, now| {
            let mut text = format!("is to end as {}", why.status.as_str());
            if !why.reason.is_empty() {
                // Writing to a string cannot fail.
                write!(text, ": {}", why.reason).unwrap_or_default();
            }
            entry.cancelling(now, &text);
        });
    }

    /// It has ended, and its event is still to be accepted.
    pub(crate) fn reports(&self, data: &Data) {
        self.change(|entry, now| entry.reports(now, data));
    }

    /// Its event is accepted: from now on it is remembered.
    pub(crate) fn ended(self) {
        let now = self.tracker.shared.clock.now();
        let ended = {
            let mut state = self.tracker.state();
            let ended = state.held.remove(&self.id).map(|entry| entry.ended(now));
            ended.map(|(detail, secrets)| {
                let standing = Arc::clone(&detail.standing);
                state.past.remember(&detail, secrets);
                standing
            })
        };
        if let Some(standing) = ended {
            self.tracker.shared.feed.tell(What::Job(standing));
        }
    }

    fn change(&self, work: impl FnOnce(&mut Entry, jiff::Timestamp)) {
        self.with(work);
        self.tell();
    }

    fn tell(&self) {
        if let Some(standing) = self.with(|entry, _| Arc::clone(entry.standing())) {
            self.tracker.shared.feed.tell(What::Job(standing));
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Entry, jiff::Timestamp) -> T) -> Option<T> {
        let now = self.tracker.shared.clock.now();
        self.tracker.state().held.get_mut(&self.id).map(|entry| work(entry, now))
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        if self.tracker.state().held.remove(&self.id).is_some() {
            self.tracker.shared.feed.tell(What::Gone(self.id.clone()));
        }
    }
}
