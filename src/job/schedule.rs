//! The order in which waiting jobs start. Decisions only: the time, the expected costs and the room in CodeBuild are arguments.
//!
//! The tenant that has used the least build time for its weight comes next (`share`). Of its jobs, one that has waited too long comes
//! first, then the one with the higher priority, then the older one. A tenant comes before all others if its oldest job has waited too
//! long, or if it has had no build for as long. That happens at most once in that time, so that a tenant with many old jobs gains nothing.
//! For an old job it happens only at every second start, so that shares hold when many jobs have waited too long.
//!
//! A waiting job is listed for decisions only while no limit of its own keeps it back. Of a group only the first job is offered. The
//! offered jobs of one tenant, `Route` and repository are a `Flow`. A flow is listed in the `Entry` of its tenant while the repository has
//! room, and the entry in its route while the tenant has room. When a limit fills or frees, only the lists that it concerns change, so a
//! decision, an arrival and a removal cost little.

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

/// The waiting jobs and the running builds. `T` is the caller's data for a waiting job. Times are milliseconds since 1970.
#[derive(Debug)]
pub struct Schedule<T> {
    rules: Rules,
    decay: Decay,
    pauses: Pauses,
    /// Whether the last start was that of a job that had waited too long.
    was_aged: bool,
    running: usize,
    jobs: Slab<Waiting<T>>,
    places: Slab<Place>,
    tenants: Names<Account>,
    profiles: Names<Counted>,
    /// Limited to the builds that CodeBuild was found to run at once; paused after a refusal.
    projects: Names<Counted>,
    queues: Names<Counted>,
    /// The use of each queue for its weight. All queues share one entry if they have no weights.
    classes: Names<Share>,
    repositories: Names<Repository>,
    routes: Vec<Route>,
    route_ids: HashMap<[usize; 3], usize>,
    flows: Slab<Flow>,
    flow_ids: HashMap<[usize; 3], usize>,
    groups: HashMap<String, Group>,
    /// Tenants without waiting jobs and running builds, by their use.
    idle: BTreeSet<(Share, usize)>,
}

/// A waiting job.
#[derive(Debug)]
struct Waiting<T> {
    ticket: Arc<Ticket>,
    it: T,
    tenant: usize,
    route: usize,
    /// The flow in which it is offered.
    flow: Option<usize>,
}

/// A running build's place under the limits.
#[derive(Debug)]
struct Place {
    tenant: usize,
    route: usize,
    class: usize,
    repository: usize,
    /// The seconds that were charged for it, and the weights that they were divided by.
    cost: f64,
    weights: [u32; 2],
    since_ms: i64,
    /// The tenant's `served_ms` and `relieved_ms` before the start.
    before_ms: [i64; 2],
}

/// Identifies a waiting job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    index: usize,
    arrival: u64,
}

/// Identifies a running build's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlaceKey(usize);

/// The job that starts next.
#[derive(Debug)]
pub struct Next<T> {
    pub it: T,
    pub ticket: Arc<Ticket>,
    /// Already taken.
    pub place: PlaceKey,
}

/// What a place was used for, for the charge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Took {
    /// No build: CodeBuild had no room. Nothing is charged.
    Nothing,
    /// A build of this many seconds.
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

    /// Adds a waiting job.
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

    /// Removes a waiting job. `None`: it no longer waits.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        self.jobs.get(key.index).filter(|job| job.ticket.arrival == key.arrival)?;
        let job = self.detach(key.index);
        self.settle(job.tenant);
        Some(job.it)
    }

    /// Takes the next job that may start, and a place for it. `None`: no job may start. `cost`: the expected seconds of its build.
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

    /// Takes a place for a build that already runs, whatever the limits are.
    pub fn occupy(&mut self, ticket: &Ticket, since_ms: i64, cost: f64) -> PlaceKey {
        let (tenant, route) = (self.tenant(ticket.tenant.as_str()), self.route(ticket));
        let limit = || self.rules.repository(&ticket.repository);
        let repository = self.repositories.id(&ticket.repository, || Repository::new(limit()));
        self.place(tenant, route, repository, cost, since_ms, false)
    }

    /// Frees the place of a build that ended or never ran, and corrects the charge.
    pub fn release(&mut self, place: PlaceKey, took: Took, now_ms: i64) {
        let place = self.places.remove(place.0);
        let account = &mut self.tenants[place.tenant];
        if took == Took::Nothing && account.served_ms == place.since_ms {
            // The tenant keeps its turn.
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

    /// Sets the room in a project: at most `limit` builds, and no start while it is closed.
    pub fn set_room(&mut self, project: &str, limit: Option<usize>, is_closed: bool) {
        let id = self.projects.id(project, Counted::default);
        let counted = &mut self.projects[id];
        (counted.limit, counted.is_paused) = (limit, is_closed);
    }

    /// Changes the limits. Builds beyond the new limits keep running.
    pub fn reconfigure(&mut self, rules: Rules) {
        self.decay = Decay::new(rules.limits.half_life);
        self.rules = rules;
        self.rebuild();
    }

    /// Replaces all pauses.
    pub fn set_pauses(&mut self, pauses: &[Pause]) {
        let pauses = Pauses::of(pauses);
        if pauses != self.pauses {
            self.pauses = pauses;
            self.rebuild();
        }
    }

    /// How many jobs wait.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether no job waits.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// How many builds run in a project.
    pub fn running_in(&self, project: &str) -> usize {
        self.projects.find(project).map_or(0, |project| project.running)
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// How many jobs of a tenant wait.
    pub fn waiting_of(&self, tenant: &str) -> usize {
        self.tenants.find(tenant).map_or(0, |account| account.waiting)
    }
}
