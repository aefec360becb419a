//! Follows builds to their end: one loop reads the status of all of them, in batches. Pushed events only make it look sooner.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    aws::{AwsError, Class, batch::Batcher, builds::Statuses},
    job::build::Build,
    observe::{self, Seldom},
    pulse::Pulse,
};

/// The pause between looks grows to this while CodeBuild throttles.
const LONGEST_INTERVAL: Duration = Duration::from_mins(2);
/// CodeBuild may not know a build just after its start; after this long it is gone.
const UNKNOWN: Duration = Duration::from_mins(5);
/// The most looks under way at once: as many as the batches that are sent at once take.
const UNDER_WAY: usize = 800;

/// Follows builds. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Watcher {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Wakes the reader when an event was pushed.
    pushed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// By build id, for as long as somebody follows the build. In order, so that a simulated run can be repeated.
    followed: BTreeMap<Arc<str>, Arc<Followed>>,
    /// The followed builds that a pushed event was about; the reader looks at them next.
    pushed: BTreeSet<Arc<str>>,
}

/// What the reader shares with those who follow one build.
#[derive(Debug)]
struct Followed {
    sight: Mutex<Sight>,
    changed: Notify,
}

/// A build as it was seen last.
#[derive(Debug)]
struct Sight {
    build: Arc<Build>,
    /// Since when CodeBuild says that it does not know the build.
    unknown_since: Option<Instant>,
    is_lost: bool,
    /// Those who follow the build. Changed under the lock of [`State`] alone, as the table's entry goes with the last one.
    followers: usize,
}

/// A build that CodeBuild no longer has, as it was seen last.
#[derive(Debug)]
pub(crate) struct Lost(pub(crate) Arc<Build>);

/// Reads the status of all followed builds.
#[derive(Debug)]
pub(crate) struct Reader {
    statuses: Batcher<Statuses>,
    interval: Duration,
    shared: Arc<Shared>,
    throttled: bool,
    /// Of looks that fail, whichever builds they are at: all of them fail together as a rule.
    log: Seldom,
}

impl Watcher {
    /// The watcher, and its reader to be spawned.
    pub(crate) fn new(statuses: Batcher<Statuses>, interval: Duration) -> (Self, Reader) {
        let shared = Arc::<Shared>::default();
        let reader = Reader { statuses, interval, shared: Arc::clone(&shared), throttled: false, log: Seldom::default() };
        (Self { shared }, reader)
    }

    /// Follows a build to its end; `seen` is called with every look that shows something new. Dropping the future stops looking.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice, for each build in flight")]
    pub(crate) fn until_ended(
        &self,
        mut build: Arc<Build>,
        mut seen: impl FnMut(&Arc<Build>),
    ) -> impl Future<Output = Result<Arc<Build>, Lost>> {
        async move {
            let follower = if build.has_ended() { return Ok(build) } else { self.follow(&build) };
            loop {
                let changed = follower.followed.changed.notified();
                let news = follower.followed.news(&build)?;
                if let Some(now) = news {
                    seen(&now);
                    if now.has_ended() {
                        return Ok(now);
                    }
                    build = now;
                    continue;
                }
                changed.await;
            }
        }
    }

    /// A pushed event said that something happened to a build: look now.
    pub(crate) fn nudge(&self, build_id: &str) {
        let mut state = self.shared.state();
        let Some((id, _)) = state.followed.get_key_value(build_id) else { return };
        let id = Arc::clone(id);
        state.pushed.insert(id);
        self.shared.pushed.notify_one();
    }

    fn follow(&self, build: &Arc<Build>) -> Follower {
        let sight = || Sight { build: Arc::clone(build), unknown_since: None, is_lost: false, followers: 0 };
        let new = || Arc::new(Followed { sight: Mutex::new(sight()), changed: Notify::new() });
        let mut state = self.shared.state();
        // Two may follow one build: who counts it after a restart, and the job that comes back.
        let followed = Arc::clone(state.followed.entry(Arc::clone(&build.id)).or_insert_with(new));
        followed.sight().followers += 1;
        Follower { build_id: Arc::clone(&build.id), followed, shared: Arc::clone(&self.shared) }
    }
}

impl Followed {
    /// The build, if it was seen otherwise than this.
    fn news(&self, known: &Arc<Build>) -> Result<Option<Arc<Build>>, Lost> {
        let sight = self.sight();
        if sight.is_lost {
            return Err(Lost(Arc::clone(&sight.build)));
        }
        Ok(Some(&sight.build).filter(|build| !Arc::ptr_eq(build, known)).cloned())
    }

