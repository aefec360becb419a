//! The ways that jobs take, by profile, project and queue: limits of those that all tenants share. There are as many as the operator has
//! configured, so that a decision may look at each.

use std::collections::BTreeSet;

use super::account::{Due, Level, Turn};

#[derive(Debug)]
pub(super) struct Route {
    pub(super) profile: usize,
    pub(super) project: usize,
    pub(super) queue: usize,
    /// The queue's share, where queues have some.
    pub(super) class: usize,
    /// The tenants that have a job to start, by [`Level`].
    pub(super) turns: [BTreeSet<Turn>; 2],
    /// Those within their limits, by how long they have waited.
    pub(super) due: BTreeSet<Due>,
}

/// Something whose builds are counted.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) running: usize,
    /// `None`: any number.
    pub(super) limit: Option<usize>,
    pub(super) is_paused: bool,
}

/// Jobs of one tenant, route and repository. Their order is their tenant's.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) tenant: usize,
    pub(super) route: usize,
    pub(super) repository: usize,
    pub(super) lanes: super::lanes::Lanes,
    /// The first of each priority, as they are listed in the tenant's entry.
    pub(super) listed: [Option<super::lanes::Rank>; 3],
}

/// A repository, with the flows that wait for it.
#[derive(Debug, Default)]
pub(super) struct Repository {
    pub(super) counted: Counted,
    pub(super) flows: BTreeSet<usize>,
}

impl Repository {
    pub(super) fn new(limit: Option<usize>) -> Self {
        Self { counted: Counted { limit, ..Counted::default() }, flows: BTreeSet::new() }
    }
}

impl Counted {
    pub(super) fn is_open(&self) -> bool {
        !self.is_paused && self.limit.is_none_or(|limit| self.running < limit)
    }
}

impl Route {
    pub(super) fn new(profile: usize, project: usize, queue: usize, class: usize) -> Self {
        Self { profile, project, queue, class, turns: Default::default(), due: BTreeSet::new() }
    }

    pub(super) fn list(&mut self, (level, turn, due): (Level, Turn, [Option<Due>; 2])) {
        self.turns[level as usize].insert(turn);
        if level == Level::Within {
            self.due.extend(due.into_iter().flatten());
        }
    }

    pub(super) fn unlist(&mut self, (level, turn, due): &(Level, Turn, [Option<Due>; 2])) {
        self.turns[*level as usize].remove(turn);
        if *level == Level::Within {
            for due in due.iter().flatten() {
                self.due.remove(due);
            }
        }
    }
}
