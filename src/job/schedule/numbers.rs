//! The numbers of the tenants, routes and repositories that jobs name. They are given at the first use. Only tenants are forgotten.

use std::collections::BTreeSet;

use super::{Account, Counted, Repository, Route, Schedule, Share, Ticket};

/// How many tenants without waiting jobs and running builds are remembered for their use. Beyond that, those with the least use are
/// forgotten.
const IDLE: usize = 10_000;

impl<T> Schedule<T> {
    /// The number of a tenant, which is no longer idle.
    pub(super) fn tenant(&mut self, name: &str) -> usize {
        let (rules, pauses) = (&self.rules, &self.pauses);
        let id = self.tenants.id(name, || Account::new(rules.tenant(name), pauses.tenants.contains(name)));
        self.idle.remove(&(self.tenants[id].share, id));
        id
    }

    /// The number of a job's route.
    pub(super) fn route(&mut self, ticket: &Ticket) -> usize {
        let (rules, pauses) = (&self.rules, &self.pauses);
        let counted = |limit, paused: &BTreeSet<String>, name: &str| Counted { running: 0, limit, is_paused: paused.contains(name) };
        let profile = self.profiles.id(&ticket.profile, || counted(rules.profile(&ticket.profile), &pauses.profiles, &ticket.profile));
        let project = self.projects.id(&ticket.project, Counted::default);
        let queue = self.queues.id(&ticket.queue, || counted(None, &pauses.queues, &ticket.queue));
        let class = self.classes.id(rules.class(&ticket.queue).0, Share::default);
        *self.route_ids.entry([profile, project, queue]).or_insert_with(|| {
            self.routes.push(Route::new(profile, project, queue, class));
            self.routes.len() - 1
        })
    }

    /// The number of a waiting job's repository.
    pub(super) fn repository(&mut self, index: usize) -> usize {
        let (rules, name) = (&self.rules, &self.jobs[index].ticket.repository);
        self.repositories.id(name, || Repository::new(rules.repository(name)))
    }

    /// If a tenant has neither waiting jobs nor running builds, remembers its use, or forgets the tenant if the use is nothing.
    pub(super) fn settle(&mut self, tenant: usize) {
        let account = &self.tenants[tenant];
        if account.waiting > 0 || account.running > 0 {
            return;
        }
        if account.share == Share::default() {
            self.tenants.forget(tenant);
            return;
        }
        self.idle.insert((account.share, tenant));
        if self.idle.len() > IDLE
            && let Some((_, least)) = self.idle.pop_first()
        {
            self.tenants.forget(least);
        }
    }
}
