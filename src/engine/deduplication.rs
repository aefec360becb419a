//! The jobs that live in this process: one owner for each job id, so that a repeat waits for the first, and a way to cancel each.

mod ends;
mod memory;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

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
    claims: HashMap<JobId, Shared>,
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
type Age = (Option<Timestamp>, String);

#[derive(Debug, Clone)]
struct Shared {
    group: Option<Member>,
    cancel: Arc<Cancel>,
    terminal: watch::Receiver<Option<Arc<Publication>>>,
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

/// A job's ear for its cancellation.
#[derive(Debug, Default)]
pub(crate) struct Cancel {
    token: CancellationToken,
    why: Mutex<Option<Cancelled>>,
}

/// A job's place in the deduplication; dropping it gives the id free.
#[derive(Debug)]
pub(crate) struct Claimed {
    id: JobId,
    pub(crate) cancel: Arc<Cancel>,
    /// A job of this id ended here within the window.
    pub(crate) seen_before: bool,
    terminal: watch::Sender<Option<Arc<Publication>>>,
    deduplication: Deduplication,
}

/// What a message of a job finds.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The job is this message's.
    First(Claimed),
    /// Another message has the job; here comes its terminal event.
    Repeat(watch::Receiver<Option<Arc<Publication>>>),
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
            if let Some(claimed) = state.claims.get(id) {
                return Claim::Repeat(claimed.terminal.clone());
            }
            let before = state.ended.get(id);
            let seen_before = before.is_some();
            let event = before.and_then(|end| if let End::Event(event) = end { Some(event) } else { None });
            let (sender, terminal) = watch::channel(event);
            if terminal.borrow().is_some() {
                return Claim::Repeat(terminal);
            }
            let cancel = Arc::<Cancel>::default();
            if let Some(early) = state.cancelled.take(id) {
                cancel.set(id, early);
            }
            let shared = Shared { group, cancel: Arc::clone(&cancel), terminal };
            state.supersede(id, &shared);
            state.claims.insert(id.clone(), shared);
            Claim::First(Claimed { id: id.clone(), cancel, seen_before, terminal: sender, deduplication: self.clone() })
        })
    }

    /// Cancels a job that lives here; the answer tells when it has gone. `None`: there is none, and the cancellation is remembered for a
    /// job that may still come. Both at once: a job that comes meanwhile is not missed.
    pub(crate) fn cancel(&self, id: &JobId, why: Cancelled) -> Option<Gone> {
        self.with(|state| {
            let Some(claimed) = state.claims.get(id) else {
                state.cancelled.put(id.clone(), why);
                return None;
            };
            claimed.cancel.set(id, why);
            Some(Gone(claimed.terminal.clone()))
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// The older of two jobs of a group makes way, if the newer one says so, in whichever order they arrive, and also when the newer one
    /// has ended meanwhile.
    fn supersede(&mut self, id: &JobId, newcomer: &Shared) {
        let Some(Member { key, supersedes, age }) = &newcomer.group else { return };
        let members = self.groups.entry(key.clone()).or_default();
        let newer = members.range((age.clone(), id.clone())..).find(|((other, _), supersedes)| **supersedes && other > age);
        let newer = newer.map(|((_, newer), _)| newer.clone());
        let remembered = self.superseding.get(key).filter(|(other, newer)| other > age && newer != id).map(|(_, newer)| newer.clone());
        if let Some(newer) = newer.or(remembered) {
            newcomer.cancel.set(id, Cancelled::superseded(newer));
        }
        if *supersedes {
            if self.superseding.get(key).is_none_or(|(other, _)| other < age) {
                self.superseding.put(key.clone(), (age.clone(), id.clone()));
            }
            for (old, claimed) in
                members.keys().take_while(|(other, _)| other < age).filter_map(|(_, old)| Some((old, self.claims.get(old)?)))
            {
                claimed.cancel.set(old, Cancelled::superseded(id.clone()));
            }
        }
        members.insert((age.clone(), id.clone()), *supersedes);
    }

    fn release(&mut self, id: &JobId) {
        let Some(Member { key, age, .. }) = self.claims.remove(id).and_then(|claimed| claimed.group) else { return };
        if let Some(members) = self.groups.get_mut(&key) {
            members.remove(&(age, id.clone()));
            if members.is_empty() {
                self.groups.remove(&key);
            }
        }
    }
}

/// Tells when a job has gone.
#[derive(Debug)]
pub(crate) struct Gone(watch::Receiver<Option<Arc<Publication>>>);

impl Gone {
    /// Resolves when the job has given its id free; whether it has ended and its message is deleted, rather than given back.
    pub(crate) async fn has_ended(mut self) -> bool {
        while self.0.changed().await.is_ok() {}
        self.0.borrow().is_some()
    }
}

impl Claimed {
    /// The job's terminal event is accepted: repeats get the same.
    pub(crate) fn ended(&self, terminal: Arc<Publication>) {
        self.terminal.send_replace(Some(Arc::clone(&terminal)));
        self.deduplication.with(|state| state.ended.put(self.id.clone(), terminal));
    }

    /// A newer job of the group is known that cancels this one.
    pub(crate) fn superseded(&self, by: JobId) {
        self.cancel.set(&self.id, Cancelled::superseded(by));
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.deduplication.with(|state| state.release(&self.id));
    }
}

impl Cancel {
    /// The first reason stands.
    fn set(&self, id: &JobId, why: Cancelled) {
        let mut first = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            observe::job_cancelled(id, why.status.as_str(), &why.reason);
            *first = Some(why);
        }
        drop(first);
        self.token.cancel();
    }

    /// Resolves when the job is to end.
    pub(crate) async fn cancelled(&self) -> Cancelled {
        self.token.cancelled().await;
        self.reason().unwrap_or_else(|| Cancelled::asked(None, "cancelled"))
    }

    /// Why the job is to end, if it is.
    pub(crate) fn reason(&self) -> Option<Cancelled> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
