//! When waiting jobs will start, if each build takes its expected time and no further jobs arrive.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
};

use super::{Schedule, standing::Turn};

/// How long a build that has taken longer than expected will still run, as a part of the time that it has run.
const LONGER: f64 = 0.25;
/// When the first of several running builds will end, as a part of the expected time: it ends sooner than each of them is expected to.
const SOONER: f64 = 0.75;
const SECOND: f64 = 1000.0;

/// When the places of one limit become free, in milliseconds from now.
#[derive(Debug, Default)]
struct Places {
    limit: usize,
    taken_until: BinaryHeap<Reverse<i64>>,
}

/// The places under `limits.running`: how many become free at a time. A job that waits for another limit takes the place that becomes free
/// last before its start, and leaves the others.
#[derive(Debug)]
struct Shared(BTreeMap<i64, usize>);

impl Places {
    fn new(limit: Option<usize>) -> Self {
        Self { limit: limit.unwrap_or(usize::MAX), taken_until: BinaryHeap::new() }
    }

    fn free_at(&self) -> i64 {
        let Some(beyond) = self.taken_until.len().checked_sub(self.limit.max(1)) else { return 0 };
        if beyond == 0 { self.taken_until.peek().map_or(0, |until| until.0) } else { self.nth(beyond) }
    }

    /// When more builds run than the limit allows, several must end.
    fn nth(&self, beyond: usize) -> i64 {
        let mut all: Vec<i64> = self.taken_until.iter().map(|until| until.0).collect();
        all.sort_unstable();
        all[beyond]
    }

    fn take(&mut self, until: i64) {
        while self.taken_until.len() >= self.limit.max(1) {
            self.taken_until.pop();
        }
        self.taken_until.push(Reverse(until));
    }
}

impl Shared {
    fn take(&mut self, from: i64, cost: i64) -> i64 {
        let last_before = self.0.range(..=from).next_back();
        let Some(free) = last_before.or_else(|| self.0.first_key_value()).map(|(free, _)| *free) else { return from };
        if let Some(count) = self.0.get_mut(&free) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&free);
            }
        }
        let start = free.max(from);
        *self.0.entry(start.saturating_add(cost)).or_default() += 1;
        start
    }
}

impl<T> Schedule<T> {
    /// The seconds until each job starts, in the order of turns. `None`: it is paused.
    pub(super) fn forecast(&self, turns: &[Turn], now_ms: i64, cost: &impl Fn(&str, &str) -> f64) -> Vec<Option<f64>> {
        let mut tenants: HashMap<usize, Places> = HashMap::new();
        let mut profiles: HashMap<usize, Places> = HashMap::new();
        let mut projects: HashMap<usize, Places> = HashMap::new();
        let mut repositories: HashMap<&str, Places> = HashMap::new();
        let mut groups: HashMap<&str, i64> = HashMap::new();
        let of_tenant = |id: usize| Places::new(Some(self.tenants[id].rule.burst));
        let of_profile = |id: usize| Places::new(self.profiles[id].limit);
        let of_project = |id: usize| Places::new(self.projects[id].limit);
        let of_repository = |name: &str| Places::new(self.rules.repository(name));
        let mut shared = BTreeMap::from([(0, self.rules.limits.running.saturating_sub(self.running))]);
        for (_, place) in &self.places {
            let route = &self.routes[place.route];
            let name = self.repositories.name(place.repository);
            // The charge at the start may have been a guess. More may be known now.
            let until = left(cost(name, self.profiles.name(route.profile)), now_ms.saturating_sub(place.since_ms));
            *shared.entry(until).or_default() += 1;
            tenants.entry(place.tenant).or_insert_with(|| of_tenant(place.tenant)).taken_until.push(Reverse(until));
            profiles.entry(route.profile).or_insert_with(|| of_profile(route.profile)).taken_until.push(Reverse(until));
            projects.entry(route.project).or_insert_with(|| of_project(route.project)).taken_until.push(Reverse(until));
            repositories.entry(name).or_insert_with(|| of_repository(name)).taken_until.push(Reverse(until));
        }
        // The places of builds beyond a lowered limit are not free for others.
        for _ in self.rules.limits.running..self.running {
            shared.pop_first();
        }
        shared.retain(|_, count| *count > 0);
        let mut shared = Shared(shared);
        let start = |turn: &Turn| {
            let job = &self.jobs[turn.index];
            if self.is_paused(job) {
                return None;
            }
            let route = &self.routes[job.route];
            let name = &*job.ticket.repository;
            let mut limits = [
                tenants.entry(job.tenant).or_insert_with(|| of_tenant(job.tenant)),
                profiles.entry(route.profile).or_insert_with(|| of_profile(route.profile)),
                projects.entry(route.project).or_insert_with(|| of_project(route.project)),
                repositories.entry(name).or_insert_with(|| of_repository(name)),
            ];
            let group = job.ticket.group.as_deref();
            let from = limits.iter().map(|places| places.free_at()).chain(group.and_then(|key| groups.get(key).copied())).max();
            let cost = ms(cost(name, &job.ticket.profile));
            let start = shared.take(from.unwrap_or_default(), cost);
            let until = start.saturating_add(cost);
            for places in &mut limits {
                places.take(until);
            }
            groups.extend(group.map(|key| (key, until)));
            #[expect(clippy::cast_precision_loss, reason = "a wait is far below 2^52 milliseconds")]
            Some(start as f64 / SECOND)
        };
        turns.iter().map(start).collect()
    }
}

/// How many milliseconds a build still runs.
fn left(cost: f64, elapsed_ms: i64) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "a build's time is far below 2^52 milliseconds")]
    let elapsed = elapsed_ms.max(0) as f64 / SECOND;
    ms(if elapsed < cost { (cost - elapsed) * SOONER } else { elapsed * LONGER })
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn ms(seconds: f64) -> i64 {
    (seconds * SECOND) as i64
}
