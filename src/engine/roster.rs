//! The jobs that live in this process: one seat a job id, so that a repeat waits for the first, and a way to cancel each.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    job::{JobId, event::Publication, outcome::Status},
    observe,
};

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Roster {
    state: Arc<Mutex<State>>,
    /// For how long ended jobs and early cancellations are remembered.
    window: Duration,
}

#[derive(Debug, Default)]
struct State {
    seats: HashMap<JobId, Shared>,
    /// Jobs that ended here; with the end that no record but this one tells: CodeBuild knows not why a build was stopped.
    ended: Memory<Option<Arc<Publication>>>,
    /// Cancellations that came before their jobs.
    cancelled: Memory<Cancelled>,
}

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
    /// When its message was sent, and the message's id where that is the same. A message that comes again, after a crash say, keeps its age.
    pub(crate) age: (Option<Timestamp>, String),
}

/// Why a job is to end before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cancelled {
    /// `Cancelled` or `Superseded`.
    pub(crate) status: Status,
    /// For the operator's log.
    pub(crate) reason: String,
}

/// A job's ear for its cancellation.
#[derive(Debug, Default)]
pub(crate) struct Cancel {
    token: CancellationToken,
    why: Mutex<Option<Cancelled>>,
}

/// A job's place in the roster; dropping it gives the id free.
#[derive(Debug)]
pub(crate) struct Seat {
    id: JobId,
    pub(crate) cancel: Arc<Cancel>,
    /// A job of this id ended here within the window.
    pub(crate) seen_before: bool,
    terminal: watch::Sender<Option<Arc<Publication>>>,
    roster: Roster,
}

/// What a message of a job finds.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The job is this message's.
    First(Seat),
    /// Another message has the job; here comes its terminal event.
    Repeat(watch::Receiver<Option<Arc<Publication>>>),
}

impl Roster {
    pub(crate) fn new(window: Duration) -> Self {
        Self { state: Arc::default(), window }
    }

    /// Takes the seat of a job, or finds it taken.
    pub(crate) fn claim(&self, id: &JobId, group: Option<Member>) -> Claim {
        self.with(|state| {
            if let Some(seat) = state.seats.get(id) {
                return Claim::Repeat(seat.terminal.clone());
            }
            let before = state.ended.get(id, self.window).cloned();
            let seen_before = before.is_some();
            let (sender, terminal) = watch::channel(before.flatten());
            if terminal.borrow().is_some() {
                return Claim::Repeat(terminal);
            }
            let cancel = Arc::<Cancel>::default();
            if let Some(early) = state.cancelled.take(id, self.window) {
                cancel.set(id, early);
            }
            let shared = Shared { group, cancel: Arc::clone(&cancel), terminal };
            state.supersede(id, &shared);
            state.seats.insert(id.clone(), shared);
            Claim::First(Seat { id: id.clone(), cancel, seen_before, terminal: sender, roster: self.clone() })
        })
    }

    /// Cancels a job that lives here, if there is one; the answer tells when it has gone.
    pub(crate) fn cancel(&self, id: &JobId, why: Cancelled) -> Option<Gone> {
        self.with(|state| {
            let seat = state.seats.get(id)?;
            seat.cancel.set(id, why);
            Some(Gone(seat.terminal.clone()))
        })
    }

    /// Remembers a cancellation for a job that may still come.
    pub(crate) fn cancel_early(&self, id: &JobId, why: Cancelled) {
        self.with(|state| state.cancelled.put(id.clone(), why, self.window));
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// The older of two jobs of a group makes way, if the newer one says so, in whichever order they arrive.
    fn supersede(&self, id: &JobId, newcomer: &Shared) {
        let Some(group) = &newcomer.group else { return };
        let others =
            self.seats.iter().filter_map(|(id, seat)| Some((id, seat, seat.group.as_ref().filter(|other| other.key == group.key)?)));
        for (other_id, seat, other) in others {
            let ((old_id, old), (new_id, new)) =
                if other.age < group.age { ((other_id, seat), (id, group)) } else { ((id, newcomer), (other_id, other)) };
            if new.supersedes {
                old.cancel.set(old_id, Cancelled { status: Status::Superseded, reason: format!("superseded by {new_id}") });
            }
        }
    }
}

/// Tells when a job has gone.
#[derive(Debug)]
pub(crate) struct Gone(watch::Receiver<Option<Arc<Publication>>>);

impl Gone {
    /// Resolves when the job has left its seat; whether it has ended and its message is deleted, rather than given back.
    pub(crate) async fn has_ended(mut self) -> bool {
        while self.0.changed().await.is_ok() {}
        self.0.borrow().is_some()
    }
}

impl Seat {
    /// The job's terminal event is accepted: repeats get the same. `untold`: nothing but this process knows that it ended so.
    pub(crate) fn ended(&self, terminal: Arc<Publication>, untold: bool) {
        self.terminal.send_replace(Some(Arc::clone(&terminal)));
        self.roster.with(|state| state.ended.put(self.id.clone(), untold.then_some(terminal), self.roster.window));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.roster.with(|state| state.seats.remove(&self.id));
    }
}

impl Cancel {
    /// The first reason stands.
    fn set(&self, id: &JobId, why: Cancelled) {
        observe::job_cancelled(id, why.status.as_str(), &why.reason);
        self.why.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        self.token.cancel();
    }

    /// Resolves when the job is to end.
    pub(crate) async fn cancelled(&self) -> Cancelled {
        self.token.cancelled().await;
        self.reason().unwrap_or(Cancelled { status: Status::Cancelled, reason: String::new() })
    }

    /// Why the job is to end, if it is.
    pub(crate) fn reason(&self) -> Option<Cancelled> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Values by job id that are forgotten after a time.
#[derive(Debug)]
struct Memory<T> {
    values: HashMap<JobId, (Instant, T)>,
    order: VecDeque<(Instant, JobId)>,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self { values: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> Memory<T> {
    fn put(&mut self, id: JobId, value: T, window: Duration) {
        self.forget(window);
        let now = Instant::now();
        self.order.push_back((now, id.clone()));
        self.values.insert(id, (now, value));
    }

    fn get(&mut self, id: &JobId, window: Duration) -> Option<&T> {
        self.forget(window);
        self.values.get(id).map(|(_, value)| value)
    }

    fn take(&mut self, id: &JobId, window: Duration) -> Option<T> {
        self.forget(window);
        self.values.remove(id).map(|(_, value)| value)
    }

    fn forget(&mut self, window: Duration) {
        while let Some((at, _)) = self.order.front()
            && at.elapsed() > window
        {
            let Some((at, id)) = self.order.pop_front() else { return };
            if self.values.get(&id).is_some_and(|(put, _)| *put == at) {
                self.values.remove(&id);
            }
        }
    }
}
