//! Who is next among the jobs that wait, and what stands in the others' way. Decisions only: time, costs and what CodeBuild has room for
//! come in as arguments.
//!
//! A tenant's turn comes when it has used least build time for its weight (`share`); of a tenant, the job that has waited too long goes
//! first, then the more urgent, then the older one. Whatever was used: a tenant goes before all others when its oldest job has waited too
//! long, or when nothing of it has been built for as long; but only once in that time, so that a flood gains nothing by its age, and for a
//! job's age only with every second start, so that shares hold among many that wait too long.
//!
//! A job that waits is listed where a decision looks for it only as long as no limit of its own keeps it back: of its group only the first
//! is offered; the offered jobs of one tenant, `Route` and repository are a `Flow`; a flow is listed in its tenant's `Entry` while the
//! repository has room, and the entry in its route while the tenant has. Each limit that fills or frees moves what it concerns, and a
//! decision, an arrival and a leave touch no more than that.

mod account;
mod decision;
mod forecast;
mod group;
mod headroom;
mod lanes;
mod listing;
mod names;
mod numbers;
mod route;
mod rules;
mod share;
mod standing;
#[cfg(test)]
mod tests;
mod ticket;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use slab::Slab;

use self::{
    account::{Account, Waits},
    group::{Group, Member},
    lanes::Rank,
    names::Names,
    route::{Counted, Flow, Repository, Route},
    rules::Pauses,
    share::{Decay, Share},
};
pub use self::{
    headroom::Headroom,
    rules::{Rules, TenantRule},
    standing::Stand,
    ticket::{Age, Ticket},
};
use super::standing::Pause;

/// The jobs that wait, and what runs. `T` is what waits. Times are milliseconds since 1970.
#[derive(Debug)]
pub struct Schedule<T> {
    rules: Rules,
    decay: Decay,
    pauses: Pauses,
    /// The last start was of a job that had waited too long.
    was_aged: bool,
    running: usize,
    jobs: Slab<Waiting<T>>,
    places: Slab<Place>,
    tenants: Names<Account>,
    profiles: Names<Counted>,
    /// Limited by what CodeBuild was found to take; paused after a refusal.
    projects: Names<Counted>,
    queues: Names<Counted>,
    /// What each queue has used for its weight; one for all where queues make no difference.
    classes: Names<Share>,
    repositories: Names<Repository>,
    routes: Vec<Route>,
    route_ids: HashMap<[usize; 3], usize>,
    flows: Slab<Flow>,
    flow_ids: HashMap<[usize; 3], usize>,
    groups: HashMap<String, Group>,
    /// Tenants of whom nothing waits or runs.
    idle: BTreeSet<(Share, usize)>,
}

/// One that waits.
#[derive(Debug)]
struct Waiting<T> {
    ticket: Arc<Ticket>,
    it: T,
    tenant: usize,
    route: usize,
    /// Where it is offered.
    flow: Option<usize>,
}

/// One that runs.
#[derive(Debug)]
struct Place {
    tenant: usize,
    route: usize,
    class: usize,
    repository: usize,
    /// What was charged for it, in seconds, and to which weights.
    cost: f64,
    weights: [u32; 2],
    since_ms: i64,
    /// When its tenant was served before, and relieved.
    before_ms: [i64; 2],
}

/// Which one of those that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    index: usize,
    arrival: u64,
}

/// One of those that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlaceKey(usize);

/// Whose turn it is.
#[derive(Debug)]
pub struct Next<T> {
    pub it: T,
    pub ticket: Arc<Ticket>,
    /// Taken for it already.
    pub place: PlaceKey,
}

/// What a place was used for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Took {
    /// Nothing: CodeBuild had no room.
    Nothing,
    /// A build of so many seconds.
    Seconds(f64),
}

impl<T> Schedule<T> {
    pub fn new(rules: Rules) -> Self {
        Self {
            decay: Decay::new(rules.limits.half_life),
            rules,
            pauses: Pauses::default(),
            was_aged: false,
            running: 0,
            jobs: Slab::new(),
            places: Slab::new(),
            tenants: Names::default(),
            profiles: Names::default(),
            projects: Names::default(),
            queues: Names::default(),
            classes: Names::default(),
            repositories: Names::default(),
            routes: Vec::new(),
            route_ids: HashMap::new(),
            flows: Slab::new(),
            flow_ids: HashMap::new(),
            groups: HashMap::new(),
            idle: BTreeSet::new(),
        }
    }

