//! Why each job waits, in which order the jobs will start, and how the limits stand.

use std::{cmp::Ordering, collections::HashMap};

use super::{Account, Schedule, TenantRule, Ticket, Waiting, names::Names, route::Counted, share::DAILY};
use crate::job::standing::{Cause, Held, LimitStanding, Limits, Reason, Wait};

/// A waiting job, for the API and the status page.
#[derive(Debug)]
pub struct Stand<'a> {
    pub ticket: &'a Ticket,
    pub wait: Wait,
    /// The expected seconds until it starts. `None`: it is paused.
    pub starts_in: Option<f64>,
}

/// A job's place in the order of turns: by the use of its tenant at that time, then by its rank among the tenant's jobs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub(super) index: usize,
    tag: f64,
    /// The use of its tenant once the tenant's earlier jobs have run.
    used: f64,
}

impl<T> Schedule<T> {
    /// All waiting jobs, in the order in which they would start under `limits.running` alone; paused jobs come last. `cost`: the expected
    /// seconds of a build of a repository and profile. Takes time n log n.
    pub fn stand(&self, now_ms: i64, cost: impl Fn(&str, &str) -> f64) -> Vec<Stand<'_>> {
        let turns = self.turns(now_ms, &cost);
        let overtakers = self.overtakers(now_ms);
        let mut starts = self.forecast(&turns, now_ms, &cost);
        for (turn, start) in turns.iter().zip(&mut starts) {
            let own = self.busy(&self.tenants[self.jobs[turn.index].tenant], now_ms);
            *start = start.map(|start| start * overtakers.delay(turn.used, own, self.decay.kept(start)));
        }
        let stand = |(position, (turn, starts_in)): (usize, (&Turn, Option<f64>))| {
            let job = &self.jobs[turn.index];
            let position = starts_in.map(|_| position + 1);
            let wait = Wait { reasons: self.reasons(turn.index, job), position, estimate_seconds: None };
            Stand { ticket: &job.ticket, wait, starts_in }
        };
        turns.iter().zip(starts).enumerate().map(stand).collect()
    }

    fn overtakers(&self, now_ms: i64) -> Overtakers {
        let running = self.rules.limits.running;
        if self.running < running {
            return Overtakers::default();
        }
        let used = |(_, _, account): (usize, &str, &Account)| (self.decay.usage(account.share, now_ms), self.busy(account, now_ms));
        let mut tenants: Vec<(f64, Busy)> = self.tenants.iter().map(used).collect();
        tenants.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut all = Busy::default();
        for (_, busy) in &mut tenants {
            all = Busy { lately: all.lately + busy.lately, daily: all.daily + busy.daily };
            *busy = all;
        }
        Overtakers(tenants)
    }

    fn busy(&self, account: &Account, now_ms: i64) -> Busy {
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let places = self.rules.limits.running as f64;
        let lately = self.decay.usage(account.share, now_ms) * f64::from(account.rule.weight);
        Busy {
            lately: lately / (self.decay.steady_seconds() * places),
            daily: DAILY.usage(account.daily, now_ms) / (DAILY.steady_seconds() * places),
        }
    }

    pub(super) fn is_paused(&self, job: &Waiting<T>) -> bool {
        let route = &self.routes[job.route];
        let paused = [self.tenants[job.tenant].is_paused, self.profiles[route.profile].is_paused, self.queues[route.queue].is_paused];
        self.pauses.all || paused.contains(&true)
    }

    fn turns(&self, now_ms: i64, cost: &impl Fn(&str, &str) -> f64) -> Vec<Turn> {
        let overdue_ms = now_ms.saturating_sub(self.aging_ms());
        let mut ranked: Vec<_> = self.jobs.iter().map(|(index, job)| (self.is_paused(job), job.tenant, index)).collect();
        ranked.sort_unstable_by(|(paused, tenant, one), (other_paused, other_tenant, other)| {
            let rank = |index: usize| {
                let Ticket { age, priority, arrival, .. } = &*self.jobs[index].ticket;
                (if age.enqueued_ms <= overdue_ms { 0 } else { *priority as usize + 1 }, age, arrival)
            };
            (paused, tenant).cmp(&(other_paused, other_tenant)).then_with(|| rank(*one).cmp(&rank(*other)))
        });
        let (mut turns, mut paused) = (Vec::with_capacity(ranked.len()), Vec::new());
        let mut of = (usize::MAX, 0.0);
        for (is_paused, tenant, index) in ranked {
            if is_paused {
                paused.push(Turn { index, tag: f64::INFINITY, used: 0.0 });
                continue;
            }
            let account = &self.tenants[tenant];
            let ticket = &self.jobs[index].ticket;
            let is_first = of.0 != tenant;
            if is_first {
                of = (tenant, self.decay.usage(account.share, now_ms));
            }
            let is_due = is_first && account.since_ms(&ticket.age).iter().any(|(_, since_ms)| since_ms.is_some_and(|ms| ms <= overdue_ms));
            let (tag, used) = if is_due { (f64::NEG_INFINITY, 0.0) } else { (of.1, of.1) };
            turns.push(Turn { index, tag, used });
            of.1 += cost(&ticket.repository, &ticket.profile) / f64::from(account.rule.weight);
        }
        let by_age = |one: &Turn, other: &Turn| {
            let rank = |turn: &Turn| (self.jobs[turn.index].ticket.priority, self.jobs[turn.index].ticket.age.enqueued_ms);
            one.tag.total_cmp(&other.tag).then_with(|| rank(one).cmp(&rank(other)))
        };
        turns.sort_by(by_age);
        if !self.rules.queues.is_empty() {
            self.take_turns_of_queues(&mut turns, now_ms, cost);
        }
        turns.extend(paused);
        turns
    }

    /// Orders first by queues, if queues have weights.
    fn take_turns_of_queues(&self, turns: &mut [Turn], now_ms: i64, cost: &impl Fn(&str, &str) -> f64) {
        let mut used = HashMap::new();
        for turn in &mut *turns {
            let ticket = &self.jobs[turn.index].ticket;
            let class = self.routes[self.jobs[turn.index].route].class;
            let tag = used.entry(class).or_insert_with(|| self.decay.usage(self.classes[class], now_ms));
            if turn.tag.is_finite() {
                turn.tag = *tag;
            }
            *tag += cost(&ticket.repository, &ticket.profile) / f64::from(self.rules.class(&ticket.queue).1);
        }
        turns.sort_by(|one, other| one.tag.partial_cmp(&other.tag).unwrap_or(Ordering::Equal));
    }

    /// Everything that keeps a job waiting: first its own limits, then the shared ones.
    fn reasons(&self, index: usize, job: &Waiting<T>) -> Vec<Reason> {
        let Waiting { ticket, .. } = job;
        let route = &self.routes[job.route];
        let account = &self.tenants[job.tenant];
        let mut reasons = Vec::new();
        let mut paused = |holds: bool, name: Option<&str>| {
            reasons.extend(holds.then(|| Reason { name: name.map(str::to_owned), ..reason(Cause::Paused) }));
        };
        paused(self.pauses.all, None);
        paused(self.queues[route.queue].is_paused, Some(&ticket.queue));
        paused(account.is_paused, Some(ticket.tenant.as_str()));
        paused(self.profiles[route.profile].is_paused, Some(&ticket.profile));
        if let Some(group) = ticket.group.as_ref().and_then(|key| self.groups.get(key)).filter(|group| group.offered != Some(index)) {
            let job = group.ahead().map(ToString::to_string);
            reasons.push(Reason { name: ticket.group.clone(), job, ..reason(Cause::Group) });
        }
        let mut limit = |cause, name: Option<&str>, running, limit: Option<usize>, burst| {
            if limit.is_some_and(|limit| running >= limit) {
                reasons.push(Reason { name: name.map(str::to_owned), running: Some(running), limit, burst, ..reason(cause) });
            }
        };
        limit(Cause::Tenant, Some(ticket.tenant.as_str()), account.running, Some(account.rule.running), account.rule.more());
        if let Some(Counted { running, limit: most, .. }) = self.repositories.find(&ticket.repository).map(|it| &it.counted) {
            limit(Cause::Repository, Some(&ticket.repository), *running, *most, None);
        }
        limit(Cause::Profile, Some(&ticket.profile), self.profiles[route.profile].running, self.profiles[route.profile].limit, None);
        let project = &self.projects[route.project];
        limit(Cause::Project, Some(&ticket.project), project.running, project.limit, None);
        limit(Cause::Limit, None, self.running, Some(self.rules.limits.running), None);
        if project.is_paused {
            reasons.push(reason(Cause::Capacity));
        }
        reasons
    }

    /// How the limits stand, without what the schedule does not know: what is learned, refused and held, and the times of pauses.
    pub fn limits(&self, now_ms: i64) -> Limits {
        let mut waits = Waits::default();
        for (_, job) in &self.jobs {
            let waited_ms = now_ms.saturating_sub(job.ticket.age.enqueued_ms).max(0);
            let route = &self.routes[job.route];
            waits.all.add(waited_ms);
            waits.tenants.entry(job.tenant).or_default().add(waited_ms);
            waits.profiles.entry(route.profile).or_default().add(waited_ms);
            waits.projects.entry(route.project).or_default().add(waited_ms);
            waits.repositories.entry(&job.ticket.repository).or_default().add(waited_ms);
        }
        let tenants = self.tenants.iter().filter(|(_, _, account)| account.running + account.waiting > 0).map(|(id, name, account)| {
            let TenantRule { running, weight, waiting, when_full, .. } = account.rule;
            LimitStanding {
                burst: account.rule.more(),
                weight: Some(weight),
                waiting_limit: waiting,
                when_full: waiting.map(|_| when_full),
                ..standing(name, account.running, Some(running), waits.tenants.get(&id))
            }
        });
        let counted = |names: &Names<Counted>, waits: &HashMap<usize, Waited>| -> Vec<LimitStanding> {
            let one = |(id, name, counted): (usize, &str, &Counted)| standing(name, counted.running, counted.limit, waits.get(&id));
            sorted(names.iter().map(one).collect())
        };
        let repositories = self.repositories.iter().filter(|(_, _, repository)| repository.counted.limit.is_some());
        let repositories =
            repositories.map(|(_, name, it)| standing(name, it.counted.running, it.counted.limit, waits.repositories.get(name)));
        Limits {
            all: standing("", self.running, Some(self.rules.limits.running), Some(&waits.all)),
            tenants: sorted(tenants.collect()),
            profiles: counted(&self.profiles, &waits.profiles),
            repositories: sorted(repositories.collect()),
            projects: counted(&self.projects, &waits.projects),
            held: Held::default(),
            pauses: Vec::new(),
        }
    }
}

