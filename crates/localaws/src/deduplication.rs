//! Deduplication: FIFO queues and FIFO topics accept a deduplication id once in five minutes.

use std::collections::{HashMap, VecDeque};

use crate::change::Change;

/// SQS, SNS, CodeBuild: how long a deduplication id or idempotency token is remembered.
pub(crate) const WINDOW_MS: u64 = 5 * 60 * 1000;

/// Writes the answer of a queue or topic, and removes answers that have expired.
pub(crate) fn row(owner: &str, key: &str, now_ms: u64, message_id: &str, sequence: Option<&str>) -> [Change; 2] {
    let values = [owner.into(), key.into(), now_ms.into(), message_id.into(), sequence.into()];
    [
        Change::new("DELETE FROM deduplication WHERE since_ms <= ?", [now_ms.saturating_sub(WINDOW_MS).into()]),
        Change::new("INSERT OR REPLACE INTO deduplication VALUES (?, ?, ?, ?, ?)", values),
    ]
}

/// The answers of the last five minutes, by deduplication id.
#[derive(Debug)]
pub(crate) struct Deduplication<T> {
    seen: HashMap<String, T>,
    /// The keys in the order of their times, which is the order in which they expire.
    ages: VecDeque<(u64, String)>,
}

impl<T> Default for Deduplication<T> {
    fn default() -> Self {
        Self { seen: HashMap::new(), ages: VecDeque::new() }
    }
}

impl<T> Deduplication<T> {
    /// The answer that was remembered for `key`, if it has not expired.
    pub(crate) fn recall(&mut self, key: &str, now_ms: u64) -> Option<&T> {
        while let Some((_, old)) = self.ages.pop_front_if(|(since, _)| *since + WINDOW_MS <= now_ms) {
            self.seen.remove(&old);
        }
        self.seen.get(key)
    }

    /// Remembers the answer for `key`.
    pub(crate) fn remember(&mut self, key: String, now_ms: u64, answer: T) {
        self.ages.push_back((now_ms, key.clone()));
        self.seen.insert(key, answer);
    }
}
