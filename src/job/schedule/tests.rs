//! The order of starts, by example and by property.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test's times are small")]

mod forecast;
mod property;
mod share;

use std::time::Duration;

use super::*;
use crate::{
    config::{Limits, RepositoryLimits, TenantLimits, WhenFull},
    job::{
        JobId, Priority, Tenant,
        standing::{Cause, PauseScope},
    },
};

const NOW: i64 = 1_795_000_000_000;
const MINUTE: i64 = 60_000;

fn rules(running: usize) -> Rules {
    let (aging, half_life) = (Duration::from_mins(15), Duration::from_hours(1));
    Rules { limits: Limits { running, per_tenant: running, aging, half_life, ..Limits::default() }, ..Rules::default() }
}

fn tenant_limits(pattern: &str) -> TenantLimits {
    let pattern = pattern.to_owned();
    TenantLimits { pattern, running: None, burst: None, weight: 1, waiting: None, when_full: WhenFull::Wait }
}

/// A job of a tenant, sent `sent_ms` milliseconds after [`NOW`].
fn ticket(tenant: &str, id: &str, sent_ms: i64) -> Ticket {
    Ticket {
        job: JobId::parse(id).unwrap(),
        queue: "jobs".into(),
        profile: "default".to_owned(),
        project: "codebuild".to_owned(),
        tenant: Tenant::parse(tenant).unwrap(),
        repository: format!("github.com/{tenant}/app").into(),
        priority: Priority::Normal,
        group: None,
        age: Age { enqueued_ms: NOW + sent_ms, message_id: id.into() },
        arrival: id.bytes().fold(0, |sum, byte| sum * 256 % 999_999_937 + u64::from(byte)),
    }
}

fn of_priority(tenant: &str, id: &str, sent_ms: i64, priority: Priority) -> Ticket {
    Ticket { priority, ..ticket(tenant, id, sent_ms) }
}

fn of_group(tenant: &str, id: &str, sent_ms: i64, group: &str) -> Ticket {
    Ticket { group: Some(group.to_owned()), ..ticket(tenant, id, sent_ms) }
}

/// The cause, name, running, limit and job of a reason.
type ReasonParts = (Cause, Option<String>, Option<usize>, Option<usize>, Option<String>);

struct World {
    schedule: Schedule<()>,
    now_ms: i64,
    /// The expected seconds of every build.
    cost: f64,
}

impl World {
    fn new(rules: Rules) -> Self {
        Self { schedule: Schedule::new(rules), now_ms: NOW, cost: 300.0 }
    }

    fn push(&mut self, ticket: Ticket) -> Key {
        self.schedule.push(ticket, ())
    }

    /// Starts the next job; returns its id.
    fn start(&mut self) -> Option<(String, PlaceKey)> {
        let next = self.schedule.next(self.now_ms, |_| self.cost)?;
        Some((next.ticket.job.to_string(), next.place))
    }

    /// Starts as many jobs as may start.
    fn starts(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.start().map(|(id, _)| id)).collect()
    }

    /// Starts one job after the other, each when the one before it has ended after `seconds`.
    fn one_by_one(&mut self, seconds: impl Fn(&str) -> f64) -> Vec<String> {
        let mut ids = Vec::new();
        while let Some((id, place)) = self.start() {
            let took = seconds(&id);
            self.now_ms += (took * 1000.0) as i64;
            self.schedule.release(place, Took::Seconds(took), self.now_ms);
            ids.push(id);
        }
        ids
    }

    fn reasons(&self, id: &str) -> Vec<ReasonParts> {
        let stands = self.schedule.stand(self.now_ms, |_, _| self.cost);
        let stand = stands.into_iter().find(|stand| stand.ticket.job.as_str() == id).unwrap();
        stand.wait.reasons.into_iter().map(|reason| (reason.reason, reason.name, reason.running, reason.limit, reason.job)).collect()
    }
}

