//! Routes: each stands for a profile, project and queue, whose limits all tenants share. Their number is bounded by the configuration, so a
//! decision may visit each.

use std::collections::BTreeSet;

use super::account::{Due, Level, Turn};

#[derive(Debug)]
pub(super) struct Route {
    pub(super) profile: usize,
    pub(super) project: usize,
    pub(super) queue: usize,
    /// The share of the queue, if queues have weights.
    pub(super) class: usize,
    /// The tenants that have a job to start, by [`Level`].
    pub(super) turns: [BTreeSet<Turn>; 2],
    /// The tenants within their limits, by how long they have waited.
    pub(super) due: BTreeSet<Due>,
}

/// A limit and the builds that count towards it.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) running: usize,
    /// `None`: no limit.
    pub(super) limit: Option<usize>,
    pub(super) is_paused: bool,
}

/// Jobs of one tenant, route and repository.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) tenant: usize,
    pub(super) route: usize,
    pub(super) repository: usize,
    pub(super) lanes: super::lanes::Lanes,
    /// The first job of each priority, as the tenant's entry lists them.
    pub(super) listed: [Option<super::lanes::Rank>; 3],
}

/// A repository and the flows that depend on its room.
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
