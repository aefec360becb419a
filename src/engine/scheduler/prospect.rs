//! Who takes a place in the count of `limits.waiting`: a job that no limit of its own keeps from starting, and whose tenant holds no more
//! places than are free. So neither what cannot start nor one tenant's flood keeps anybody else from being received.

use std::{collections::HashMap, sync::Arc};

use super::{Scheduler, State};
use crate::{engine::backlog::Place, job::schedule::Ticket};

/// One that is counted. Dropping it frees its place.
#[derive(Debug)]
pub(crate) struct Prospect {
    id: usize,
    scheduler: Scheduler,
}

/// What is held for it.
#[derive(Debug)]
pub(super) struct Waiting {
    ticket: Arc<Ticket>,
    /// `None`: it was paused, and has given its place up.
    place: Option<Place>,
}

/// How many are counted, by what could stand in their way.
#[derive(Debug, Default)]
pub(super) struct Counts(HashMap<(Kind, String), usize>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Tenant,
    Profile,
    Project,
    Repository,
    Group,
}

impl Waiting {
    pub(super) fn is_counted(&self) -> bool {
        self.place.is_some()
    }
}

impl Counts {
    fn of(&self, kind: Kind, name: &str) -> usize {
        self.0.get(&(kind, name.to_owned())).copied().unwrap_or_default()
    }

    fn add(&mut self, ticket: &Ticket) {
        for key in keys(ticket) {
            *self.0.entry(key).or_default() += 1;
        }
    }

    /// A count of none is forgotten, so that names do not pile up.
    fn remove(&mut self, ticket: &Ticket) {
        for key in keys(ticket) {
            if let Some(count) = self.0.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    self.0.remove(&key);
                }
            }
        }
    }
}

fn keys(ticket: &Ticket) -> impl Iterator<Item = (Kind, String)> {
    let own = [
        (Kind::Tenant, ticket.tenant.as_str()),
        (Kind::Profile, &ticket.profile),
        (Kind::Project, &ticket.project),
        (Kind::Repository, &ticket.repository),
    ];
    let group = ticket.group.as_deref().map(|key| (Kind::Group, key));
    own.into_iter().chain(group).map(|(kind, name)| (kind, name.to_owned()))
}

impl Scheduler {
    /// Counts a job among those that could start, unless a limit of its own is used up, or its tenant's share of the places.
    pub(crate) fn prospect(&self, ticket: &Arc<Ticket>, place: Place) -> Option<Prospect> {
        let free = self.shared.backlog.free();
        self.with(|state| {
            let room = state.schedule.headroom(ticket);
            let counts = &state.counts;
            let fits = |kind, name: &str, room: Option<usize>| room.is_none_or(|room| counts.of(kind, name) < room);
            let is_free = !room.is_blocked
                && counts.of(Kind::Tenant, ticket.tenant.as_str()) <= free
                && fits(Kind::Tenant, ticket.tenant.as_str(), room.tenant)
                && fits(Kind::Profile, &ticket.profile, room.profile)
                && fits(Kind::Project, &ticket.project, room.project)
                && fits(Kind::Repository, &ticket.repository, room.repository)
                && ticket.group.as_ref().is_none_or(|group| counts.of(Kind::Group, group) == 0);
            is_free.then(|| {
                state.counts.add(ticket);
                let id = state.waiting.insert(Waiting { ticket: Arc::clone(ticket), place: Some(place) });
                Prospect { id, scheduler: self.clone() }
            })
        })
    }
}

impl State {
    /// Those that are paused give their places up.
    pub(super) fn free_paused(&mut self) {
        for (_, waiting) in &mut self.waiting {
            if waiting.place.is_some() && self.schedule.is_paused_for(&waiting.ticket) {
                waiting.place = None;
                self.counts.remove(&waiting.ticket);
            }
        }
    }
}

impl Drop for Prospect {
    fn drop(&mut self) {
        self.scheduler.with(|state| {
            let Waiting { ticket, place } = state.waiting.remove(self.id);
            if place.is_some() {
                state.counts.remove(&ticket);
            }
        });
    }
}
