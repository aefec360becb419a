//! Simulated days of a mixed load: tenants with their rhythms, floods, groups, priorities, limits of every kind. Time is virtual, and what
//! the schedule promises is held at every decision. Longer than most: one world, whose steps are read in order.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use fastrand::Rng;
use slipway::{
    config::{Limits, RepositoryLimits, TenantLimits, WhenFull},
    job::{
        JobId, Priority, Tenant,
        estimate::{Durations, UNKNOWN_SECONDS},
        schedule::{Age, PlaceKey, Rules, Schedule, Ticket, Took},
    },
};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const BEGINNING: i64 = 1_795_000_000_000;
const TENANTS: usize = 24;
const RUNNING: usize = 20;
const OF_REPOSITORY: usize = 6;
const OF_MONOREPO: usize = 3;
/// One in so many decisions is compared with a look at all that wait.
const SAMPLE: u64 = 199;
/// One in so many arrivals is compared with its estimate.
const FORESEEN: u64 = 17;
/// Builds of a repository that are known before its estimates count.
const KNOWN: usize = 20;

/// What the days have shown.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) jobs: u64,
    pub(crate) most_waiting: usize,
    /// The share of the places that was used, of all days.
    pub(crate) busy: f64,
    /// Decisions that were compared with a look at all that wait.
    pub(crate) compared: u64,
    /// Other tenants' first jobs that came while one tenant had a thousand jobs waiting.
    pub(crate) beside_floods: u64,
    /// Starts of a flood at most between such a job's coming and its start.
    pub(crate) flood_before: u64,
    /// Waits that were foreseen within a factor of two or a minute, and all that were compared: of all jobs, and of those that waited, or
    /// were to wait, for half a minute.
    pub(crate) waits: (u64, u64),
    pub(crate) long_waits: (u64, u64),
    /// Builds that took within a factor of two of what was foreseen, and all.
    pub(crate) builds: (u64, u64),
}

#[derive(Debug)]
struct Sent {
    ticket: Ticket,
    seconds: f64,
    flood: bool,
    /// What was foreseen, in seconds.
    foreseen: Option<f64>,
}

struct World {
    rng: Rng,
    rules: Rules,
    schedule: Schedule<Sent>,
    now: i64,
    number: u64,
    decisions: u64,
    running: BTreeMap<(i64, u64), (Arc<Ticket>, PlaceKey, f64)>,
    durations: Durations,
    known: HashMap<String, usize>,
    /// Counted beside the schedule, by kind and name.
    counts: HashMap<(u8, String), usize>,
    /// How many of a tenant's builds were started, and when the last was.
    started: HashMap<String, (u64, i64)>,
    /// Of tenants whose first job came beside a flood and that have started nothing since: who floods, and how many of its builds had
    /// been started. A more urgent job of theirs that comes meanwhile is their first one.
    beside: HashMap<String, (String, u64)>,
    /// The age of the last job of each group that was started.
    groups: HashMap<String, Age>,
    busy_ms: f64,
    report: Report,
}

pub(crate) fn rules() -> Rules {
    let tenant = |pattern: &str| TenantLimits {
        pattern: pattern.to_owned(),
        running: None,
        burst: None,
        weight: 1,
        waiting: None,
        when_full: WhenFull::Wait,
    };
    let limits = Limits {
        running: RUNNING,
        per_tenant: RUNNING,
        per_repository: Some(OF_REPOSITORY),
        tenants: vec![
            TenantLimits { weight: 3, ..tenant("team-0*") },
            TenantLimits { running: Some(4), burst: Some(12), ..tenant("team-1*") },
        ],
        repositories: vec![RepositoryLimits { pattern: "*/mono".to_owned(), running: OF_MONOREPO }],
        aging: Duration::from_mins(15),
        half_life: Duration::from_hours(1),
        ..Limits::default()
    };
    let profiles = [("default".to_owned(), None), ("arm".to_owned(), Some(4))].into();
    Rules { limits, profiles, ..Rules::default() }
}

/// Lives through so many days.
pub(crate) fn run(days: u32, seed: u64) -> Report {
    let rules = rules();
    let mut world = World {
        rng: Rng::with_seed(seed),
        schedule: Schedule::new(rules.clone()),
        rules,
        now: BEGINNING,
        number: 0,
        decisions: 0,
        running: BTreeMap::new(),
        durations: Durations::default(),
        known: HashMap::new(),
        counts: HashMap::new(),
        started: HashMap::new(),
        beside: HashMap::new(),
        groups: HashMap::new(),
        busy_ms: 0.0,
        report: Report::default(),
    };
    for day in 0..days {
        for (at, sent) in world.day(BEGINNING + i64::from(day) * DAY) {
            world.until(at);
            world.arrive(sent);
        }
    }
    let end = BEGINNING + i64::from(days) * DAY;
    world.until(end);
    world.report.busy = world.busy_ms / ((end - BEGINNING) as f64 * RUNNING as f64);
    // Everything comes to its end.
    world.until(i64::MAX);
    assert!(world.schedule.is_empty() && world.running.is_empty(), "{} still wait", world.schedule.len());
    world.report
}

