//! The choice of the next job.

use super::{Schedule, account::Waits, route::Route};

impl<T> Schedule<T> {
    /// The next job, and why its tenant comes before all others, if it does.
    pub(super) fn choose(&self, now_ms: i64) -> Option<(usize, Option<Waits>)> {
        if self.pauses.all || self.running >= self.rules.limits.running {
            return None;
        }
        let overdue_ms = now_ms.saturating_sub(self.aging_ms());
        let open = || self.routes.iter().filter(|route| self.is_open(route));
        let due = |waits: Waits| {
            let from = (waits, i64::MIN, 0, i64::MIN, 0);
            let first = open().filter_map(|route| route.due.range(from..).next());
            let first = first.filter(|due| due.0 == waits && due.1 <= overdue_ms).min();
            first.map(|due| (due.4, None, Some(waits)))
        };
        let first = |level: usize| {
            let turns = open().filter_map(|route| Some((self.classes[route.class], route.class, route.turns[level].first()?)));
            turns.min().map(|(_, class, turn)| (turn.3, Some(class), None))
        };
        let aged = || if self.was_aged { None } else { due(Waits::Job) };
        let (tenant, class, due) = due(Waits::Tenant).or_else(aged).or_else(|| first(0)).or_else(|| first(1))?;
        Some((self.first_of(tenant, class, overdue_ms)?, due))
    }

    /// The first job of a tenant in open routes.
    fn first_of(&self, tenant: usize, class: Option<usize>, overdue_ms: i64) -> Option<usize> {
        let is_open = |id: usize| self.is_open(&self.routes[id]) && class.is_none_or(|class| self.routes[id].class == class);
        let entries = self.tenants[tenant].entries.iter().filter(|(route, _)| is_open(**route));
        let heads = entries.flat_map(|(_, entry)| entry.lanes.heads().into_iter().enumerate());
        let ranked = heads.filter_map(|(priority, rank)| Some((rank?, priority)));
        let first = ranked.min_by_key(|(rank, priority)| (if rank.0.enqueued_ms <= overdue_ms { 0 } else { priority + 1 }, *rank));
        first.map(|(rank, _)| rank.1)
    }

    fn is_open(&self, route: &Route) -> bool {
        self.profiles[route.profile].is_open() && self.projects[route.project].is_open() && self.queues[route.queue].is_open()
    }

    pub(super) fn aging_ms(&self) -> i64 {
        i64::try_from(self.rules.limits.aging.as_millis()).unwrap_or(i64::MAX)
    }
}
