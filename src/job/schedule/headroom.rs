//! What keeps a job back that does not wait yet: the intake counts those that could start.

use super::{Schedule, Ticket, route::Counted};

/// How many more builds of a kind may run. `None`: as many as of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headroom {
    /// Less than that: as many as may wait.
    pub tenant: Option<usize>,
    pub profile: Option<usize>,
    pub project: Option<usize>,
    pub repository: Option<usize>,
    /// It is paused, or there is another of its group.
    pub is_blocked: bool,
}

impl<T> Schedule<T> {
    pub fn headroom(&self, ticket: &Ticket) -> Headroom {
        let left = |limit: Option<usize>, running: usize| limit.map(|limit| limit.saturating_sub(running));
        let counted = |counted: Option<&Counted>| counted.and_then(|counted| left(counted.limit, counted.running));
        let account = self.tenants.find(ticket.tenant.as_str());
        let rule = account.map_or_else(|| self.rules.tenant(ticket.tenant.as_str()), |account| account.rule);
        let own = Some(rule.burst).filter(|burst| *burst < self.rules.limits.running);
        let tenant = left(own, account.map_or(0, |account| account.running));
        Headroom {
            tenant: tenant.into_iter().chain(rule.waiting).min(),
            profile: counted(self.profiles.find(&ticket.profile)),
            project: counted(self.projects.find(&ticket.project)),
            repository: counted(self.repositories.find(&ticket.repository).map(|repository| &repository.counted))
                .or_else(|| self.rules.repository(&ticket.repository)),
            is_blocked: self.is_paused_for(ticket) || ticket.group.as_ref().is_some_and(|key| self.groups.contains_key(key)),
        }
    }

    /// Whether nothing of a job's queue, tenant or profile starts.
    pub fn is_paused_for(&self, ticket: &Ticket) -> bool {
        let pauses = &self.pauses;
        pauses.all
            || pauses.queues.contains(&*ticket.queue)
            || pauses.tenants.contains(ticket.tenant.as_str())
            || pauses.profiles.contains(&ticket.profile)
    }
}
