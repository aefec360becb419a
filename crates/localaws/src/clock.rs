//! Wall-clock time that follows tokio's clock, so that it stands still and jumps with a paused runtime.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A wall clock: a starting point, and the time that tokio says has passed since.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    wall: SystemTime,
    since: Instant,
}

impl Clock {
    /// The machine's time. Must be called within a tokio runtime.
    pub fn system() -> Self {
        Self::starting_at(SystemTime::now())
    }

    /// A clock that shows `wall` now.
    pub fn starting_at(wall: SystemTime) -> Self {
        Self { wall, since: Instant::now() }
    }

    /// The time since the Unix epoch.
    pub fn now(&self) -> Duration {
        (self.wall + self.since.elapsed()).duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// Milliseconds since the Unix epoch, as SQS and CloudWatch Logs count.
    pub fn millis(&self) -> u64 {
        u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX)
    }

    /// Seconds since the Unix epoch with their fraction, as CodeBuild counts.
    pub fn seconds(&self) -> f64 {
        self.now().as_secs_f64()
    }
}
