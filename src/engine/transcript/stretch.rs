//! Pages of a log that follow each other, and whether they follow what was read before.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::aws::logs::Event;

/// How far the log has been taken: up to the time `at`, with `events` events of exactly that time. A request from `at` returns them again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seam {
    pub(super) at: Timestamp,
    pub(super) events: usize,
}

/// Consecutive pages: the last ones between two times.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    pub(super) pages: VecDeque<Vec<Event>>,
    /// Whether all events before the pages were seen, back to the earlier time ...
    pub(super) whole: bool,
    /// ... and how many there were.
    pub(super) older: usize,
    /// Whether pages after these were left out.
    pub(super) left_out: bool,
    /// The forward token of the latest page.
    pub(super) forward: Option<String>,
}

impl Stretch {
    /// Whether no further page is needed. `full`: enough pages are held.
    pub(super) fn is_enough(&self, seam: Seam, full: bool) -> bool {
        let reaches_seam = self.oldest().is_some_and(|oldest| oldest.at == seam.at);
        // If a whole page is of one millisecond, only the number of events tells which are taken already, and only a further page tells
        // that there are more.
        self.whole || (full && self.older > 0 && (!reaches_seam || self.older > seam.events))
    }

    pub(super) fn oldest(&self) -> Option<&Event> {
        self.pages.iter().flatten().next()
    }
}
