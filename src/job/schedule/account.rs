//! A tenant: its running builds, its use, and its jobs that could start.

use std::collections::BTreeMap;

use super::{Age, TenantRule, lanes::Lanes, share::Share};

#[derive(Debug)]
pub(super) struct Account {
    pub(super) rule: TenantRule,
    pub(super) is_paused: bool,
    pub(super) running: usize,
    pub(super) waiting: usize,
    pub(super) share: Share,
    /// The use over days. Forecasts for times hours ahead are better with it than with the recent use.
    pub(super) daily: Share,
    /// When its last build started, in milliseconds since 1970.
    pub(super) served_ms: i64,
    /// When it last came before all others because it had waited too long, in milliseconds since 1970.
    pub(super) relieved_ms: i64,
    /// By route, the jobs that only the limits of the route and of the tenant can keep back.
    pub(super) entries: BTreeMap<usize, Entry>,
}

/// The jobs of a tenant in one route.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The first jobs of its flows.
    pub(super) lanes: Lanes,
    /// The values under which the route lists it.
    pub(super) listed: Option<(Level, Turn, [Option<Due>; 2])>,
}

/// The order of tenants: by use for the weight, then by the priority of the job, then by its age.
pub(super) type Turn = (Share, usize, (Age, usize), usize);

/// The order of tenants that come before all others once the time is long enough ago; then as in [`Turn`].
pub(super) type Due = (Waits, i64, usize, i64, usize);

/// Why a tenant comes before all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Waits {
    /// It has had no build since that time.
    Tenant,
    /// Its oldest job was sent at that time.
    Job,
}

/// Tenants within their limits come before all tenants beyond theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Within = 0,
    Beyond = 1,
}

impl Account {
    pub(super) fn new(rule: TenantRule, is_paused: bool) -> Self {
        Self {
            rule,
            is_paused,
            running: 0,
            waiting: 0,
            share: Share::default(),
            daily: Share::default(),
            served_ms: i64::MIN,
            relieved_ms: i64::MIN,
            entries: BTreeMap::new(),
        }
    }

    /// The tenant's level. `None`: none of its jobs may start.
    pub(super) fn level(&self) -> Option<Level> {
        match self.running {
            _ if self.is_paused => None,
            running if running < self.rule.running => Some(Level::Within),
            running if running < self.rule.burst => Some(Level::Beyond),
            _ => None,
        }
    }

    /// Since when the tenant has waited, and since when its oldest job has. Both begin anew when the tenant has come before all others.
    pub(super) fn since_ms(&self, oldest: &Age) -> [(Waits, Option<i64>); 2] {
        let tenant = (self.running == 0).then_some(self.served_ms.max(self.relieved_ms));
        [(Waits::Tenant, tenant), (Waits::Job, Some(oldest.enqueued_ms.max(self.relieved_ms)))]
    }

    /// The values under which its route is to list an entry.
    pub(super) fn standing(&self, entry: &Entry, tenant: usize) -> Option<(Level, Turn, [Option<Due>; 2])> {
        let level = self.level()?;
        let (priority, rank) = entry.lanes.first()?;
        let due = |(waits, since_ms): (Waits, Option<i64>)| Some((waits, since_ms?, priority, rank.0.enqueued_ms, tenant));
        let due = self.since_ms(&entry.lanes.oldest()?.0).map(due);
        Some((level, (self.share, priority, rank.clone(), tenant), due))
    }
}
