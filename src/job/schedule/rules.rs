//! The operator's limits, as they apply to a name.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    config::{Config, Limits, TenantLimits, WhenFull},
    job::{
        policy::matches,
        standing::{Pause, PauseScope},
    },
};

/// The operator's limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    pub limits: Limits,
    /// The limit of each profile, if it has one.
    pub profiles: BTreeMap<String, Option<usize>>,
    /// The weight of each queue. Empty: queues have no weights.
    pub queues: BTreeMap<String, u32>,
}

/// The limits of one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantRule {
    /// How many builds run at once.
    pub running: usize,
    /// How many builds run at once while no other tenant waits; at least `running`.
    pub burst: usize,
    pub weight: u32,
    /// How many jobs may wait.
    pub waiting: Option<usize>,
    pub when_full: WhenFull,
}

/// What is paused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pauses {
    pub(super) all: bool,
    pub(super) queues: BTreeSet<String>,
    pub(super) tenants: BTreeSet<String>,
    pub(super) profiles: BTreeSet<String>,
}

impl TenantRule {
    /// `burst`, if it is more than `running`.
    pub(super) fn more(&self) -> Option<usize> {
        Some(self.burst).filter(|burst| *burst > self.running)
    }
}

impl Rules {
    pub fn of(config: &Config) -> Self {
        let weighted = config.queues.iter().any(|queue| queue.weight.is_some());
        let queues = config.queues.iter().map(|queue| (queue.name().to_owned(), queue.weight.unwrap_or(1)));
        Self {
            limits: config.limits.clone(),
            profiles: config.profiles.iter().map(|(name, profile)| (name.clone(), profile.running)).collect(),
            queues: queues.filter(|_| weighted).collect(),
        }
    }

    /// The limits of a tenant: those of the first entry that matches it, else the defaults.
    pub fn tenant(&self, name: &str) -> TenantRule {
        let limits = &self.limits;
        let fits = |entry: &&TenantLimits| matches(entry.pattern.as_bytes(), name.as_bytes());
        let entry = limits.tenants.iter().find(fits);
        let running = entry.and_then(|entry| entry.running).unwrap_or(limits.per_tenant);
        TenantRule {
            running,
            burst: entry.and_then(|entry| entry.burst).unwrap_or(running).max(running),
            weight: entry.map_or(1, |entry| entry.weight.max(1)),
            waiting: entry.and_then(|entry| entry.waiting),
            when_full: entry.map(|entry| entry.when_full).unwrap_or_default(),
        }
    }

    /// How many builds of a repository may run at once.
    pub(super) fn repository(&self, name: &str) -> Option<usize> {
        let limits = &self.limits;
        let entry = limits.repositories.iter().find(|entry| matches(entry.pattern.as_bytes(), name.as_bytes()));
        entry.map(|entry| entry.running).or(limits.per_repository)
    }

    /// How many builds of a profile may run at once.
    pub(super) fn profile(&self, name: &str) -> Option<usize> {
        self.profiles.get(name).copied().flatten()
    }

    /// The name under which the use of a queue is counted, and its weight.
    pub(super) fn class<'a>(&'a self, queue: &'a str) -> (&'a str, u32) {
        if self.queues.is_empty() { ("", 1) } else { (queue, self.queues.get(queue).copied().unwrap_or(1).max(1)) }
    }
}

impl Pauses {
    pub(super) fn of(pauses: &[Pause]) -> Self {
        let mut stopped = Self::default();
        for pause in pauses {
            match &pause.scope {
                PauseScope::All => stopped.all = true,
                PauseScope::Queue(name) => drop(stopped.queues.insert(name.clone())),
                PauseScope::Tenant(name) => drop(stopped.tenants.insert(name.clone())),
                PauseScope::Profile(name) => drop(stopped.profiles.insert(name.clone())),
            }
        }
        stopped
    }
}