#[test]
fn jobs_of_a_tenant_start_by_priority_and_then_by_age() {
    let mut world = World::new(rules(1));
    let (high, low) = (Priority::High, Priority::Low);
    world.push(of_priority("a", "low", 0, low));
    world.push(of_priority("a", "n2", 2, Priority::Normal));
    world.push(of_priority("a", "high", 3, high));
    world.push(of_priority("a", "n1", 1, Priority::Normal));
    assert_eq!(world.one_by_one(|_| 1.0), ["high", "n1", "n2", "low"]);
}

#[test]
fn a_refused_job_keeps_its_place_and_its_tenant_the_next_turn() {
    let mut world = World::new(rules(2));
    world.push(ticket("a", "a1", 0));
    world.push(ticket("b", "b1", 1));
    world.push(ticket("a", "a2", 2));
    let (_, place) = world.start().unwrap();
    world.schedule.release(place, Took::Nothing, world.now_ms);
    world.push(ticket("a", "a1", 0));
    assert_eq!(world.starts(), ["a1", "b1"]);
}

#[test]
fn removed_jobs_do_not_start() {
    let mut world = World::new(rules(1));
    let keys = [ticket("a", "a1", 0), ticket("b", "b1", 1), ticket("a", "a2", 2)].map(|ticket| world.push(ticket));
    assert!(world.schedule.remove(keys[0]).is_some() && world.schedule.remove(keys[1]).is_some());
    assert!(world.schedule.remove(keys[0]).is_none(), "a job can be removed only once");
    let late = world.push(ticket("c", "c1", 3));
    assert!(world.schedule.remove(keys[1]).is_none(), "its index belongs to another job now");
    assert_eq!(world.one_by_one(|_| 1.0), ["a2", "c1"].map(str::to_owned));
    assert!(world.schedule.remove(late).is_none() && world.schedule.is_empty());
}

#[test]
fn a_burst_takes_places_that_no_other_tenant_wants_and_gives_them_back_first() {
    let mut rules = rules(4);
    rules.limits.tenants = vec![TenantLimits { running: Some(1), burst: Some(3), ..tenant_limits("a") }];
    let mut world = World::new(rules);
    for number in 0..9 {
        world.push(ticket("a", &format!("a{number}"), number));
    }
    let running: Vec<_> = std::iter::from_fn(|| world.start()).collect();
    assert_eq!(running.len(), 3, "up to its burst");
    for number in 0..9 {
        world.push(ticket("b", &format!("b{number}"), number));
    }
    assert_eq!(world.starts(), ["b0"]);
    for (_, place) in running {
        world.schedule.release(place, Took::Seconds(1.0), world.now_ms);
    }
    assert_eq!(world.starts(), ["a3", "b1", "b2"], "one for its limit, the rest for others");
}

#[test]
fn each_limit_holds_and_blocks_no_other_job() {
    let mut rules = rules(10);
    rules.limits.per_tenant = 4;
    rules.limits.per_repository = Some(2);
    rules.limits.repositories = vec![RepositoryLimits { pattern: "github.com/mono/*".to_owned(), running: 1 }];
    rules.profiles = [("default".to_owned(), None), ("arm".to_owned(), Some(1))].into();
    let mut world = World::new(rules);
    world.schedule.set_room("elsewhere", Some(1), false);
    for number in 0..3 {
        world.push(ticket("a", &format!("a{number}"), number));
        world.push(Ticket { repository: "github.com/mono/repo".into(), ..ticket("b", &format!("b{number}"), number) });
        world.push(Ticket { profile: "arm".to_owned(), ..ticket("c", &format!("c{number}"), number) });
        world.push(Ticket { project: "elsewhere".to_owned(), ..ticket("d", &format!("d{number}"), number) });
    }
    let mut started = world.starts();
    started.sort();
    assert_eq!(started, ["a0", "a1", "b0", "c0", "d0"]);
    let reason = |id: &str| world.reasons(id).remove(0);
    assert_eq!(reason("a2"), (Cause::Repository, Some("github.com/a/app".to_owned()), Some(2), Some(2), None));
    assert_eq!(reason("b1"), (Cause::Repository, Some("github.com/mono/repo".to_owned()), Some(1), Some(1), None));
    assert_eq!(reason("c1"), (Cause::Profile, Some("arm".to_owned()), Some(1), Some(1), None));
    assert_eq!(reason("d1"), (Cause::Project, Some("elsewhere".to_owned()), Some(1), Some(1), None));
}

