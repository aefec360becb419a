//! The limits and what is used of them, as the table of jobs shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    config::Config,
    job::standing::{JobStanding, LimitStanding, Limits, State},
};

/// What runs and waits for one limit.
#[derive(Debug, Default)]
struct Usage<'a> {
    running: usize,
    waiting: usize,
    oldest: Option<&'a str>,
}

/// All limits of a configuration, and what these jobs use of them.
pub(super) fn limits<'a>(config: &Config, jobs: impl Iterator<Item = &'a JobStanding>, now: Timestamp) -> Limits {
    let mut all = Usage::default();
    let (mut tenants, mut profiles, mut projects) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (name, profile) in &config.profiles {
        profiles.insert(name.as_str(), Usage::default());
        projects.insert(profile.project.as_str(), Usage::default());
    }
    for job in jobs {
        let profile = job.job.profile.as_deref().unwrap_or_default();
        all.count(job);
        tenants
            .entry(job.job.tenant.as_ref().map(crate::job::id::Tenant::as_str).unwrap_or_default())
            .or_insert_with(Usage::default)
            .count(job);
        if let Some(usage) = profiles.get_mut(profile) {
            usage.count(job);
        }
        if let Some(usage) = config.profiles.get(profile).and_then(|profile| projects.get_mut(profile.project.as_str())) {
            usage.count(job);
        }
    }
    let list = |usages: BTreeMap<&str, Usage<'_>>, limit: &dyn Fn(&str) -> Option<usize>| {
        usages.into_iter().map(|(name, usage)| usage.standing(name, limit(name), now)).collect()
    };
    Limits {
        all: all.standing("", Some(config.limits.running), now),
        tenants: list(tenants, &|_| Some(config.limits.per_tenant)),
        profiles: list(profiles, &|name| config.profiles.get(name).and_then(|profile| profile.running)),
        repositories: Vec::new(),
        projects: list(projects, &|_| None),
        pauses: Vec::new(),
    }
}

impl<'a> Usage<'a> {
    fn count(&mut self, job: &'a JobStanding) {
        match job.state {
            State::Running => self.running += 1,
            State::Waiting => {
                self.waiting += 1;
                self.oldest = self.oldest.into_iter().chain([job.received_at.as_str()]).min();
            }
            State::Reporting | State::Ended => {}
        }
    }

    fn standing(&self, name: &str, limit: Option<usize>, now: Timestamp) -> LimitStanding {
        let waited = |since: &str| now.duration_since(since.parse::<Timestamp>().ok()?).as_secs().try_into().ok();
        LimitStanding {
            name: name.to_owned(),
            running: self.running,
            limit,
            waiting: self.waiting,
            longest_wait_seconds: self.oldest.and_then(waited),
            ..LimitStanding::default()
        }
    }
}
