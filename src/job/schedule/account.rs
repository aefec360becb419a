//! A tenant: what it runs, what it has used, and its jobs that could start.

use std::collections::BTreeMap;

use super::{Age, TenantRule, lanes::Lanes, share::Share};

#[derive(Debug)]
pub(super) struct Account {
    pub(super) rule: TenantRule,
    pub(super) is_paused: bool,
    pub(super) running: usize,
    pub(super) waiting: usize,
    pub(super) share: Share,
    /// What it has used over days, for forecasts: hours ahead it says more than the last one.
    pub(super) daily: Share,
    /// When a build of it started last, in milliseconds since 1970.
    pub(super) served_ms: i64,
    /// When it was last served because its oldest job had waited too long, in milliseconds since 1970.
    pub(super) relieved_ms: i64,
    /// By route, the jobs that nothing but the route's limits and the tenant's keep from starting.
    pub(super) entries: BTreeMap<usize, Entry>,
}

/// A tenant's jobs of one route.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The first jobs of its flows.
    pub(super) lanes: Lanes,
    /// How it stands in the route.
    pub(super) listed: Option<(Level, Turn, [Option<Due>; 2])>,
}

/// Whose turn it is: who has used least for its weight; between equals the more urgent job, then the older one.
pub(super) type Turn = (Share, usize, (Age, usize), usize);

/// Who goes before all others if the time lies back far enough; between equals as above.
pub(super) type Due = (Waits, i64, usize, i64, usize);

/// What makes a tenant go before all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Waits {
    /// Nothing of it runs, and since that time nothing was started.
    Tenant,
    /// Its oldest job was sent then.
    Job,
}

/// Within its limit a tenant goes before all that are beyond theirs.
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

    /// `None`: nothing of it may start.
    pub(super) fn level(&self) -> Option<Level> {
        match self.running {
            _ if self.is_paused => None,
            running if running < self.rule.running => Some(Level::Within),
            running if running < self.rule.burst => Some(Level::Beyond),
            _ => None,
        }
    }

    /// Since when the tenant has waited, and its oldest job. Once it has gone first for that, it counts anew.
    pub(super) fn since_ms(&self, oldest: &Age) -> [(Waits, Option<i64>); 2] {
        let tenant = (self.running == 0).then_some(self.served_ms.max(self.relieved_ms));
        [(Waits::Tenant, tenant), (Waits::Job, Some(oldest.enqueued_ms.max(self.relieved_ms)))]
    }

    /// How an entry is to stand in its route.
    pub(super) fn standing(&self, entry: &Entry, tenant: usize) -> Option<(Level, Turn, [Option<Due>; 2])> {
        let level = self.level()?;
        let (priority, rank) = entry.lanes.first()?;
        let due = |(waits, since_ms): (Waits, Option<i64>)| Some((waits, since_ms?, priority, rank.0.enqueued_ms, tenant));
        let due = self.since_ms(&entry.lanes.oldest()?.0).map(due);
        Some((level, (self.share, priority, rank.clone(), tenant), due))
    }
}
