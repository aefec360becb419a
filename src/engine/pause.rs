//! Pauses: which jobs do not start until somebody resumes them. Pauses are tags of the jobs queues ([`job::pause`](crate::job::pause)):
//! they outlive the process, hold for every daemon of a queue, and can be set without a daemon.

mod store;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

pub use self::store::Store;
use super::scheduler::Scheduler;
use crate::{
    aws::AwsError,
    backoff::Backoff,
    clock::Clock,
    config::Current,
    job::{
        pause::Tags,
        standing::{Pause, PauseScope},
    },
    observe,
    pulse::Pulse,
};

/// The time between two reads of the tags: the longest delay until a daemon knows of a pause that was set elsewhere.
pub(crate) const EVERY: Duration = Duration::from_mins(1);
/// How long, at the start, nothing is received while reading the tags fails for another reason than a missing permission: a pause outlives
/// a restart.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pauses. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pauses {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    current: Current,
    clock: Clock,
    scheduler: Scheduler,
    /// By queue, the pauses that its tags had when they were last read or changed. SQS bounds a queue to 50 tags.
    known: Mutex<Vec<Known>>,
    /// All pauses. `None` until they are known for the first time.
    now: watch::Sender<Option<Vec<Pause>>>,
    /// When this process last changed a tag. A read soon after it may still return the old tags.
    own_change: Notify,
}

/// The pauses in one queue's tags.
#[derive(Debug, Clone, Default)]
struct Known {
    tags: Tags,
    /// Whether the last read failed.
    is_unread: bool,
}

