//! The numbers of what jobs name: their tenant, their route, their repository. They are given at the first use; a tenant's is forgotten.

use std::collections::BTreeSet;

use super::{Account, Counted, Repository, Route, Schedule, Share, Ticket};

/// Tenants of whom nothing waits or runs, and whose usage is remembered; of more, those that have used least are forgotten.
const IDLE: usize = 10_000;

impl<T> Schedule<T> {
    /// The number of a tenant, whom somebody names again.
    pub(super) fn tenant(&mut self, name: &str) -> usize {
        let (rules, pauses) = (&self.rules, &self.pauses);
        let id = self.tenants.id(name, || Account::new(rules.tenant(name), pauses.tenants.contains(name)));
        self.idle.remove(&(self.tenants[id].share, id));
        id
    }

    /// The number of the way that a job takes.
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

    /// A tenant of whom nothing waits or runs is remembered for what it has used, and forgotten if that is nothing.
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
