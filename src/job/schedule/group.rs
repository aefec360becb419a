//! The jobs of one group: one runs at a time, in the order in which their messages were sent.

use std::collections::BTreeMap;

use super::Age;
use crate::job::JobId;

#[derive(Debug, Default)]
pub(super) struct Group {
    /// Jobs that have had a slot and have not ended. Those that a restart finds may be more than one.
    pub(super) holders: Vec<JobId>,
    /// Every other job of the group that this process has, oldest first.
    pub(super) members: BTreeMap<(Age, u64), Member>,
    /// The member that may start.
    pub(super) offered: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) job: JobId,
    /// It is there also when it leaves the line.
    pub(super) is_announced: bool,
    /// Its number in the schedule. `None`: it is here, and does not wait for a slot yet; younger ones wait for it.
    pub(super) waiting: Option<usize>,
}

impl Group {
    /// The member that may start now.
    pub(super) fn first(&self) -> Option<usize> {
        if self.holders.is_empty() { self.members.first_key_value()?.1.waiting } else { None }
    }

    /// Whom the others wait for.
    pub(super) fn ahead(&self) -> Option<&JobId> {
        self.holders.first().or_else(|| self.members.first_key_value().map(|(_, member)| &member.job))
    }

    pub(super) fn is_over(&self) -> bool {
        self.holders.is_empty() && self.members.is_empty()
    }
}
