//! The jobs that live in this process: one owner for each job id, so that a repeat waits for the first, and a way to cancel each.

mod ends;
mod memory;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::{Notify, SetOnce};

use self::{
    ends::{End, Ends},
    memory::Memory,
};

use crate::{
    job::{JobId, event::Publication, outcome::Status},
    observe,
};

/// Early cancellations and groups that are remembered.
const REMEMBERED: usize = 100_000;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Deduplication {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    claims: HashMap<JobId, Arc<JobHandle>>,
    /// The jobs that live here of each group, by age, and whether they cancel older ones.
    groups: HashMap<String, BTreeMap<(Age, JobId), bool>>,
    /// Jobs that ended here.
    ended: Ends,
    /// Cancellations that came before their jobs.
    cancelled: Memory<JobId, Cancelled>,
    /// The newest job of each group that cancels older ones, whether or not it still lives.
    superseding: Memory<String, (Age, JobId)>,
}

/// When a job's message was sent, and the message's id where that is the same. A message that comes again, after a crash say, keeps its
/// age.
type Age = (Option<Timestamp>, Arc<str>);

/// What a job's task shares with those who cancel the job or wait for its end.
#[derive(Debug, Default)]
pub(crate) struct JobHandle {
    group: Option<Box<Member>>,
    /// Why it is to end before its time; the first reason stands.
    cancelled: OnceLock<Cancelled>,
    /// Wakes the job when it is set.
    cancellation: Notify,
    /// Set when it has given its id free: to its terminal event if it has ended, and to `None` if it went back to the queue.
    gone: SetOnce<Option<Arc<Publication>>>,
}

/// A job among those of its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) key: String,
    /// Whether it cancels those that are older.
    pub(crate) supersedes: bool,
    /// Its message's.
    pub(crate) age: Age,
}

/// Why a job is to end before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cancelled {
    /// `Cancelled` or `Superseded`.
    pub(crate) status: Status,
    /// The words of whoever asked for it, or else by which way that was; never empty.
    pub(crate) reason: String,
    /// The newer job, of one that is superseded.
    pub(crate) by: Option<JobId>,
}

impl Cancelled {
    /// On request. `way`: how the request came, in words, for one that gives no reason.
    pub(crate) fn asked(reason: Option<String>, way: &str) -> Self {
        let reason = reason.filter(|reason| !reason.trim().is_empty()).unwrap_or_else(|| way.to_owned());
        Self { status: Status::Cancelled, reason, by: None }
    }

    /// Because a newer job of the group has come.
    pub(crate) fn superseded(by: JobId) -> Self {
        Self { status: Status::Superseded, reason: format!("superseded by {by}"), by: Some(by) }
    }
}

/// A job's place in the deduplication; dropping it gives the id free.
#[derive(Debug)]
pub(crate) struct Claimed {
    id: JobId,
    pub(crate) handle: Arc<JobHandle>,
    /// A job of this id ended here within the window.
    pub(crate) seen_before: bool,
    /// Its terminal event, once that is accepted.
    terminal: Option<Arc<Publication>>,
    deduplication: Deduplication,
}

/// What a message of a job finds.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The job is this message's.
    First(Claimed),
    /// Another message has the job, or had it.
    Repeat(Arc<JobHandle>),
}

