//! Pauses: what does not start until somebody resumes it. They are tags of the jobs queues ([`job::pause`](crate::job::pause)), so that they
//! outlive the process, hold for every daemon of a queue, and can be set without any.

mod board;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

pub use self::board::Board;
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

/// Between two looks at the tags: so late at most a daemon hears of a pause that somebody else has set.
pub(crate) const EVERY: Duration = Duration::from_mins(1);
/// For so long nothing is received at the start while the tags cannot be read and nobody refuses them: a pause outlives a restart.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is paused. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pauses {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    board: Board,
    current: Current,
    clock: Clock,
    scheduler: Scheduler,
    /// By queue, as its tags were last read or changed. Bounded by SQS: a queue has at most 50 tags.
    known: Mutex<Vec<Known>>,
    /// All of them; `None` until they are known for the first time.
    now: watch::Sender<Option<Vec<Pause>>>,
    /// Somebody here has changed a tag: a look so soon after it could still find it as it was.
    own_change: Notify,
}

/// What one queue's tags say.
#[derive(Debug, Clone, Default)]
struct Known {
    tags: Tags,
    /// They could not be read the last time.
    is_unread: bool,
}

/// Why nothing is paused or resumed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such queue, profile or tenant's name.
    #[error("{0}")]
    Unknown(String),
    /// The reason cannot be kept; here is the rule.
    #[error("the reason {0}")]
    Reason(&'static str),
    /// SQS does not change the tag.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

impl Pauses {
    pub(crate) fn new(board: Board, current: Current, clock: Clock, scheduler: Scheduler) -> Self {
        let known = Mutex::new(vec![Known::default(); board.queues()]);
        let now = watch::Sender::new(None);
        Self { shared: Arc::new(Shared { board, current, clock, scheduler, known, now, own_change: Notify::new() }) }
    }

    /// What is paused, as far as is known: a change that others have made is known within a minute.
    pub fn now(&self) -> Vec<Pause> {
        self.shared.now.borrow().clone().unwrap_or_default()
    }

    /// Keys of tags that look like a pause and pause nothing.
    pub(crate) fn strange(&self) -> Vec<String> {
        self.known().iter().flat_map(|known| known.tags.strange.clone()).collect()
    }

    /// Pauses it, or changes the reason. What runs goes on.
    pub async fn pause(&self, scope: PauseScope, reason: Option<String>) -> Result<Pause, Error> {
        if let PauseScope::Profile(name) = &scope
            && !self.shared.current.now().profiles.contains_key(name)
        {
            return Err(Error::Unknown(format!("there is no profile {name}")));
        }
        let pause = made(scope, reason, self.shared.clock);
        let at = self.shared.board.pause(&pause).await?;
        self.change(|known| {
            known[at].tags.pauses.retain(|other| other.scope != pause.scope);
            known[at].tags.pauses.push(pause.clone());
        });
        Ok(pause)
    }

    /// Resumes it; whether it was paused.
    pub async fn resume(&self, scope: &PauseScope) -> Result<bool, Error> {
        let was_paused = self.shared.board.resume(scope).await?;
        self.change(|known| known.iter_mut().for_each(|known| known.tags.pauses.retain(|pause| pause.scope != *scope)));
        Ok(was_paused)
    }

    /// Looks at the tags, for ever.
    pub(crate) async fn serve(self, pulse: Pulse) {
        self.begin(&pulse).await;
        loop {
            pulse.beat();
            if timeout(EVERY, self.shared.own_change.notified()).await.is_err() {
                self.look().await.unwrap_or_default();
            }
        }
    }

    /// The first look. Whoever may not read the tags has no pauses; what cannot be read yet is waited for, up to [`PATIENCE`].
    async fn begin(&self, pulse: &Pulse) {
        let (start, mut backoff) = (Instant::now(), Backoff::patient());
        while self.look().await.is_err_and(|error| !error.class.is_refusal()) && start.elapsed() < PATIENCE {
            pulse.beat();
            sleep(backoff.pause()).await;
        }
        self.publish();
    }

    /// What cannot be read stays as it was known.
    async fn look(&self) -> Result<(), AwsError> {
        let found = self.shared.board.read().await;
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
                    // Told once, not every minute.
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

    /// Takes a change of ours over at once.
    fn change(&self, change: impl FnOnce(&mut [Known])) {
        change(&mut self.known());
        self.publish();
        self.shared.own_change.notify_one();
    }

    fn publish(&self) {
        let mut all: Vec<Pause> = self.known().iter().flat_map(|known| known.tags.pauses.clone()).collect();
        all.sort();
        // A scope that two queues name is paused once.
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

    /// The receiving of one queue.
    pub(crate) fn gate(&self, queue: &str) -> Gate {
        Gate { queue: queue.to_owned(), now: self.shared.now.subscribe() }
    }
}

/// Whether a queue is received from.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    queue: String,
    now: watch::Receiver<Option<Vec<Pause>>>,
}

impl Gate {
    /// Whether messages may be received. `None`: nobody knows yet what is paused.
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
            // The sender lives as long as the engine.
            std::future::pending::<()>().await;
        }
    }
}

/// A pause from now on.
pub fn made(scope: PauseScope, reason: Option<String>, clock: Clock) -> Pause {
    let since = jiff::Timestamp::from_second(clock.now().as_second()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Pause { scope, since: Some(since.to_string()), reason: reason.filter(|reason| !reason.trim().is_empty()) }
}

fn has(pauses: &[Pause], scope: &PauseScope) -> bool {
    pauses.iter().any(|pause| pause.scope == *scope)
}