#[test]
fn groups_run_in_the_order_of_sending_and_do_not_block_each_other() {
    let mut world = World::new(rules(10));
    world.schedule.set_room("closed", None, true);
    world.push(of_group("a", "g2", 2, "g"));
    world.push(Ticket { project: "closed".to_owned(), ..of_group("a", "h1", 0, "h") });
    world.push(of_group("a", "h2", 1, "h"));
    world.push(of_group("b", "g1", 1, "g"));
    assert_eq!(world.starts(), ["g1"]);
    assert_eq!(world.reasons("g2"), [(Cause::Group, Some("g".to_owned()), None, None, Some("g1".to_owned()))]);
    assert_eq!(world.reasons("h1").remove(0).0, Cause::Capacity);
    assert_eq!(world.reasons("h2"), [(Cause::Group, Some("h".to_owned()), None, None, Some("h1".to_owned()))]);
    world.schedule.let_go("g", &JobId::parse("g1").unwrap());
    assert_eq!(world.starts(), ["g2"]);
}

#[test]
fn a_group_waits_for_an_older_announced_job() {
    let mut world = World::new(rules(10));
    let older = of_group("a", "older", 0, "g");
    world.schedule.announce(&older);
    world.push(of_group("a", "younger", 1, "g"));
    assert!(world.starts().is_empty());
    assert_eq!(world.reasons("younger").remove(0).4, Some("older".to_owned()));
    let key = world.push(older.clone());
    world.schedule.remove(key);
    assert!(world.starts().is_empty(), "the announced job is still there");
    world.schedule.retract("g", &older.age, older.arrival);
    assert_eq!(world.starts(), ["younger"]);
}

#[test]
fn paused_jobs_do_not_start_until_they_are_resumed() {
    let scopes = [PauseScope::All, PauseScope::Queue("jobs".into()), PauseScope::Tenant("a".into()), PauseScope::Profile("default".into())];
    for scope in scopes {
        let mut world = World::new(rules(10));
        world.push(ticket("a", "a1", 0));
        let other = Ticket { queue: "other".into(), profile: "other".to_owned(), ..ticket("b", "b1", 1) };
        world.push(other);
        world.schedule.set_pauses(&[Pause { scope: scope.clone(), since: None, reason: None }]);
        let started: &[&str] = if scope == PauseScope::All { &[] } else { &["b1"] };
        assert_eq!(world.starts(), started, "{scope:?}");
        let stands = world.schedule.stand(world.now_ms, |_, _| 1.0);
        let last = &stands.last().unwrap().wait;
        assert_eq!((last.reasons[0].reason, last.position), (Cause::Paused, None), "{scope:?}");
        world.schedule.set_pauses(&[]);
        assert_eq!(world.starts().len(), 2 - started.len());
    }
}

#[test]
fn changed_limits_hold_at_once_and_running_builds_go_on() {
    let mut world = World::new(rules(4));
    for number in 0..9 {
        world.push(ticket("a", &format!("a{number}"), number));
    }
    let running: Vec<_> = std::iter::from_fn(|| world.start()).collect();
    world.schedule.reconfigure(rules(2));
    let started: Vec<usize> = running
        .into_iter()
        .map(|(_, place)| {
            world.schedule.release(place, Took::Seconds(1.0), world.now_ms);
            world.starts().len()
        })
        .collect();
    assert_eq!(started, [0, 0, 1, 1]);
    world.schedule.reconfigure(rules(5));
    assert_eq!(world.starts().len(), 3);
}