/// The part of all places that a tenant has kept busy.
#[derive(Debug, Clone, Copy, Default)]
struct Busy {
    lately: f64,
    /// Over days.
    daily: f64,
}

/// Tenants that will come before others, because they have used less: by use, each with the part of all places that it and all tenants
/// before it have kept busy.
#[derive(Debug, Default)]
struct Overtakers(Vec<(f64, Busy)>);

impl Overtakers {
    /// The factor by which the wait is longer for a tenant that will have used `used`: as in a queue with priorities, it depends on the
    /// part of the places that the tenants before it leave. `lately`: the weight of recent use against daily use, from 1 for a start that
    /// is near, to 0.
    fn delay(&self, used: f64, own: Busy, lately: f64) -> f64 {
        const MOST: f64 = 0.75;
        let before = self.0.partition_point(|(other, _)| *other < used);
        let Some((_, busy)) = before.checked_sub(1).map(|last| self.0[last]) else { return 1.0 };
        let busy = lately * (busy.lately - own.lately) + (1.0 - lately) * (busy.daily - own.daily);
        1.0 / (1.0 - busy.clamp(0.0, MOST))
    }
}

#[derive(Debug, Default)]
struct Waits<'a> {
    all: Waited,
    tenants: HashMap<usize, Waited>,
    profiles: HashMap<usize, Waited>,
    projects: HashMap<usize, Waited>,
    repositories: HashMap<&'a str, Waited>,
}

#[derive(Debug, Default)]
struct Waited {
    count: usize,
    longest_ms: i64,
}

impl Waited {
    fn add(&mut self, waited_ms: i64) {
        self.count += 1;
        self.longest_ms = self.longest_ms.max(waited_ms);
    }
}

fn standing(name: &str, running: usize, limit: Option<usize>, waited: Option<&Waited>) -> LimitStanding {
    LimitStanding {
        name: name.to_owned(),
        running,
        limit,
        waiting: waited.map_or(0, |waited| waited.count),
        longest_wait_seconds: waited.filter(|waited| waited.count > 0).map(|waited| u64::try_from(waited.longest_ms / 1000).unwrap_or(0)),
        ..LimitStanding::default()
    }
}

fn sorted(mut standings: Vec<LimitStanding>) -> Vec<LimitStanding> {
    standings.sort_by(|one, other| one.name.cmp(&other.name));
    standings
}

fn reason(reason: Cause) -> Reason {
    Reason { reason, name: None, running: None, limit: None, burst: None, job: None }
}
