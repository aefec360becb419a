//! Follows builds to their end: one batched status reader for all of them. Pushed events only make it look sooner.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use crate::{
    aws::{Class, batch::Batcher, builds::Statuses},
    job::build::Build,
    observe::{self, Seldom},
    pulse::Pulse,
};

/// The pause between looks grows to this while CodeBuild throttles.
const LONGEST_INTERVAL: Duration = Duration::from_mins(2);
/// CodeBuild may not know a build just after its start; after this long it is gone.
const UNKNOWN: Duration = Duration::from_mins(5);

/// Follows builds. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Watcher {
    statuses: Batcher<Statuses>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Wakes all who look, in the order in which they came.
    ticks: Notify,
    /// By build id: who looks when told to.
    nudges: Mutex<HashMap<Arc<str>, Arc<Notify>>>,
    throttled: AtomicBool,
    /// Of looks that fail, whichever builds they are at: all of them fail together as a rule.
    log: Mutex<Seldom>,
}

/// A build that CodeBuild no longer has, as it was seen last.
#[derive(Debug)]
pub(crate) struct Lost(pub(crate) Arc<Build>);

/// The clock that all looks follow, so that they fill their batches.
#[derive(Debug)]
pub(crate) struct Ticker {
    interval: Duration,
    shared: Arc<Shared>,
}

impl Watcher {
    /// The watcher, and its clock to be spawned.
    pub(crate) fn new(statuses: Batcher<Statuses>, interval: Duration) -> (Self, Ticker) {
        let shared = Arc::<Shared>::default();
        let ticker = Ticker { interval, shared: Arc::clone(&shared) };
        (Self { statuses, shared }, ticker)
    }

    /// Follows a build to its end; `seen` is called with every look that shows something new. Dropping the future stops looking.
    pub(crate) async fn until_ended(&self, mut build: Arc<Build>, mut seen: impl FnMut(&Arc<Build>)) -> Result<Arc<Build>, Lost> {
        let nudge = self.nudged(&build.id);
        let mut tick = std::pin::pin!(self.shared.ticks.notified());
        let mut unknown_since: Option<Instant> = None;
        while !build.has_ended() {
            tokio::select! {
                biased;
                // A tick that comes while the answer is awaited counts.
                () = &mut tick => tick.set(self.shared.ticks.notified()),
                () = nudge.notify.notified() => {}
            }
            // Boxed: looks are short, and builds are many.
            match Box::pin(self.statuses.call(Arc::clone(&build.id))).await {
                Ok(Some(now)) => {
                    unknown_since = None;
                    if now != build {
                        seen(&now);
                        build = now;
                    }
                }
                Ok(None) => {
                    if unknown_since.get_or_insert_with(Instant::now).elapsed() > UNKNOWN {
                        return Err(Lost(build));
                    }
                }
                Err(error) => {
                    if error.class == Class::Throttled {
                        self.shared.throttled.store(true, Ordering::Relaxed);
                    }
                    if self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).is_due("") {
                        observe::look_failed(&build.id, &error);
                    }
                }
            }
        }
        Ok(build)
    }

    /// A pushed event said that something happened to a build: look now.
    pub(crate) fn nudge(&self, build_id: &str) {
        if let Some(notify) = self.shared.nudges().get(build_id) {
            notify.notify_one();
        }
    }

    fn nudged(&self, build_id: &Arc<str>) -> Nudged {
        let notify = Arc::<Notify>::default();
        self.shared.nudges().insert(Arc::clone(build_id), Arc::clone(&notify));
        Nudged { build_id: Arc::clone(build_id), notify, shared: Arc::clone(&self.shared) }
    }
}

impl Ticker {
    /// Ticks for ever: every interval, more slowly while CodeBuild throttles.
    pub(crate) async fn serve(self, pulse: Pulse) {
        let mut pause = self.interval;
        loop {
            sleep(pause).await;
            pulse.beat();
            let throttled = self.shared.throttled.swap(false, Ordering::Relaxed);
            pause = if throttled { (pause * 2).min(LONGEST_INTERVAL.max(self.interval)) } else { (pause / 2).max(self.interval) };
            self.shared.ticks.notify_waiters();
        }
    }

    /// The longest time between two ticks.
    pub(crate) fn longest(&self) -> Duration {
        LONGEST_INTERVAL.max(self.interval)
    }
}

impl Shared {
    fn nudges(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Arc<Notify>>> {
        self.nudges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A registration that ends with its look-out.
struct Nudged {
    build_id: Arc<str>,
    notify: Arc<Notify>,
    shared: Arc<Shared>,
}

impl Drop for Nudged {
    fn drop(&mut self) {
        // A build that is adopted was followed before, until a moment ago: the later registration stays.
        let mut nudges = self.shared.nudges();
        if nudges.get(&self.build_id).is_some_and(|notify| Arc::ptr_eq(notify, &self.notify)) {
            nudges.remove(&self.build_id);
        }
    }
}
