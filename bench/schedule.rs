//! `cargo bench --bench schedule`: what a decision, an arrival and a leaving cost among 1,000 to 100,000 waiting jobs of 1,000 tenants.
//!
//! `-- --days N` lives through N simulated days of a mixed load and holds every decision to the schedule's promises; `-- --plot FILE`
//! draws a flooding tenant beside another as an SVG.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark fails by panicking, and prints what it measured")]
#![expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "times and counts are far below 2^52")]

#[path = "schedule/days.rs"]
mod days;
#[path = "schedule/plot.rs"]
mod plot;

use std::{hint::black_box, sync::Arc, time::Duration};

use fastrand::Rng;
use slipway::{
    config::{Limits, TenantLimits, WhenFull},
    job::{
        JobId, Priority, Tenant,
        schedule::{Age, Key, PlaceKey, Rules, Schedule, Ticket, Took},
        standing::{Pause, PauseScope},
    },
};
use tokio::time::Instant;

const TENANTS: usize = 1000;
const ROUNDS: usize = 20_000;
const NOW: i64 = 1_795_000_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1).cloned();
    if let Some(file) = value("--plot") {
        std::fs::write(&file, plot::svg()).unwrap();
        println!("{file} is written");
        return;
    }
    if let Some(count) = value("--days") {
        return live(count.parse().unwrap());
    }
    println!("| waiting | a decision | an arrival | a leaving | an end | all standings |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    for waiting in [1_000, 10_000, 100_000] {
        println!("{}", Crowd::new(waiting).measure(waiting));
    }
}

fn live(days: u32) {
    let began = Instant::now();
    let report = days::run(days, 1);
    let share = |(within, all): (u64, u64)| format!("{:.0} % of {all}", 100.0 * within as f64 / all.max(1) as f64);
    println!("{days} days, {} jobs, at most {} waiting, {:.0} % of the places used", report.jobs, report.most_waiting, 100.0 * report.busy);
    println!("decisions compared with a look at all that wait: {}", report.compared);
    println!(
        "first jobs beside a flood: {}; builds that the flood started before one of them: at most {}",
        report.beside_floods, report.flood_before
    );
    println!("waits foreseen within a factor of two, or a minute: {} jobs", share(report.waits));
    println!("of those that waited, or were to wait, for half a minute: {}", share(report.long_waits));
    println!("builds foreseen within a factor of two: {}", share(report.builds));
    println!("took {:.1} s", began.elapsed().as_secs_f64());
    days::check(&report);
}

/// A crowd in which everything is full: each tenth tenant is paused, each fifth at its limit, each eighth job in a group.
struct Crowd {
    rng: Rng,
    schedule: Schedule<()>,
    waiting: Vec<Key>,
    running: Vec<(Arc<Ticket>, PlaceKey)>,
    number: u64,
}

impl Crowd {
    fn new(waiting: usize) -> Self {
        let own = |pattern: &str, running| TenantLimits {
            pattern: pattern.to_owned(),
            running,
            burst: None,
            weight: 2,
            waiting: None,
            when_full: WhenFull::Wait,
        };
        let limits = Limits {
            running: 400,
            per_tenant: 40,
            per_repository: Some(4),
            tenants: vec![own("tenant-*5", Some(1)), own("tenant-*0", Some(1)), own("tenant-*7", None)],
            aging: Duration::from_mins(15),
            half_life: Duration::from_hours(1),
            ..Limits::default()
        };
        let profiles = (0..10).map(|number| (format!("profile-{number}"), (number == 0).then_some(20))).collect();
        let schedule = Schedule::new(Rules { limits, profiles, ..Rules::default() });
        let mut crowd = Self { rng: Rng::with_seed(7), schedule, waiting: Vec::new(), running: Vec::new(), number: 0 };
        let pause = |number: usize| Pause { scope: PauseScope::Tenant(format!("tenant-{number}")), since: None, reason: None };
        crowd.schedule.set_pauses(&(0..TENANTS).step_by(10).map(|number| pause(number + 1)).collect::<Vec<_>>());
        for _ in 0..waiting {
            let ticket = crowd.ticket();
            crowd.push(ticket);
        }
        while crowd.start().is_some() {}
        while crowd.schedule.len() < waiting {
            let ticket = crowd.ticket();
            crowd.push(ticket);
        }
        crowd
    }

    fn ticket(&mut self) -> Ticket {
        self.number += 1;
        let rng = &mut self.rng;
        let tenant = rng.usize(0..TENANTS);
        let group = (rng.u32(0..8) == 0).then(|| format!("group-{tenant}-{}", rng.u32(0..2)));
        Ticket {
            job: JobId::parse(&format!("job-{}", self.number)).unwrap(),
            queue: "jobs".into(),
            profile: format!("profile-{}", tenant % 10),
            project: "codebuild".to_owned(),
            tenant: Tenant::parse(&format!("tenant-{tenant}")).unwrap(),
            repository: format!("github.com/acme/{tenant}-{}", rng.u32(0..5)).into(),
            priority: [Priority::High, Priority::Normal, Priority::Low][rng.usize(0..3)],
            group,
            age: Age { enqueued_ms: NOW + i64::try_from(self.number).unwrap(), message_id: format!("{:032x}", rng.u128(..)).into() },
            arrival: self.number,
        }
    }

    fn push(&mut self, ticket: Ticket) {
        let key = self.schedule.push(ticket, ());
        self.waiting.push(key);
    }

    fn start(&mut self) -> Option<()> {
        let next = self.schedule.next(NOW, |_| 300.0)?;
        self.running.push((next.ticket, next.place));
        Some(())
    }

    /// Builds end and others start; jobs come, and some leave: everything as it is in a full house.
    fn measure(&mut self, waiting: usize) -> String {
        let mut times: [Vec<Duration>; 4] = Default::default();
        for _ in 0..ROUNDS {
            let at = self.rng.usize(0..self.running.len());
            let (ticket, place) = self.running.swap_remove(at);
            let began = Instant::now();
            self.schedule.release(place, Took::Seconds(240.0), NOW);
            if let Some(group) = &ticket.group {
                self.schedule.let_go(group, &ticket.job);
            }
            times[3].push(began.elapsed());
            let began = Instant::now();
            let next = self.schedule.next(NOW, |_| 300.0);
            times[0].push(began.elapsed());
            self.running.extend(next.map(|next| (next.ticket, next.place)));
            let ticket = self.ticket();
            let began = Instant::now();
            let key = self.schedule.push(ticket, ());
            times[1].push(began.elapsed());
            self.waiting.push(key);
            // One that has started meanwhile is no longer there.
            let at = self.rng.usize(0..self.waiting.len());
            let key = self.waiting.swap_remove(at);
            let began = Instant::now();
            let left = self.schedule.remove(key);
            let took = began.elapsed();
            if left.is_some() {
                times[2].push(took);
            }
            while self.schedule.len() < waiting {
                let ticket = self.ticket();
                self.push(ticket);
            }
        }
        let began = Instant::now();
        black_box(self.schedule.stand(NOW, |_, _| 300.0));
        black_box(self.schedule.limits(NOW));
        let standing = began.elapsed();
        let [decision, arrival, leaving, end] = times.map(told);
        format!("| {waiting} | {decision} | {arrival} | {leaving} | {end} | {:.1} ms |", standing.as_secs_f64() * 1e3)
    }
}

/// The mean, and what 99 of 100 stay below.
fn told(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let mean = times.iter().sum::<Duration>().as_secs_f64() / times.len() as f64;
    format!("{:.1} µs ({:.1})", mean * 1e6, times[times.len() * 99 / 100].as_secs_f64() * 1e6)
}
