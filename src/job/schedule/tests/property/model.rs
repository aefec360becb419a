//! The expected behaviour, computed without the schedule: which jobs wait, run and may start.

use super::*;

/// The state of the world besides the schedule.
#[derive(Default)]
pub(super) struct Model {
    pub(super) waiting: Vec<(Ticket, Key)>,
    pub(super) running: Vec<(Ticket, PlaceKey)>,
    pub(super) rules: Rules,
    pub(super) pauses: Vec<Pause>,
    pub(super) room: (Option<usize>, bool),
    pub(super) arrivals: u64,
}

impl Model {
    pub(super) fn count(&self, same: impl Fn(&Ticket) -> bool) -> usize {
        self.running.iter().filter(|(ticket, _)| same(ticket)).count()
    }

    pub(super) fn is_paused(&self, ticket: &Ticket) -> bool {
        self.pauses.iter().any(|pause| match &pause.scope {
            PauseScope::All => true,
            PauseScope::Queue(name) => **name == *ticket.queue,
            PauseScope::Tenant(name) => name == ticket.tenant.as_str(),
            PauseScope::Profile(name) => *name == ticket.profile,
        })
    }

    /// Whether the job may start under all limits, with the tenant's `burst`.
    pub(super) fn may_start(&self, ticket: &Ticket) -> bool {
        let rules = &self.rules;
        let below = |limit: Option<usize>, running: usize| limit.is_none_or(|limit| running < limit);
        let is_elders = |other: &Ticket| other.group == ticket.group && (&other.age, other.arrival) < (&ticket.age, ticket.arrival);
        let is_free = ticket.group.is_none()
            || (self.count(|other| other.group == ticket.group) == 0 && !self.waiting.iter().any(|(other, _)| is_elders(other)));
        !self.is_paused(ticket)
            && is_free
            && self.running.len() < rules.limits.running
            && self.count(|other| other.tenant == ticket.tenant) < rules.tenant(ticket.tenant.as_str()).burst
            && below(rules.repository(&ticket.repository), self.count(|other| other.repository == ticket.repository))
            && below(rules.profile(&ticket.profile), self.count(|other| other.profile == ticket.profile))
            && !self.room.1
            && below(self.room.0, self.running.len())
    }

    /// Whether the tenant is within its own limit, without its burst.
    pub(super) fn is_within(&self, ticket: &Ticket) -> bool {
        self.count(|other| other.tenant == ticket.tenant) < self.rules.tenant(ticket.tenant.as_str()).running
    }
}

pub(super) fn rules_of(running: usize) -> Rules {
    let mut rules = rules(running);
    rules.limits.per_tenant = running.min(2);
    rules.limits.per_repository = Some(2);
    rules.limits.tenants = vec![
        TenantLimits { weight: 3, running: Some(running), ..tenant_limits("t0") },
        TenantLimits { running: Some(1), burst: Some(running), ..tenant_limits("t1") },
    ];
    rules.profiles = [("p0".to_owned(), None), ("p1".to_owned(), Some(2))].into();
    if running.is_multiple_of(2) {
        rules.queues = [("q0".to_owned(), 1), ("q1".to_owned(), 2)].into();
    }
    rules
}

pub(super) fn pause(number: usize) -> Pause {
    let scope = match number {
        0 => PauseScope::All,
        1 | 2 => PauseScope::Queue(format!("q{}", number - 1)),
        3 | 4 => PauseScope::Profile(format!("p{}", number - 3)),
        number => PauseScope::Tenant(format!("t{}", number - 5)),
    };
    Pause { scope, since: None, reason: None }
}
