//! The five minutes in which FIFO queues and FIFO topics take a deduplication id once.

use std::collections::{HashMap, VecDeque};

use crate::change::Change;

/// SQS, SNS, CodeBuild: a deduplication id, or an idempotency token, is remembered for 5 minutes.
pub(crate) const WINDOW_MS: u64 = 5 * 60 * 1000;

/// What a queue or a topic answered, as a row of the store; those that are forgotten by now go.
pub(crate) fn row(owner: &str, key: &str, now_ms: u64, message_id: &str, sequence: Option<&str>) -> [Change; 2] {
    let values = [owner.into(), key.into(), now_ms.into(), message_id.into(), sequence.into()];
    [
        Change::new("DELETE FROM deduplication WHERE since_ms <= ?", [now_ms.saturating_sub(WINDOW_MS).into()]),
        Change::new("INSERT OR REPLACE INTO deduplication VALUES (?, ?, ?, ?, ?)", values),
    ]
}

/// What was answered for each deduplication id in the last five minutes.
#[derive(Debug)]
pub(crate) struct Deduplication<T> {
    seen: HashMap<String, T>,
    /// In the order of their time, which is the order in which they are forgotten.
    ages: VecDeque<(u64, String)>,
}

impl<T> Default for Deduplication<T> {
    fn default() -> Self {
        Self { seen: HashMap::new(), ages: VecDeque::new() }
    }
}

impl<T> Deduplication<T> {
    /// What was remembered for `key`, if that is less than five minutes ago.
    pub(crate) fn recall(&mut self, key: &str, now_ms: u64) -> Option<&T> {
        while let Some((_, old)) = self.ages.pop_front_if(|(since, _)| *since + WINDOW_MS <= now_ms) {
            self.seen.remove(&old);
        }
        self.seen.get(key)
    }

    /// Remembers what is answered for `key`.
    pub(crate) fn remember(&mut self, key: String, now_ms: u64, answer: T) {
        self.ages.push_back((now_ms, key.clone()));
        self.seen.insert(key, answer);
    }
}
