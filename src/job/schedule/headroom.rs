//! The limits of a job that does not wait yet: intake counts the jobs that could start.

use super::{Schedule, Ticket, route::Counted};

/// How many more builds of each kind may run. `None`: no limit below that of all builds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headroom {
    /// Also at most the number of jobs that may wait.
    pub tenant: Option<usize>,
    pub profile: Option<usize>,
    pub project: Option<usize>,
    pub repository: Option<usize>,
    /// The job is paused, or another job of its group is here.
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

    /// Whether everything or the job's queue, tenant or profile is paused.
    pub fn is_paused_for(&self, ticket: &Ticket) -> bool {
        let pauses = &self.pauses;
        pauses.all
            || pauses.queues.contains(&*ticket.queue)
            || pauses.tenants.contains(ticket.tenant.as_str())
            || pauses.profiles.contains(&ticket.profile)
    }
}
