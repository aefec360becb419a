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
    pub(super) listed: Option<(Level, Turn, Due)>,
}

/// Whose turn it is: who has used least for its weight; between equals the more urgent job, then the older one.
pub(super) type Turn = (Share, usize, (Age, usize), usize);

/// Who has waited longest; between equals as above.
pub(super) type Due = (i64, usize, i64, usize);

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

    /// Since when somebody of a tenant has waited, as far as that may make it go before all others: its oldest job, or, while nothing of
    /// it runs, the tenant itself. Once it has gone first, it counts anew.
    pub(super) fn due_ms(&self, oldest: &Age) -> i64 {
        let since_ms = if self.running == 0 { oldest.enqueued_ms.min(self.served_ms) } else { oldest.enqueued_ms };
        since_ms.max(self.relieved_ms)
    }

    /// How an entry is to stand in its route.
    pub(super) fn standing(&self, entry: &Entry, tenant: usize) -> Option<(Level, Turn, Due)> {
        let level = self.level()?;
        let (priority, rank) = entry.lanes.first()?;
        let due_ms = self.due_ms(&entry.lanes.oldest()?.0);
        let due = (due_ms, priority, rank.0.enqueued_ms, tenant);
        Some((level, (self.share, priority, rank.clone(), tenant), due))
    }
}