/// Why a pause or a resume fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such queue or profile, or no tenant can have this name.
    #[error("{0}")]
    Unknown(String),
    /// A tag cannot have this reason; the text is the rule.
    #[error("the reason {0}")]
    Reason(&'static str),
    /// SQS has not changed the tag.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

impl Pauses {
    pub(crate) fn new(store: Store, current: Current, clock: Clock, scheduler: Scheduler) -> Self {
        let known = Mutex::new(vec![Known::default(); store.queues()]);
        let now = watch::Sender::new(None);
        Self { shared: Arc::new(Shared { store, current, clock, scheduler, known, now, own_change: Notify::new() }) }
    }

    /// The pauses as they are known. A change that was made elsewhere is known within a minute.
    pub fn now(&self) -> Vec<Pause> {
        self.shared.now.borrow().clone().unwrap_or_default()
    }

    /// The keys of tags that look like a pause and are none.
    pub(crate) fn strange(&self) -> Vec<String> {
        self.known().iter().flat_map(|known| known.tags.strange.clone()).collect()
    }

    /// Pauses a scope, or changes the reason. Running builds go on.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pause(&self, scope: PauseScope, reason: Option<String>) -> Result<Pause, Error> {
        if let PauseScope::Profile(name) = &scope
            && !self.shared.current.now().profiles.contains_key(name)
        {
            return Err(Error::Unknown(format!("there is no profile {name}")));
        }
        let pause = made(scope, reason, self.shared.clock);
        let at = self.shared.store.pause(&pause).await?;
        self.change(|known| {
            known[at].tags.pauses.retain(|other| other.scope != pause.scope);
            known[at].tags.pauses.push(pause.clone());
        });
        Ok(pause)
    }

    /// Resumes a scope. The answer is whether it was paused.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn resume(&self, scope: &PauseScope) -> Result<bool, Error> {
        let was_paused = self.shared.store.resume(scope).await?;
        self.change(|known| known.iter_mut().for_each(|known| known.tags.pauses.retain(|pause| pause.scope != *scope)));
        Ok(was_paused)
    }

    /// Reads the tags again and again, for ever.
    pub(crate) async fn serve(self, pulse: Pulse) {
        self.begin(&pulse).await;
        loop {
            pulse.beat();
            if timeout(EVERY, self.shared.own_change.notified()).await.is_err() {
                self.look().await.unwrap_or_default();
            }
        }
    }

    /// The first read. Without the permission to read tags there are no pauses. Other failures are tried again, up to [`PATIENCE`].
    async fn begin(&self, pulse: &Pulse) {
        let (start, mut backoff) = (Instant::now(), Backoff::patient());
        while self.look().await.is_err_and(|error| !error.class.is_refusal()) && start.elapsed() < PATIENCE {
            pulse.beat();
            sleep(backoff.pause()).await;
        }
        self.publish();
    }

    /// Reads all tags. The pauses of a queue whose tags cannot be read stay as they are.
    async fn look(&self) -> Result<(), AwsError> {
        let found = self.shared.store.read().await;
        let mut end = Ok(());
        let mut known = self.known();
        for (known, (queue, found)) in known.iter_mut().zip(found) {
            match found {
                Ok(tags) => {
                    for key in tags.strange.iter().filter(|key| !known.tags.strange.contains(key)) {
                        observe::pause_strange(queue, key);
                    }
                    *known = Known { tags, is_unread: false };
                }
                Err(error) => {
                    // Logged once, not every minute.
                    if !std::mem::replace(&mut known.is_unread, true) {
                        observe::pauses_unread(queue, &error);
                    }
                    end = Err(error);
                }
            }
        }
        drop(known);
        if end.is_ok() || self.shared.now.borrow().is_some() {
            self.publish();
        }
        end
    }

    /// Makes a change of this process hold at once.
    fn change(&self, change: impl FnOnce(&mut [Known])) {
        change(&mut self.known());
        self.publish();
        self.shared.own_change.notify_one();
    }

    fn publish(&self) {
        let mut all: Vec<Pause> = self.known().iter().flat_map(|known| known.tags.pauses.clone()).collect();
        all.sort();
        // Two queues may have the same scope in their tags.
        all.dedup_by(|later, first| later.scope == first.scope);
        self.shared.now.send_if_modified(|now| {
            let before = now.as_deref().unwrap_or_default();
            if now.is_some() && before == all {
                return false;
            }
            for pause in all.iter().filter(|pause| !has(before, &pause.scope)) {
                observe::paused(&pause.scope, pause.reason.as_deref());
            }
            for pause in before.iter().filter(|pause| !has(&all, &pause.scope)) {
                observe::resumed(&pause.scope);
            }
            observe::pauses(all.len());
            self.shared.scheduler.set_pauses(&all);
            *now = Some(all);
            true
        });
    }

    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The gate of one queue's receives.
    pub(crate) fn gate(&self, queue: &str) -> Gate {
        Gate { queue: queue.to_owned(), now: self.shared.now.subscribe() }
    }
}

/// Says whether messages are received from a queue.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    queue: String,
    now: watch::Receiver<Option<Vec<Pause>>>,
}

impl Gate {
    /// Whether messages may be received. `None`: the pauses are not known yet.
    pub(crate) fn is_open(&self) -> Option<bool> {
        let now = self.now.borrow();
        let closes = |pause: &Pause| match &pause.scope {
            PauseScope::All => true,
            PauseScope::Queue(name) => *name == self.queue,
            PauseScope::Tenant(_) | PauseScope::Profile(_) => false,
        };
        now.as_ref().map(|pauses| !pauses.iter().any(closes))
    }

    /// Resolves when something has been paused or resumed.
    pub(crate) async fn changed(&mut self) {
        if self.now.changed().await.is_err() {
            // The sender exists as long as the engine.
            std::future::pending::<()>().await;
        }
    }
}

/// A pause that begins now.
pub fn made(scope: PauseScope, reason: Option<String>, clock: Clock) -> Pause {
    let since = jiff::Timestamp::from_second(clock.now().as_second()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Pause { scope, since: Some(since.to_string()), reason: reason.filter(|reason| !reason.trim().is_empty()) }
}

fn has(pauses: &[Pause], scope: &PauseScope) -> bool {
    pauses.iter().any(|pause| pause.scope == *scope)
}
