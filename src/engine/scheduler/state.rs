//! What the scheduler decides by.

use super::{Full, Room, State};
use crate::{
    config::{Config, WhenFull},
    job::{
        estimate::{Durations, UNKNOWN_SECONDS},
        schedule::Ticket,
    },
};

impl State {
    /// What the configuration allows beside the schedule's rules.
    pub(super) fn allow(&mut self, config: &Config) {
        let limits = &config.limits;
        self.most_untold = limits.running + limits.waiting;
        for profile in config.profiles.values() {
            let room = self.rooms.entry(profile.project.clone()).or_insert_with(|| Room::new(&profile.project, limits.running));
            room.allow(limits.running);
            self.schedule.set_room(&profile.project, room.learned(), room.opens_at().is_some());
        }
    }

    pub(super) fn full(&self, tenant: &str) -> Option<Full> {
        let rule = self.schedule.rules().tenant(tenant);
        let waiting = self.schedule.waiting_of(tenant);
        let is_full = rule.when_full == WhenFull::Reject && rule.waiting.is_some_and(|most| waiting >= most);
        is_full.then_some(Full { waiting })
    }

    /// Opens the rooms whose time has come.
    pub(super) fn settle(&mut self) {
        for (project, room) in &mut self.rooms {
            if room.settle() {
                self.schedule.set_room(project, room.learned(), false);
            }
        }
    }

    /// Changes a project's room, in which so many run.
    pub(super) fn room(&mut self, project: &str, change: impl FnOnce(&mut Room, usize)) {
        let running = self.schedule.running_in(project);
        if let Some(room) = self.rooms.get_mut(project) {
            change(room, running);
            self.schedule.set_room(project, room.learned(), room.opens_at().is_some());
        }
    }

    pub(super) fn expected(&self, ticket: &Ticket) -> f64 {
        expected(&self.durations, &ticket.repository, &ticket.profile)
    }
}

/// What a build of a repository and profile is expected to take, in seconds.
pub(super) fn expected(durations: &Durations, repository: &str, profile: &str) -> f64 {
    durations.expected(repository, profile).unwrap_or(UNKNOWN_SECONDS)
}
