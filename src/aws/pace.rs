//! A bound on how often something is done: at most so many times in any one second, whoever does it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

const SECOND: Duration = Duration::from_secs(1);

/// Gives turns. A clone shares the bound.
#[derive(Debug, Clone)]
pub struct Pace {
    /// The latest turns, as many as fit into a second, those that have not come yet included; the oldest first.
    turns: Arc<Mutex<VecDeque<Instant>>>,
    per_second: usize,
}

impl Pace {
    /// At most `per_second` turns in any one second, in the order in which they are asked for.
    pub fn new(per_second: usize) -> Self {
        Self { turns: Arc::default(), per_second: per_second.max(1) }
    }

    /// Waits for a turn.
    pub async fn turn(&self) {
        sleep_until(self.next()).await;
    }

    fn next(&self) -> Instant {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // A second after the turn that fills the second before this one.
        let full = turns.len() == self.per_second;
        let next = turns.front().filter(|_| full).map_or(now, |oldest| now.max(*oldest + SECOND));
        if full {
            turns.pop_front();
        }
        turns.push_back(next);
        next
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_turns_than_it_may_and_none_is_wasted() {
        let pace = Pace::new(3);
        let began = Instant::now();
        let turn = async |after_ms: u64| {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            pace.turn().await;
            began.elapsed().as_millis()
        };
        let mut turns = join_all([0, 400, 0, 500, 600, 600, 600, 9_000].map(turn)).await;
        turns.sort_unstable();
        assert_eq!(turns, [0, 0, 400, 1_000, 1_000, 1_400, 2_000, 9_000]);
    }
}
