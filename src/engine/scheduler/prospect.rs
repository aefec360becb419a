//! Who among those that wait could start: no limit of its own tenant, profile, project or group stands in its way. Only such jobs take
//! places in the count of `limits.waiting`; what a tenant sends beyond its limit keeps nobody else from being received.

use std::collections::{HashMap, HashSet};

use super::{Room, Scheduler, State, Ticket};
use crate::job::Tenant;

/// How many wait that could start, by what could stand in their way.
#[derive(Debug, Default)]
pub(super) struct Prospects {
    tenants: HashMap<Tenant, usize>,
    profiles: HashMap<String, usize>,
    projects: HashMap<String, usize>,
    groups: HashSet<String>,
}

/// One who could start. Dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Prospect {
    ticket: Ticket,
    project: String,
    scheduler: Scheduler,
}

impl Scheduler {
    /// Counts a job among those that could start, unless a limit of its own is used up.
    pub(crate) fn prospect(&self, ticket: &Ticket) -> Option<Prospect> {
        let project = self.shared.projects.get(&ticket.profile)?;
        self.with(|state| {
            let State { prospects, tenants, groups, rooms, .. } = state;
            let waiting = |counts: &HashMap<String, usize>, key: &String| counts.get(key).copied().unwrap_or_default();
            let of_tenant = prospects.tenants.get(&ticket.tenant).copied().unwrap_or_default();
            let tenant = tenants.get(&ticket.tenant).map_or(self.shared.per_tenant, |limit| limit.available_permits());
            let profile = self.shared.profiles.get(&ticket.profile).map(|limit| limit.available_permits());
            // Where a limit is as high as that of all, it is that of all that holds.
            let is_free = (self.shared.per_tenant == self.shared.most || of_tenant < tenant)
                && profile.is_none_or(|free| waiting(&prospects.profiles, &ticket.profile) < free)
                && rooms.get(project).and_then(Room::learned).is_none_or(|free| waiting(&prospects.projects, project) < free)
                && ticket.group.as_ref().is_none_or(|group| !groups.contains_key(group) && !prospects.groups.contains(group));
            is_free.then(|| {
                *prospects.tenants.entry(ticket.tenant.clone()).or_default() += 1;
                *prospects.profiles.entry(ticket.profile.clone()).or_default() += 1;
                *prospects.projects.entry(project.clone()).or_default() += 1;
                prospects.groups.extend(ticket.group.clone());
                Prospect { ticket: ticket.clone(), project: project.clone(), scheduler: self.clone() }
            })
        })
    }
}

impl Drop for Prospect {
    fn drop(&mut self) {
        self.scheduler.with(|State { prospects, .. }| {
            less(&mut prospects.tenants, &self.ticket.tenant);
            less(&mut prospects.profiles, &self.ticket.profile);
            less(&mut prospects.projects, &self.project);
            if let Some(group) = &self.ticket.group {
                prospects.groups.remove(group);
            }
        });
    }
}

/// One less; a count of none is forgotten, so that names do not pile up.
pub(super) fn less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}
