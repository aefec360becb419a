//! Properties of any sequence of events.

mod model;

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;

use self::model::{Model, pause, rules_of};
use super::*;

/// An event.
#[derive(Debug, Clone)]
enum Event {
    Comes { tenant: usize, repository: usize, profile: usize, queue: usize, priority: usize, group: Option<usize>, late_ms: i64 },
    Leaves(usize),
    Starts,
    Ends(usize, u32),
    Refused(usize),
    Passes(i64),
    Pauses(Option<usize>),
    Room(Option<usize>, bool),
    Limits(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let comes = (0..4usize, 0..3usize, 0..2usize, 0..2usize, 0..3usize, proptest::option::weighted(0.3, 0..2usize), 0..3i64).prop_map(
        |(tenant, repository, profile, queue, priority, group, late)| {
            let late_ms = late * MINUTE;
            Event::Comes { tenant, repository, profile, queue, priority, group, late_ms }
        },
    );
    prop_oneof![
        8 => comes,
        2 => any::<usize>().prop_map(Event::Leaves),
        8 => Just(Event::Starts),
        6 => (any::<usize>(), 0..3600u32).prop_map(|(which, seconds)| Event::Ends(which, seconds)),
        1 => any::<usize>().prop_map(Event::Refused),
        3 => (0..20 * MINUTE).prop_map(Event::Passes),
        1 => proptest::option::of(0..7usize).prop_map(Event::Pauses),
        1 => (proptest::option::of(0..4usize), any::<bool>()).prop_map(|(limit, closed)| Event::Room(limit, closed)),
        1 => (1..6usize).prop_map(Event::Limits),
    ]
}

/// Runs the events, and checks each decision.
fn live(events: Vec<Event>) -> Result<(), TestCaseError> {
    let mut model = Model { rules: rules_of(3), ..Model::default() };
    let mut world = World::new(model.rules.clone());
    for event in events {
        match event {
            Event::Comes { tenant, repository, profile, queue, priority, group, late_ms } => {
                model.arrivals += 1;
                let id = format!("j{}", model.arrivals);
                let ticket = Ticket {
                    queue: format!("q{queue}").into(),
                    profile: format!("p{profile}"),
                    repository: format!("r{repository}").into(),
                    priority: [Priority::High, Priority::Normal, Priority::Low][priority],
                    group: group.map(|group| format!("g{group}")),
                    age: Age { enqueued_ms: world.now_ms - late_ms, message_id: id.as_str().into() },
                    arrival: model.arrivals,
                    ..ticket(&format!("t{tenant}"), &id, 0)
                };
                let key = world.push(ticket.clone());
                model.waiting.push((ticket, key));
            }
            Event::Leaves(which) if !model.waiting.is_empty() => {
                let (_, key) = model.waiting.swap_remove(which % model.waiting.len());
                prop_assert!(world.schedule.remove(key).is_some());
            }
            Event::Ends(which, seconds) if !model.running.is_empty() => {
                let (ticket, place) = model.running.swap_remove(which % model.running.len());
                world.schedule.release(place, Took::Seconds(f64::from(seconds)), world.now_ms);
                if let Some(group) = &ticket.group {
                    world.schedule.let_go(group, &ticket.job);
                }
            }
            Event::Refused(which) if !model.running.is_empty() => {
                let (ticket, place) = model.running.swap_remove(which % model.running.len());
                world.schedule.release(place, Took::Nothing, world.now_ms);
                if let Some(group) = &ticket.group {
                    world.schedule.let_go(group, &ticket.job);
                }
                let key = world.push(ticket.clone());
                model.waiting.push((ticket, key));
            }
            Event::Starts => starts(&mut world, &mut model)?,
            Event::Passes(ms) => world.now_ms += ms,
            Event::Pauses(which) => {
                model.pauses = which.map(pause).into_iter().collect();
                world.schedule.set_pauses(&model.pauses);
            }
            Event::Room(limit, is_closed) => {
                model.room = (limit.map(|limit| limit + 1), is_closed);
                world.schedule.set_room("codebuild", model.room.0, is_closed);
            }
            Event::Limits(running) => {
                model.rules = rules_of(running);
                world.schedule.reconfigure(model.rules.clone());
            }
            Event::Leaves(_) | Event::Ends(..) | Event::Refused(_) => {}
        }
        prop_assert_eq!(world.schedule.len(), model.waiting.len());
        // A job that is shown to wait for nothing could start, and every other job could not.
        for stand in world.schedule.stand(world.now_ms, |_, _| 60.0) {
            let kept: Vec<_> = stand.wait.reasons.iter().filter(|reason| reason.reason != Cause::Tenant).collect();
            let by_burst =
                model.count(|other| other.tenant == stand.ticket.tenant) >= model.rules.tenant(stand.ticket.tenant.as_str()).burst;
            prop_assert_eq!(model.may_start(stand.ticket), kept.is_empty() && !by_burst, "{:?}", stand);
        }
    }
    Ok(())
}

/// Checks a decision: it is within all limits, it is a best one, and it is none only if no job could start.
fn starts(world: &mut World, model: &mut Model) -> Result<(), TestCaseError> {
    let (now_ms, cost) = (world.now_ms, world.cost);
    let could: Vec<&Ticket> = model.waiting.iter().map(|(ticket, _)| ticket).filter(|ticket| model.may_start(ticket)).collect();
    let Some(Next { ticket, place, .. }) = world.schedule.next(now_ms, |_| cost) else {
        prop_assert!(could.is_empty(), "no job starts although {could:?} could");
        return Ok(());
    };
    let ticket = Arc::unwrap_or_clone(ticket);
    prop_assert!(could.contains(&&ticket), "{ticket:?} starts beyond a limit");
    let others_within = could.iter().any(|other| model.is_within(other));
    prop_assert!(model.is_within(&ticket) || !others_within, "{ticket:?} starts by its burst while others wait");
    // It is the best job of its tenant, if queues have no weights.
    let overdue_ms = now_ms - 15 * MINUTE;
    let rank = |ticket: &Ticket| {
        let urgency = if ticket.age.enqueued_ms <= overdue_ms { 0 } else { ticket.priority as usize + 1 };
        (urgency, ticket.age.clone())
    };
    if model.rules.queues.is_empty() {
        let of_tenant = could.iter().filter(|other| other.tenant == ticket.tenant);
        let best = of_tenant.map(|other| rank(other)).min().unwrap();
        prop_assert_eq!(rank(&ticket), best);
    }
    let at = model.waiting.iter().position(|(other, _)| *other == ticket).unwrap();
    model.waiting.swap_remove(at);
    model.running.push((ticket, place));
    Ok(())
}

/// Tenants with weights that always have jobs of varying lengths. Returns the seconds that each has built after a day.
fn share(weights: &[u32], lengths: &[u32]) -> Vec<f64> {
    let mut rules = rules(4);
    rules.limits.aging = Duration::from_hours(48);
    let entry = |(tenant, weight): (usize, &u32)| TenantLimits { weight: *weight, ..tenant_limits(&format!("t{tenant}")) };
    rules.limits.tenants = weights.iter().enumerate().map(entry).collect();
    let mut world = World::new(rules);
    let (mut built, mut number, mut running) = (vec![0.0; weights.len()], 0, BTreeMap::new());
    while world.now_ms < NOW + 24 * 60 * MINUTE {
        for tenant in 0..weights.len() {
            while world.schedule.waiting_of(&format!("t{tenant}")) < 5 {
                number += 1;
                let id = format!("{tenant}-{number}");
                world.push(Ticket { arrival: number, ..ticket(&format!("t{tenant}"), &id, world.now_ms - NOW) });
            }
        }
        while let Some((id, place)) = world.start() {
            let tenant: usize = id[..1].parse().unwrap();
            let seconds = lengths[(tenant + running.len()) % lengths.len()];
            running.insert((world.now_ms + i64::from(seconds) * 1000, number + running.len() as u64), (tenant, place, seconds));
            number += 1;
        }
        let ((end_ms, _), (tenant, place, seconds)) = running.pop_first().unwrap();
        world.now_ms = end_ms;
        built[tenant] += f64::from(seconds);
        world.schedule.release(place, Took::Seconds(f64::from(seconds)), end_ms);
    }
    built
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_decision_keeps_the_limits_and_starts_a_job_if_one_may_start(events in proptest::collection::vec(event(), 1..120)) {
        live(events)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn build_time_is_shared_by_weight_within_a_tenth(
        weights in proptest::collection::vec(1..5u32, 2..5),
        lengths in proptest::collection::vec(30..900u32, 1..5),
    ) {
        let built = share(&weights, &lengths);
        let (all, of_all): (f64, f64) = (built.iter().sum(), weights.iter().map(|weight| f64::from(*weight)).sum());
        for (built, weight) in built.iter().zip(&weights) {
            let (share, due) = (built / all, f64::from(*weight) / of_all);
            prop_assert!((share - due).abs() < 0.1, "{share} of the build time for {due} of the weights");
        }
    }

    #[test]
    fn a_low_job_that_has_waited_too_long_starts_with_the_second_free_place(seconds in 10..900u32, tenants in 1..4usize, running in 1..4usize) {
        let started_ms = low(seconds, tenants, running);
        prop_assert!(started_ms <= 15 * MINUTE + 2 * i64::from(seconds) * 1000, "after {started_ms} ms");
    }
}

/// When a low job starts while its own tenant, which has built for a day, and other tenants always send urgent jobs.
fn low(seconds: u32, tenants: usize, running: usize) -> i64 {
    let mut world = World::new(rules(running));
    world.push(ticket("t0", "before", 0));
    let (_, place) = world.start().unwrap();
    world.schedule.release(place, Took::Seconds(86_400.0), NOW);
    world.push(of_priority("t0", "low", 0, Priority::Low));
    let (mut ends, mut number) = (BTreeMap::new(), 0);
    loop {
        for tenant in 0..=tenants {
            number += 1;
            let id = format!("h{number}");
            world.push(Ticket { arrival: number, ..of_priority(&format!("t{tenant}"), &id, world.now_ms - NOW + 1, Priority::High) });
        }
        while let Some((id, place)) = world.start() {
            if id == "low" {
                return world.now_ms - NOW;
            }
            number += 1;
            ends.insert((world.now_ms + i64::from(seconds) * 1000, number), place);
        }
        let ((end_ms, _), place) = ends.pop_first().unwrap();
        world.now_ms = end_ms;
        world.schedule.release(place, Took::Seconds(f64::from(seconds)), end_ms);
    }
}
