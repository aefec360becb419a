//! Failures that are logged once, and then every ten minutes.

use std::time::Duration;

use tokio::time::Instant;

/// A failure that lasts is logged again after so long.
const AGAIN: Duration = Duration::from_mins(10);

/// Decides whether to log a failure that repeats: the first time, when its kind changes, and then every ten minutes.
#[derive(Debug, Default)]
pub(crate) struct Seldom {
    kind: String,
    told: Option<Instant>,
}

impl Seldom {
    /// Whether to log the failure now. `kind`: its kind.
    pub(crate) fn is_due(&mut self, kind: &str) -> bool {
        let now = Instant::now();
        let is_known = self.kind == kind && self.told.is_some_and(|told| now < told + AGAIN);
        if !is_known {
            *self = Self { kind: kind.to_owned(), told: Some(now) };
        }
        !is_known
    }

    /// The failure has ended. The answer is whether it was logged.
    pub(crate) fn is_over(&mut self) -> bool {
        self.told.take().is_some()
    }
}
