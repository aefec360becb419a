//! The jobs of a group: one runs at a time, in the order in which their messages were sent.

use std::collections::BTreeMap;

use super::{Age, Schedule, Ticket};
use crate::job::JobId;

#[derive(Debug, Default)]
pub(super) struct Group {
    /// Jobs that have got a place and have not ended. After a restart there may be several.
    pub(super) holders: Vec<JobId>,
    /// All other jobs of the group in this process, the oldest first.
    pub(super) members: BTreeMap<(Age, u64), Member>,
    /// The member that is listed for a start.
    pub(super) offered: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) job: JobId,
    /// Whether it was announced. It then stays a member when it stops waiting.
    pub(super) is_announced: bool,
    /// Its index in the schedule. `None`: it does not wait for a place yet, and younger members wait for it.
    pub(super) waiting: Option<usize>,
}

impl Group {
    /// The index of the member that may start now.
    pub(super) fn first(&self) -> Option<usize> {
        if self.holders.is_empty() { self.members.first_key_value()?.1.waiting } else { None }
    }

    /// The job that the other members wait for.
    pub(super) fn ahead(&self) -> Option<&JobId> {
        self.holders.first().or_else(|| self.members.first_key_value().map(|(_, member)| &member.job))
    }

    pub(super) fn is_over(&self) -> bool {
        self.holders.is_empty() && self.members.is_empty()
    }
}

impl<T> Schedule<T> {
    /// A job of a group is here and will wait for a place. Younger jobs of the group wait for it.
    pub fn announce(&mut self, ticket: &Ticket) {
        if let Some(group) = &ticket.group {
            let members = &mut self.groups.entry(group.clone()).or_default().members;
            let member = Member { job: ticket.job.clone(), is_announced: true, waiting: None };
            members.entry((ticket.age.clone(), ticket.arrival)).or_insert(member);
            self.regroup(group);
        }
    }

    /// An announced job has left the process, or will not wait.
    pub fn retract(&mut self, group: &str, age: &Age, arrival: u64) {
        if let Some(members) = self.groups.get_mut(group).map(|group| &mut group.members) {
            let key = (age.clone(), arrival);
            match members.get_mut(&key) {
                Some(member) if member.waiting.is_some() => member.is_announced = false,
                _ => drop(members.remove(&key)),
            }
            self.regroup(group);
        }
    }

    /// The job is the one of its group that runs.
    pub fn hold(&mut self, group: &str, job: &JobId) {
        self.groups.entry(group.to_owned()).or_default().holders.push(job.clone());
        self.regroup(group);
    }

    /// The running job of a group has ended.
    pub fn let_go(&mut self, group: &str, job: &JobId) {
        if let Some(holders) = self.groups.get_mut(group).map(|group| &mut group.holders) {
            if let Some(at) = holders.iter().position(|holder| holder == job) {
                holders.swap_remove(at);
            }
            self.regroup(group);
        }
    }
}
