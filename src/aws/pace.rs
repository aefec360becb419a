//! A rate limit: at most so many turns in any second, and so many at the same time. Waiting tasks get their turns by rank, not by arrival.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

const SECOND: Duration = Duration::from_secs(1);
/// The most concurrent turns. More would only hold connections and memory.
const AT_ONCE: usize = 32;

/// The two lanes alternate, so that short readings do not wait for long ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lane {
    /// For work that needs few turns, usually one.
    #[default]
    Short,
    /// For work that may need many turns.
    Long,
}

/// The order within a lane: the oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Rank {
    /// Since when the work waits.
    pub since: Timestamp,
    /// Distinguishes works of the same age: one gets all its turns before the next.
    pub matter: u64,
}

/// Gives turns. A clone shares the bounds.
#[derive(Debug, Clone)]
pub struct Pace {
    shared: Arc<Mutex<State>>,
    per_second: usize,
}

#[derive(Debug, Default)]
struct State {
    /// The times of the turns in the last second, the oldest first.
    turns: VecDeque<Instant>,
    under_way: usize,
    /// Waiting tasks, by rank and arrival.
    lanes: [BTreeMap<Key, Arc<Notify>>; 2],
    /// The lane that has the next turn.
    preferred: usize,
    arrivals: u64,
}

type Key = (Rank, u64);

/// A turn. Dropped when its work is done.
#[derive(Debug)]
pub struct Turn<'a>(&'a Pace);

/// A place in a lane. Given up when dropped.
struct Place<'a> {
    pace: &'a Pace,
    lane: usize,
    key: Key,
    called: Arc<Notify>,
}

/// What a waiting task should do.
enum Chance {
    Now,
    /// It is the first: wait until this time, unless another comes before it.
    At(Instant),
    /// Wait until woken.
    Later,
}

impl Pace {
    /// At most `per_second` turns in any one second.
    pub fn new(per_second: usize) -> Self {
        Self { shared: Arc::default(), per_second: per_second.max(1) }
    }

    /// Waits for a turn. Dropping the future gives the place up.
    pub async fn turn(&self, lane: Lane, rank: Rank) -> Turn<'_> {
        let place = self.place(lane, rank);
        loop {
            match place.chance() {
                Chance::Now => return Turn(self),
                Chance::Later => place.called.notified().await,
                Chance::At(time) => tokio::select! {
                    biased;
                    () = sleep_until(time) => {}
                    () = place.called.notified() => {}
                },
            }
        }
    }

    fn place(&self, lane: Lane, rank: Rank) -> Place<'_> {
        let (lane, called) = (lane as usize, Arc::<Notify>::default());
        let mut state = self.state();
        state.arrivals += 1;
        let key = (rank, state.arrivals);
        state.lanes[lane].insert(key, Arc::clone(&called));
        Place { pace: self, lane, key, called }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The task that has the next turn.
    fn first(&self) -> Option<(usize, Key)> {
        [self.preferred, 1 - self.preferred].into_iter().find_map(|lane| Some((lane, *self.lanes[lane].first_key_value()?.0)))
    }

    /// Wakes the task that has the next turn.
    fn call_first(&self) {
        if let Some(called) = self.first().and_then(|(lane, key)| self.lanes[lane].get(&key)) {
            called.notify_one();
        }
    }
}

impl Place<'_> {
    /// Takes a turn if there is one.
    fn chance(&self) -> Chance {
        let mut state = self.pace.state();
        if state.first() != Some((self.lane, self.key)) || state.under_way == AT_ONCE {
            return Chance::Later;
        }
        let now = Instant::now();
        if state.turns.len() == self.pace.per_second {
            // The last second is full: wait until its oldest turn is a second ago.
            match state.turns.front().map(|oldest| *oldest + SECOND) {
                Some(next) if next > now => return Chance::At(next),
                _ => state.turns.pop_front(),
            };
        }
        state.turns.push_back(now);
        state.under_way += 1;
        state.preferred = 1 - self.lane;
        Chance::Now
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        state.lanes[self.lane].remove(&self.key);
        state.call_first();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way -= 1;
        state.call_first();
    }
}

#[cfg(test)]
mod tests;
