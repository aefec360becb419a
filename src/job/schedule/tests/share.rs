//! Tenants and queues share build time, and no job waits for ever.

use super::*;

#[test]
fn tenants_get_equal_build_time_whatever_the_number_and_length_of_their_jobs() {
    let mut rules = rules(1);
    rules.limits.aging = Duration::from_hours(24);
    let mut world = World::new(rules);
    for number in 0..40 {
        world.push(ticket("hours", &format!("h{number:02}"), number));
        world.push(ticket("minutes", &format!("m{number:02}"), number));
    }
    let order = world.one_by_one(|id| if id.starts_with('h') { 600.0 } else { 60.0 });
    let longs = order[..33].iter().filter(|id| id.starts_with('h')).count();
    assert!((3..=4).contains(&longs), "one long build for ten short ones: {order:?}");
}

#[test]
fn a_flood_delays_the_first_job_of_another_tenant_by_at_most_one_build() {
    let mut world = World::new(rules(40));
    for number in 0..5000 {
        world.push(of_priority("flood", &format!("f{number}"), number, Priority::High));
    }
    let mut running: Vec<PlaceKey> = std::iter::from_fn(|| world.start().map(|(_, place)| place)).collect();
    assert_eq!(running.len(), 40);
    world.now_ms += 30 * MINUTE;
    world.push(of_priority("quiet", "first", 30 * MINUTE, Priority::Low));
    let releases = (1..=40).find(|_| {
        world.schedule.release(running.pop().unwrap(), Took::Seconds(1800.0), world.now_ms);
        world.start().unwrap().0 == "first"
    });
    assert!(releases.unwrap() <= 2, "it was the {releases:?}th");
}

#[test]
fn tenants_share_build_time_by_weight() {
    let mut rules = rules(1);
    rules.limits.tenants = vec![TenantLimits { weight: 3, ..tenant_limits("big-*") }];
    let mut world = World::new(rules);
    for number in 0..100 {
        world.push(ticket("big-one", &format!("b{number:02}"), number));
        world.push(ticket("small", &format!("s{number:02}"), number));
    }
    let order = world.one_by_one(|_| 60.0);
    let big = order[..80].iter().filter(|id| id.starts_with('b')).count();
    assert!((58..=62).contains(&big), "{big} of 80");
}

#[test]
fn queues_with_weights_share_build_time() {
    let mut rules = rules(1);
    rules.queues = [("jobs".to_owned(), 1), ("urgent".to_owned(), 4)].into();
    let mut world = World::new(rules);
    for number in 0..100 {
        world.push(ticket("a", &format!("j{number:02}"), number));
        world.push(Ticket { queue: "urgent".into(), ..ticket("a", &format!("u{number:02}"), number) });
    }
    let order = world.one_by_one(|_| 60.0);
    let urgent = order[..100].iter().filter(|id| id.starts_with('u')).count();
    assert!((78..=82).contains(&urgent), "{urgent} of 100");
}

#[test]
fn a_low_job_that_has_waited_too_long_starts_with_the_next_free_place() {
    let mut world = World::new(rules(1));
    world.push(of_priority("a", "low", 0, Priority::Low));
    for number in 0..100 {
        world.push(of_priority("a", &format!("h{number:02}"), number, Priority::High));
    }
    let order = world.one_by_one(|_| 60.0);
    assert_eq!(order.iter().position(|id| id == "low"), Some(15), "after 15 minutes");
}

#[test]
fn jobs_that_have_waited_too_long_come_first_only_at_every_second_start() {
    let mut rules = rules(1);
    rules.limits.tenants = vec![TenantLimits { weight: 100, ..tenant_limits("big") }];
    let mut world = World::new(rules);
    for number in 0..50 {
        world.push(ticket("big", &format!("b{number:02}"), number));
        world.push(ticket(&format!("small-{number:02}"), &format!("s{number:02}"), number));
    }
    world.now_ms += 60 * MINUTE;
    for number in 0..50 {
        // All tenants have built much, some time ago.
        let (before_ms, cost) = (world.now_ms - 5 * MINUTE, 60_000.0);
        let place = world.schedule.occupy(&ticket(&format!("small-{number:02}"), "before", 0), before_ms, cost);
        world.schedule.release(place, Took::Seconds(cost), world.now_ms);
    }
    let order = world.one_by_one(|_| 1.0);
    let big = order[..40].iter().filter(|id| id.starts_with('b')).count();
    assert!((20..=21).contains(&big), "{order:?}");
}

#[test]
fn a_tenant_that_has_used_much_still_gets_a_place() {
    let mut world = World::new(rules(1));
    world.push(ticket("heavy", "h", 0));
    let (_, place) = world.start().unwrap();
    world.schedule.release(place, Took::Seconds(80_000.0), world.now_ms);
    world.push(ticket("heavy", "heavy", 0));
    for number in 0..100 {
        world.push(ticket("light", &format!("l{number:02}"), number));
    }
    let order = world.one_by_one(|_| 60.0);
    assert_eq!(order.iter().position(|id| id == "heavy"), Some(15));
}
