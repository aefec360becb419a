//! What the log tells once, and then seldom.

use std::time::Duration;

use tokio::time::Instant;

/// What lasts is told again after so long.
const AGAIN: Duration = Duration::from_mins(10);

/// Whether the log should tell a trouble that comes again and again: the first time, when it has become another, and seldom after that.
#[derive(Debug, Default)]
pub(crate) struct Seldom {
    kind: String,
    told: Option<Instant>,
}

impl Seldom {
    /// `kind`: which trouble it is now.
    pub(crate) fn is_due(&mut self, kind: &str) -> bool {
        let now = Instant::now();
        let is_known = self.kind == kind && self.told.is_some_and(|told| now < told + AGAIN);
        if !is_known {
            *self = Self { kind: kind.to_owned(), told: Some(now) };
        }
        !is_known
    }

    /// The trouble is over. The answer is whether it was told.
    pub(crate) fn is_over(&mut self) -> bool {
        self.told.take().is_some()
    }
}
