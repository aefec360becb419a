//! The lists of waiting jobs, and how they follow the limits.

use super::{
    Member, Place, PlaceKey, Rank, Schedule, Waiting,
    route::{Flow, Route},
    share::DAILY,
};

impl<T> Schedule<T> {
    /// Removes a waiting job.
    pub(super) fn detach(&mut self, index: usize) -> Waiting<T> {
        if self.jobs[index].flow.is_some() {
            self.withdraw(index);
        }
        let job = self.jobs.remove(index);
        self.tenants[job.tenant].waiting -= 1;
        if let Some(key) = &job.ticket.group
            && let Some(group) = self.groups.get_mut(key)
        {
            if group.offered == Some(index) {
                group.offered = None;
            }
            let member = (job.ticket.age.clone(), job.ticket.arrival);
            match group.members.get_mut(&member) {
                Some(Member { is_announced: true, waiting, .. }) => *waiting = None,
                _ => drop(group.members.remove(&member)),
            }
            self.regroup(key);
        }
        job
    }

    /// Offers the first job of a group if none runs.
    pub(super) fn regroup(&mut self, key: &str) {
        let Some(group) = self.groups.get_mut(key) else { return };
        if group.is_over() {
            self.groups.remove(key);
            return;
        }
        let first = group.first();
        if first == group.offered {
            return;
        }
        let before = std::mem::replace(&mut group.offered, first);
        if let Some(index) = before.filter(|index| self.jobs[*index].flow.is_some()) {
            self.withdraw(index);
        }
        if let Some(index) = first {
            self.offer(index);
        }
    }

    /// Lists a job, so that it may start.
    pub(super) fn offer(&mut self, index: usize) {
        let repository = self.repository(index);
        let job = &mut self.jobs[index];
        let (tenant, route) = (job.tenant, job.route);
        let flows = &mut self.flows;
        let flow = *self.flow_ids.entry([tenant, route, repository]).or_insert_with(|| {
            flows.insert(Flow { tenant, route, repository, lanes: super::lanes::Lanes::default(), listed: Default::default() })
        });
        self.repositories[repository].flows.insert(flow);
        self.flows[flow].lanes.insert(job.ticket.priority, (job.ticket.age.clone(), index));
        job.flow = Some(flow);
        self.relist(flow);
    }

    fn withdraw(&mut self, index: usize) {
        let job = &mut self.jobs[index];
        let Some(flow) = job.flow.take() else { return };
        self.flows[flow].lanes.remove(job.ticket.priority, &(job.ticket.age.clone(), index));
        self.relist(flow);
        if self.flows[flow].lanes.is_empty() {
            let Flow { tenant, route, repository, .. } = self.flows.remove(flow);
            self.flow_ids.remove(&[tenant, route, repository]);
            self.repositories[repository].flows.remove(&flow);
            self.forget_repository(repository);
        }
    }

    /// Lists the first jobs of a flow, if its repository has room.
    fn relist(&mut self, id: usize) {
        let flow = &mut self.flows[id];
        let is_open = self.repositories[flow.repository].counted.is_open();
        let (tenant, route) = (flow.tenant, flow.route);
        let wanted: [Option<Rank>; 3] = flow.lanes.heads().map(|head| head.filter(|_| is_open).cloned());
        if wanted == flow.listed {
            return;
        }
        let before = std::mem::replace(&mut flow.listed, wanted);
        let lanes = &mut self.tenants[tenant].entries.entry(route).or_default().lanes;
        for (priority, (before, now)) in super::lanes::PRIORITIES.into_iter().zip(before.into_iter().zip(&flow.listed)) {
            if before != *now {
                if let Some(before) = before {
                    lanes.remove(priority, &before);
                }
                if let Some(now) = now {
                    lanes.insert(priority, now.clone());
                }
            }
        }
        self.refresh(tenant, route);
    }

    /// To call when the room of a repository has changed.
    pub(super) fn relist_all(&mut self, repository: usize) {
        if self.repositories[repository].counted.limit.is_some() {
            let flows: Vec<usize> = self.repositories[repository].flows.iter().copied().collect();
            for flow in flows {
                self.relist(flow);
            }
        }
        self.forget_repository(repository);
    }