impl World {
    /// What is sent in a day, in order of time.
    fn day(&mut self, from: i64) -> Vec<(i64, Sent)> {
        let mut sent = Vec::new();
        for tenant in 0..TENANTS {
            // Most have a working day; some send as much at night.
            let jobs = self.rng.usize(10..120);
            for _ in 0..jobs {
                let hour = if tenant % 5 == 0 { self.rng.f64() * 24.0 } else { 8.0 + 10.0 * (self.rng.f64() + self.rng.f64()) / 2.0 };
                let at = from + (hour * HOUR as f64) as i64;
                sent.push((at, self.job(tenant, at, false)));
            }
        }
        if self.rng.u32(0..4) == 0 {
            let (tenant, jobs) = (self.rng.usize(0..TENANTS), self.rng.usize(200..4000));
            let at = from + self.rng.i64(6 * HOUR..18 * HOUR);
            for _ in 0..jobs {
                let at = at + self.rng.i64(0..MINUTE);
                sent.push((at, self.job(tenant, at, true)));
            }
        }
        sent.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| one.1.ticket.age.cmp(&other.1.ticket.age)));
        sent
    }

    fn job(&mut self, tenant: usize, at: i64, flood: bool) -> Sent {
        self.number += 1;
        let rng = &mut self.rng;
        let repository = rng.usize(0..4);
        let name = if repository == 0 { "mono".to_owned() } else { format!("app-{repository}") };
        // Each repository has its own usual time; its builds scatter around it.
        let usual = 60.0 * (1 + (tenant * 7 + repository * 3) % 12) as f64;
        let seconds = if flood { 30.0 + 60.0 * rng.f64() } else { usual * (0.6 + 0.4 * (rng.f64() + rng.f64())) };
        let priority = [Priority::High, Priority::Normal, Priority::Normal, Priority::Normal, Priority::Low][rng.usize(0..5)];
        let group = (!flood && rng.u32(0..8) == 0).then(|| format!("team-{tenant:02}/{name}@{}", rng.u32(0..3)));
        let tenant = format!("team-{tenant:02}");
        let ticket = Ticket {
            job: JobId::parse(&format!("job-{}", self.number)).unwrap(),
            queue: "jobs".into(),
            profile: if rng.u32(0..10) == 0 { "arm" } else { "default" }.to_owned(),
            project: "codebuild".to_owned(),
            repository: if flood { format!("github.com/{tenant}/flood") } else { format!("github.com/{tenant}/{name}") }.into(),
            tenant: Tenant::parse(&tenant).unwrap(),
            priority,
            group,
            age: Age { enqueued_ms: at, message_id: format!("{:012}", self.number).into() },
            arrival: self.number,
        };
        Sent { ticket, seconds, flood, foreseen: None }
    }

    /// What ends until then ends.
    fn until(&mut self, time: i64) {
        while let Some(entry) = self.running.first_entry() {
            let end = entry.key().0;
            if end > time {
                break;
            }
            let (ticket, place, seconds) = entry.remove();
            self.pass(end);
            self.schedule.release(place, Took::Seconds(seconds), self.now);
            self.durations.record(&ticket.repository, &ticket.profile, seconds);
            *self.known.entry(ticket.repository.to_string()).or_default() += 1;
            if let Some(group) = &ticket.group {
                self.schedule.let_go(group, &ticket.job);
            }
            for key in keys(&ticket) {
                *self.counts.get_mut(&key).unwrap() -= 1;
            }
            self.start();
        }
        if time < i64::MAX {
            self.pass(time);
        }
    }

    fn pass(&mut self, time: i64) {
        self.busy_ms += (time - self.now) as f64 * self.running.len() as f64;
        self.now = time;
    }

    fn arrive(&mut self, mut sent: Sent) {
        self.report.jobs += 1;
        let tenant = sent.ticket.tenant.to_string();
        let is_first = self.schedule.waiting_of(&tenant) == 0 && self.counts.get(&(1, tenant.clone())).is_none_or(|count| *count == 0);
        let is_first = is_first && self.started.get(&tenant).is_none_or(|(_, last)| *last <= self.now - 15 * MINUTE);
        if is_first && sent.ticket.group.is_none() && sent.ticket.profile == "default" {
            let flooding = (0..TENANTS).map(|tenant| format!("team-{tenant:02}")).find(|name| self.schedule.waiting_of(name) > 1000);
            let before = flooding.map(|name| (name.clone(), self.started.get(&name).copied().unwrap_or_default().0));
            self.beside.extend(before.filter(|(name, _)| *name != tenant).map(|before| (tenant, before)));
        }
        let is_sample = self.report.jobs.is_multiple_of(FORESEEN);
        let key = sent.ticket.job.clone();
        let ticket = sent.ticket.clone();
        if is_sample {
            // As it stands with the job among those that wait.
            let probe = Sent { ticket: ticket.clone(), seconds: 0.0, flood: false, foreseen: None };
            let probe = self.schedule.push(ticket.clone(), probe);
            let stands = self.schedule.stand(self.now, |repository, profile| expected(&self.durations, repository, profile));
            let starts_in = stands.iter().find(|stand| stand.ticket.job == key).and_then(|stand| stand.starts_in);
            sent.foreseen = starts_in.filter(|_| self.known.get(&*ticket.repository).is_some_and(|known| *known >= KNOWN));
            self.schedule.remove(probe);
        }
        self.schedule.push(ticket, sent);
        self.report.most_waiting = self.report.most_waiting.max(self.schedule.len());
        self.start();
    }

    /// Starts as many as may.
    fn start(&mut self) {
        while let Some(next) = self.schedule.next(self.now, |ticket| expected(&self.durations, &ticket.repository, &ticket.profile)) {
            let (sent, ticket) = (next.it, next.ticket);
            for key in keys(&ticket) {
                let limit = self.limit(&key);
                let count = self.counts.entry(key.clone()).or_default();
                *count += 1;
                assert!(limit.is_none_or(|limit| *count <= limit), "{count} builds of {key:?}, where {limit:?} may run");
            }
            if let Some(group) = &ticket.group
                && let Some(before) = self.groups.insert(group.clone(), ticket.age.clone())
            {
                assert!(before < ticket.age, "{} was started after a younger one of its group", ticket.job);
            }
            let started = self.started.entry(ticket.tenant.to_string()).or_default();
            *started = (started.0 + 1, self.now);
            self.judge(&sent, &ticket);
            let end = self.now + (sent.seconds * SECOND as f64) as i64;
            self.running.insert((end, ticket.arrival), (ticket, next.place, sent.seconds));
        }
        self.decisions += 1;
        if self.decisions.is_multiple_of(SAMPLE) {
            self.report.compared += 1;
            for stand in self.schedule.stand(self.now, |_, _| 1.0) {
                let is_kept = stand.ticket.group.as_ref().is_some_and(|_| !stand.wait.reasons.is_empty());
                let full = |key: &(u8, String)| {
                    let limit = self.limit(key);
                    limit.is_some_and(|limit| self.counts.get(key).is_some_and(|count| *count >= limit))
                };
                assert!(is_kept || keys(stand.ticket).any(|key| full(&key)), "{stand:?} waits for nothing");
            }
        }
    }

    fn judge(&mut self, sent: &Sent, ticket: &Ticket) {
        let waited = (self.now - ticket.age.enqueued_ms) as f64 / SECOND as f64;
        let within = |foreseen: f64, was: f64| was <= 2.0 * foreseen && foreseen <= 2.0 * was;
        if let Some(foreseen) = sent.foreseen {
            let right = u64::from(within(foreseen, waited) || (foreseen - waited).abs() <= 60.0);
            self.report.waits = (self.report.waits.0 + right, self.report.waits.1 + 1);
            if foreseen.max(waited) >= 30.0 {
                self.report.long_waits = (self.report.long_waits.0 + right, self.report.long_waits.1 + 1);
            }
        }
        if !sent.flood && self.known.get(&*ticket.repository).is_some_and(|known| *known >= KNOWN) {
            let foreseen = expected(&self.durations, &ticket.repository, &ticket.profile);
            self.report.builds.1 += 1;
            self.report.builds.0 += u64::from(within(foreseen, sent.seconds));
        }
        if let Some((flooding, before)) = self.beside.remove(ticket.tenant.as_str()) {
            self.report.beside_floods += 1;
            let meanwhile = self.started.get(&flooding).copied().unwrap_or_default().0 - before;
            self.report.flood_before = self.report.flood_before.max(meanwhile);
        }
    }

    fn limit(&self, (kind, name): &(u8, String)) -> Option<usize> {
        match kind {
            0 => Some(RUNNING),
            1 => Some(self.rules.tenant(name).burst),
            2 => Some(if name.ends_with("/mono") { OF_MONOREPO } else { OF_REPOSITORY }),
            3 => self.rules.profiles[name],
            _ => Some(1),
        }
    }
}

/// What a ticket counts towards: all, its tenant, repository, profile and group.
fn keys(ticket: &Ticket) -> impl Iterator<Item = (u8, String)> {
    let own = [(0, String::new()), (1, ticket.tenant.to_string()), (2, ticket.repository.to_string()), (3, ticket.profile.clone())];
    own.into_iter().chain(ticket.group.clone().map(|group| (4, group)))
}

fn expected(durations: &Durations, repository: &str, profile: &str) -> f64 {
    durations.expected(repository, profile).unwrap_or(UNKNOWN_SECONDS)
}

/// What holds in every run.
pub(crate) fn check(report: &Report) {
    let share = |(within, all): (u64, u64)| within as f64 / all.max(1) as f64;
    assert!(report.flood_before <= 1, "a flood started {} builds before another tenant's first job", report.flood_before);
    assert!(share(report.waits) >= 0.8, "{:?} waits were foreseen within a factor of two", report.waits);
    assert!(share(report.long_waits) >= 0.7, "{:?} long waits were foreseen within a factor of two", report.long_waits);
    assert!(share(report.builds) >= 0.8, "{:?} builds were foreseen within a factor of two", report.builds);
}
