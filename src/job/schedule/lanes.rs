//! Jobs by priority, and by age within a priority.

use std::collections::BTreeSet;

use super::Age;
use crate::job::Priority;

/// The order of jobs within a priority.
pub(super) type Rank = (Age, usize);

/// The priorities in the order of the lanes.
pub(super) const PRIORITIES: [Priority; 3] = [Priority::High, Priority::Normal, Priority::Low];

#[derive(Debug, Default)]
pub(super) struct Lanes([BTreeSet<Rank>; 3]);

impl Lanes {
    pub(super) fn insert(&mut self, priority: Priority, rank: Rank) {
        self.0[priority as usize].insert(rank);
    }

    pub(super) fn remove(&mut self, priority: Priority, rank: &Rank) {
        self.0[priority as usize].remove(rank);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(BTreeSet::is_empty)
    }

    /// The oldest job of each priority.
    pub(super) fn heads(&self) -> [Option<&Rank>; 3] {
        self.0.each_ref().map(BTreeSet::first)
    }

    /// The first job, and its priority as a number: 0 is the highest.
    pub(super) fn first(&self) -> Option<(usize, &Rank)> {
        self.heads().into_iter().enumerate().find_map(|(priority, rank)| Some((priority, rank?)))
    }

    /// The oldest job of all priorities.
    pub(super) fn oldest(&self) -> Option<&Rank> {
        self.heads().into_iter().flatten().min()
    }
}