    /// Joins those that wait.
    pub fn push(&mut self, ticket: impl Into<Arc<Ticket>>, it: T) -> Key {
        let ticket = ticket.into();
        let tenant = self.tenant(ticket.tenant.as_str());
        let route = self.route(&ticket);
        self.tenants[tenant].waiting += 1;
        let (group, arrival) = (ticket.group.clone(), ticket.arrival);
        let age = ticket.age.clone();
        let index = self.jobs.insert(Waiting { ticket, it, tenant, route, flow: None });
        if let Some(group) = group {
            let job = &self.jobs[index].ticket.job;
            let members = &mut self.groups.entry(group.clone()).or_default().members;
            let member = members.entry((age, arrival)).or_insert_with(|| Member { job: job.clone(), is_announced: false, waiting: None });
            member.waiting = Some(index);
            self.regroup(&group);
        } else {
            self.offer(index);
        }
        Key { index, arrival }
    }

    /// Leaves those that wait, if it still does.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        self.jobs.get(key.index).filter(|job| job.ticket.arrival == key.arrival)?;
        let job = self.detach(key.index);
        self.settle(job.tenant);
        Some(job.it)
    }

    /// Takes the next one, if one may start, and a place for it. `cost`: how many seconds its build is expected to take.
    pub fn next(&mut self, now_ms: i64, cost: impl FnOnce(&Ticket) -> f64) -> Option<Next<T>> {
        let (index, due) = self.choose(now_ms)?;
        let cost = cost(&self.jobs[index].ticket);
        let (tenant, route) = (self.jobs[index].tenant, self.jobs[index].route);
        let repository = self.repository(index);
        self.was_aged = due == Some(Waits::Job);
        let place = self.place(tenant, route, repository, cost, now_ms, due.is_some());
        let ticket = &self.jobs[index].ticket;
        if let Some((group, job)) = ticket.group.clone().map(|group| (group, ticket.job.clone())) {
            self.hold(&group, &job);
        }
        let Waiting { ticket, it, .. } = self.detach(index);
        Some(Next { it, ticket, place })
    }

    /// A place for a build that runs already, whatever the limits say.
    pub fn occupy(&mut self, ticket: &Ticket, since_ms: i64, cost: f64) -> PlaceKey {
        let (tenant, route) = (self.tenant(ticket.tenant.as_str()), self.route(ticket));
        let limit = || self.rules.repository(&ticket.repository);
        let repository = self.repositories.id(&ticket.repository, || Repository::new(limit()));
        self.place(tenant, route, repository, cost, since_ms, false)
    }

    /// A build no longer runs, or never did.
    pub fn release(&mut self, place: PlaceKey, took: Took, now_ms: i64) {
        let place = self.places.remove(place.0);
        let account = &mut self.tenants[place.tenant];
        if took == Took::Nothing && account.served_ms == place.since_ms {
            // Its turn is still to come.
            [account.served_ms, account.relieved_ms] = place.before_ms;
        }
        let took = if let Took::Seconds(seconds) = took { seconds } else { 0.0 };
        let correction = self.decay.left(took - place.cost, place.since_ms, now_ms);
        self.charge(&place, correction, now_ms);
        self.count(&place, |counted| *counted -= 1);
        self.refresh_all(place.tenant);
        self.relist_all(place.repository);
        self.settle(place.tenant);
    }

    /// What CodeBuild has room for in a project: so many builds at most, and none while it is closed.
    pub fn set_room(&mut self, project: &str, limit: Option<usize>, is_closed: bool) {
        let id = self.projects.id(project, Counted::default);
        let counted = &mut self.projects[id];
        (counted.limit, counted.is_paused) = (limit, is_closed);
    }

    /// Other limits from now on. What runs beyond them runs out.
    pub fn reconfigure(&mut self, rules: Rules) {
        self.decay = Decay::new(rules.limits.half_life);
        self.rules = rules;
        self.rebuild();
    }

    /// What does not start from now on, and nothing else.
    pub fn set_pauses(&mut self, pauses: &[Pause]) {
        let pauses = Pauses::of(pauses);
        if pauses != self.pauses {
            self.pauses = pauses;
            self.rebuild();
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// How many run in a project.
    pub fn running_in(&self, project: &str) -> usize {
        self.projects.find(project).map_or(0, |project| project.running)
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// How many of a tenant's jobs wait.
    pub fn waiting_of(&self, tenant: &str) -> usize {
        self.tenants.find(tenant).map_or(0, |account| account.waiting)
    }
}
