//! Wall-clock time that follows tokio's clock: in a paused runtime it stands still and jumps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A wall clock: a starting time, plus the time that has passed on tokio's clock since.
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

    /// Milliseconds since the Unix epoch, the unit of SQS and CloudWatch Logs.
    pub fn millis(&self) -> u64 {
        u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX)
    }

    /// Seconds since the Unix epoch with a fraction, the unit of CodeBuild.
    pub fn seconds(&self) -> f64 {
        self.now().as_secs_f64()
    }
}
