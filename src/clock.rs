//! Wall-clock time that follows tokio's clock: with a paused runtime it stands still and jumps too.

use std::time::SystemTime;

use jiff::Timestamp;
use tokio::time::Instant;

/// A wall clock: a starting point, and the time that tokio says has passed since.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Timestamp,
    since: Instant,
}

impl Clock {
    /// The machine's time. Must be called within a tokio runtime.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
        let wall = SystemTime::now();
        Self::starting_at(Timestamp::try_from(wall).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// A clock that shows `start` now.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { start, since: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    /// The wall-clock time of an instant.
    pub fn at(&self, instant: Instant) -> Timestamp {
        let passed = instant.saturating_duration_since(self.since);
        self.start.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}