    /// Takes what a look has shown, and wakes those who follow if it is news.
    fn saw(&self, now: Option<Arc<Build>>) {
        let mut sight = self.sight();
        let is_news = if let Some(mut now) = now {
            sight.unknown_since = None;
            forget_link(&mut now);
            // Otherwise all keep the one that they have, and not two alike.
            let is_news = now != sight.build;
            if is_news {
                sight.build = now;
            }
            is_news
        } else {
            sight.is_lost = sight.unknown_since.get_or_insert_with(Instant::now).elapsed() > UNKNOWN;
            sight.is_lost
        };
        drop(sight);
        if is_news {
            self.changed.notify_waiters();
        }
    }

    fn sight(&self) -> MutexGuard<'_, Sight> {
        self.sight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A build in flight is kept without the link to its log, which a look at its end brings again.
fn forget_link(build: &mut Arc<Build>) {
    if !build.has_ended() && build.log.as_ref().is_some_and(|log| log.url.is_some()) {
        Arc::make_mut(build).log.iter_mut().for_each(|log| log.url = None);
    }
}

impl Reader {
    /// Looks at every build once in each interval, less often while CodeBuild throttles, and at those that events are about at once. Runs
    /// until the daemon ends.
    pub(crate) async fn serve(mut self, pulse: Pulse) {
        let statuses = &self.statuses.clone();
        let look = |id: Arc<str>| async move { (Arc::clone(&id), statuses.call(id).await) };
        let mut pause = self.interval;
        let mut next = Instant::now() + pause;
        let (mut due, mut looks) = (VecDeque::new(), FuturesUnordered::new());
        loop {
            tokio::select! {
                biased;
                Some((id, answer)) = looks.next() => self.saw(&id, answer),
                () = self.shared.pushed.notified() => {}
                () = sleep_until(next) => {
                    pulse.beat();
                    let throttled = std::mem::take(&mut self.throttled);
                    pause = if throttled { (pause * 2).min(self.longest()) } else { (pause / 2).max(self.interval) };
                    next = Instant::now() + pause;
                    // A round that takes longer than the interval is not begun again before its end.
                    if due.is_empty() {
                        due.extend(self.shared.state().followed.keys().cloned());
                    }
                }
            }
            while looks.len() < UNDER_WAY
                && let Some(id) = self.next(&mut due)
            {
                looks.push(look(id));
            }
        }
    }

    /// The build to look at next. Those that events are about do not wait for the others.
    fn next(&self, due: &mut VecDeque<Arc<str>>) -> Option<Arc<str>> {
        let mut state = self.shared.state();
        if let Some(pushed) = state.pushed.pop_first() {
            return Some(pushed);
        }
        // A build whose end was seen meanwhile costs no call.
        std::iter::from_fn(|| due.pop_front()).find(|id| state.followed.contains_key(id))
    }

    fn saw(&mut self, id: &Arc<str>, answer: Result<Option<Arc<Build>>, AwsError>) {
        match answer {
            Ok(now) => {
                if let Some(followed) = self.shared.state().followed.get(id) {
                    followed.saw(now);
                }
            }
            Err(error) => {
                self.throttled |= error.class == Class::Throttled;
                if self.log.is_due("") {
                    observe::look_failed(id, &error);
                }
            }
        }
    }

    /// The longest time between two looks at a build.
    pub(crate) fn longest(&self) -> Duration {
        LONGEST_INTERVAL.max(self.interval)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who follows a build. The last one to be dropped ends the looks at it.
struct Follower {
    build_id: Arc<str>,
    followed: Arc<Followed>,
    shared: Arc<Shared>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        let mut sight = self.followed.sight();
        sight.followers -= 1;
        if sight.followers == 0 {
            state.followed.remove(&self.build_id);
            state.pushed.remove(&self.build_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_looked_at_until_its_last_follower_has_gone() {
        let watcher = Watcher { shared: Arc::default() };
        let build = Arc::new(Build { id: "flex:1".into(), ..Build::default() });
        let (one, other) = (watcher.follow(&build), watcher.follow(&build));
        // Of two that end at the same moment, each may see the other's share.
        let share = Arc::clone(&one.followed);
        drop(one);
        watcher.nudge("flex:1");
        assert_eq!(watcher.shared.state().pushed.len(), 1);
        drop(other);
        let state = watcher.shared.state();
        assert!(state.followed.is_empty() && state.pushed.is_empty());
        drop(share);
    }
}
