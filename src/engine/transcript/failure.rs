//! Where in a log a build failed: the end of the failed phase.

use std::time::Duration;

use jiff::Timestamp;

use crate::{aws::logs::Event, job::build::Phase};

/// The greatest delay between a phase's end, by CodeBuild's clock, and its line in the log, by the clock of the build container.
pub(super) const MARGIN: Duration = Duration::from_secs(10);

/// Where a build failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// The latest time of the line that reports the failure.
    pub(super) by: Timestamp,
    /// The beginning of that line.
    words: String,
}

impl Failure {
    /// The failure of a phase. `None`: it did not fail.
    pub(super) fn of(phase: &Phase) -> Option<Self> {
        phase.status.as_ref().filter(|status| &***status != "SUCCEEDED")?;
        let by = phase.ended_at()?.checked_add(MARGIN).ok()?;
        Some(Self { by, words: format!("Phase complete: {} State: ", phase.name) })
    }

    pub(super) fn is_in(&self, events: &[Event]) -> bool {
        events.iter().any(|event| event.message.contains(&self.words))
    }
}