    fn forget_repository(&mut self, id: usize) {
        let repository = &self.repositories[id];
        if repository.counted.running == 0 && repository.flows.is_empty() {
            self.repositories.forget(id);
        }
    }

    /// Updates how a route lists a tenant.
    fn refresh(&mut self, tenant: usize, route: usize) {
        let account = &mut self.tenants[tenant];
        let Some(mut entry) = account.entries.remove(&route) else { return };
        let listed = account.standing(&entry, tenant);
        if let Some(before) = &entry.listed {
            self.routes[route].unlist(before);
        }
        if let Some(now) = &listed {
            self.routes[route].list(now.clone());
        }
        if !entry.lanes.is_empty() {
            entry.listed = listed;
            account.entries.insert(route, entry);
        }
    }

    /// To call when the room or the share of a tenant has changed.
    pub(super) fn refresh_all(&mut self, tenant: usize) {
        let routes: Vec<usize> = self.tenants[tenant].entries.keys().copied().collect();
        for route in routes {
            self.refresh(tenant, route);
        }
    }

    /// Takes a place and charges for it.
    pub(super) fn place(&mut self, tenant: usize, route: usize, repository: usize, cost: f64, now_ms: i64, is_due: bool) -> PlaceKey {
        let Route { class, queue, .. } = self.routes[route];
        let weights = [self.tenants[tenant].rule.weight, self.rules.class(self.queues.name(queue)).1];
        let account = &mut self.tenants[tenant];
        let before_ms = [account.served_ms, account.relieved_ms];
        account.served_ms = now_ms.max(account.served_ms);
        if is_due {
            account.relieved_ms = now_ms;
        }
        let place = Place { tenant, route, class, repository, cost, weights, since_ms: now_ms, before_ms };
        self.charge(&place, cost, now_ms);
        self.count(&place, |counted| *counted += 1);
        self.refresh_all(tenant);
        self.relist_all(repository);
        PlaceKey(self.places.insert(place))
    }

    pub(super) fn charge(&mut self, place: &Place, seconds: f64, now_ms: i64) {
        let [of_tenant, of_class] = place.weights.map(f64::from);
        let account = &mut self.tenants[place.tenant];
        account.share = self.decay.charged(account.share, seconds / of_tenant, now_ms);
        account.daily = DAILY.charged(account.daily, seconds, now_ms);
        self.classes[place.class] = self.decay.charged(self.classes[place.class], seconds / of_class, now_ms);
    }

    /// Changes all counts that include a place.
    pub(super) fn count(&mut self, place: &Place, change: impl Fn(&mut usize)) {
        let Route { profile, project, .. } = self.routes[place.route];
        change(&mut self.running);
        change(&mut self.tenants[place.tenant].running);
        change(&mut self.profiles[profile].running);
        change(&mut self.projects[project].running);
        change(&mut self.repositories[place.repository].counted.running);
    }

    /// Builds all lists again, after a change of limits or pauses.
    pub(super) fn rebuild(&mut self) {
        let (rules, pauses) = (&self.rules, &self.pauses);
        self.tenants.each(|name, account| {
            (account.rule, account.is_paused) = (rules.tenant(name), pauses.tenants.contains(name));
            account.entries.clear();
        });
        self.profiles.each(|name, profile| (profile.limit, profile.is_paused) = (rules.profile(name), pauses.profiles.contains(name)));
        self.queues.each(|name, queue| queue.is_paused = pauses.queues.contains(name));
        self.repositories.each(|name, repository| {
            repository.counted.limit = rules.repository(name);
            repository.flows.clear();
        });
        for route in &mut self.routes {
            let class = self.classes.id(rules.class(self.queues.name(route.queue)).0, Default::default);
            *route = Route::new(route.profile, route.project, route.queue, class);
        }
        self.flows.clear();
        self.flow_ids.clear();
        let jobs: Vec<usize> = self.jobs.iter().map(|(index, _)| index).collect();
        for index in jobs {
            self.jobs[index].flow = None;
            if self.jobs[index].ticket.group.is_none() {
                self.offer(index);
            }
        }
        let groups: Vec<String> = self.groups.keys().cloned().collect();
        for key in groups {
            if let Some(group) = self.groups.get_mut(&key) {
                group.offered = None;
                self.regroup(&key);
            }
        }
    }
}