impl Deduplication {
    /// `window`: for how long ended jobs, early cancellations and groups are remembered.
    pub(crate) fn new(window: Duration) -> Self {
        let state = State {
            claims: HashMap::new(),
            groups: HashMap::new(),
            ended: Ends::new(window),
            cancelled: Memory::new(window, REMEMBERED),
            superseding: Memory::new(window, REMEMBERED),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Whether a job of this id lives here, or has ended here within the window.
    pub(crate) fn knows(&self, id: &JobId) -> bool {
        self.with(|state| state.claims.contains_key(id) || state.ended.get(id).is_some())
    }

    /// Claims a job id, or finds it claimed.
    pub(crate) fn claim(&self, id: &JobId, group: Option<Member>) -> Claim {
        self.with(|state| {
            if let Some(handle) = state.claims.get(id) {
                return Claim::Repeat(Arc::clone(handle));
            }
            let before = state.ended.get(id);
            let seen_before = before.is_some();
            if let Some(End::Event(event)) = before {
                return Claim::Repeat(Arc::new(JobHandle { gone: SetOnce::new_with(Some(Some(event))), ..JobHandle::default() }));
            }
            let handle = Arc::new(JobHandle { group: group.map(Box::new), ..JobHandle::default() });
            if let Some(early) = state.cancelled.take(id) {
                handle.cancel(id, early);
            }
            state.supersede(id, &handle);
            state.claims.insert(id.clone(), Arc::clone(&handle));
            Claim::First(Claimed { id: id.clone(), handle, seen_before, terminal: None, deduplication: self.clone() })
        })
    }

    /// Cancels a job that lives here. `None`: there is none, and the cancellation is remembered for a job that may still come. Both at once:
    /// a job that comes meanwhile is not missed.
    pub(crate) fn cancel(&self, id: &JobId, why: Cancelled) -> Option<Arc<JobHandle>> {
        self.with(|state| {
            let Some(handle) = state.claims.get(id) else {
                state.cancelled.put(id.clone(), why);
                return None;
            };
            handle.cancel(id, why);
            Some(Arc::clone(handle))
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// The older of two jobs of a group makes way, if the newer one says so, in whichever order they arrive, and also when the newer one
    /// has ended meanwhile.
    fn supersede(&mut self, id: &JobId, newcomer: &JobHandle) {
        let Some(Member { key, supersedes, age }) = newcomer.group.as_deref() else { return };
        let members = self.groups.entry(key.clone()).or_default();
        let newer = members.range((age.clone(), id.clone())..).find(|((other, _), supersedes)| **supersedes && other > age);
        let newer = newer.map(|((_, newer), _)| newer.clone());
        let remembered = self.superseding.get(key).filter(|(other, newer)| other > age && newer != id).map(|(_, newer)| newer.clone());
        if let Some(newer) = newer.or(remembered) {
            newcomer.cancel(id, Cancelled::superseded(newer));
        }
        if *supersedes {
            if self.superseding.get(key).is_none_or(|(other, _)| other < age) {
                self.superseding.put(key.clone(), (age.clone(), id.clone()));
            }
            for (old, handle) in
                members.keys().take_while(|(other, _)| other < age).filter_map(|(_, old)| Some((old, self.claims.get(old)?)))
            {
                handle.cancel(old, Cancelled::superseded(id.clone()));
            }
        }
        members.insert((age.clone(), id.clone()), *supersedes);
    }

    fn release(&mut self, id: &JobId) {
        let Some(handle) = self.claims.remove(id) else { return };
        let Some(Member { key, age, .. }) = handle.group.as_deref() else { return };
        if let Some(members) = self.groups.get_mut(key) {
            members.remove(&(age.clone(), id.clone()));
            if members.is_empty() {
                self.groups.remove(key);
            }
        }
    }
}

impl Claimed {
    /// The job's terminal event is accepted: repeats get the same.
    pub(crate) fn ended(mut self, terminal: Arc<Publication>) {
        self.deduplication.with(|state| state.ended.put(self.id.clone(), Arc::clone(&terminal)));
        self.terminal = Some(terminal);
    }

    /// A newer job of the group is known that cancels this one.
    pub(crate) fn superseded(&self, by: JobId) {
        self.handle.cancel(&self.id, Cancelled::superseded(by));
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.deduplication.with(|state| state.release(&self.id));
        self.handle.gone.set(self.terminal.take()).ok();
    }
}

impl JobHandle {
    /// The job is to end. The first reason stands.
    fn cancel(&self, id: &JobId, why: Cancelled) {
        if self.cancelled.set(why).is_ok()
            && let Some(why) = self.cancelled.get()
        {
            observe::job_cancelled(id, why.status.as_str(), &why.reason);
            self.cancellation.notify_waiters();
        }
    }

    /// Resolves when the job is to end.
    pub(crate) async fn cancelled(&self) -> Cancelled {
        loop {
            let cancelled = self.cancellation.notified();
            if let Some(why) = self.reason() {
                return why;
            }
            cancelled.await;
        }
    }

    /// Why the job is to end, if it is.
    pub(crate) fn reason(&self) -> Option<Cancelled> {
        self.cancelled.get().cloned()
    }

    /// Resolves when the job has given its id free, to its terminal event. `None`: it has not ended, and its message went back to the queue.
    pub(crate) async fn gone(&self) -> Option<Arc<Publication>> {
        self.gone.wait().await.clone()
    }
}
