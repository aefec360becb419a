//! Positions, and expected starts.

use super::*;

#[test]
fn positions_are_the_order_of_starts() {
    let mut world = World::new(rules(1));
    for number in 0..10 {
        world.push(ticket("a", &format!("a{number}"), number));
        world.push(of_priority("b", &format!("b{number}"), number, Priority::High));
        world.push(of_group("c", &format!("c{number}"), number, "g"));
    }
    let stands: Vec<String> = world.schedule.stand(world.now_ms, |_, _| 60.0).iter().map(|stand| stand.ticket.job.to_string()).collect();
    world.cost = 60.0;
    let mut order = Vec::new();
    while let Some((id, place)) = world.start() {
        world.schedule.release(place, Took::Seconds(60.0), world.now_ms);
        world.schedule.let_go("g", &JobId::parse(&id).unwrap());
        order.push(id);
    }
    assert_eq!(stands, order);
}

#[test]
fn expected_starts_follow_from_running_builds_and_limits() {
    let mut rules = rules(2);
    rules.limits.tenants = vec![TenantLimits { running: Some(1), ..tenant_limits("a") }];
    let mut world = World::new(rules);
    for number in 0..3 {
        world.push(ticket("a", &format!("a{number}"), number));
    }
    world.push(ticket("b", "b0", 0));
    world.push(ticket("b", "b1", 1));
    assert_eq!(world.starts(), ["a0", "b0"]);
    world.now_ms += 100_000;
    let stands = world.schedule.stand(world.now_ms, |_, _| 300.0);
    let starts: BTreeSet<(&str, u64)> =
        stands.iter().map(|stand| (stand.ticket.job.as_str(), stand.starts_in.unwrap().round() as u64)).collect();
    // The running builds end in 200 s, and the first of several somewhat sooner. A tenant that has used more may be overtaken.
    assert_eq!(starts, [("a1", 150), ("b1", 150), ("a2", 462)].into());
}

#[test]
fn the_end_of_a_running_build_is_expected_by_the_durations_known_now() {
    let mut world = World::new(rules(1));
    // Its duration was not known when it was found running.
    world.schedule.occupy(&ticket("a", "a0", 0), world.now_ms, 300.0);
    world.push(ticket("a", "a1", 1));
    let stands = world.schedule.stand(world.now_ms, |_, _| 1000.0);
    assert!(stands[0].starts_in.is_some_and(|seconds| seconds >= 750.0), "{stands:?}");
}

#[test]
fn the_limits_show_the_burst_of_a_tenant() {
    let mut rules = rules(4);
    let of_a = TenantLimits { running: Some(1), burst: Some(3), waiting: Some(5), when_full: WhenFull::Reject, ..tenant_limits("a") };
    rules.limits.tenants = vec![of_a];
    let mut world = World::new(rules);
    for number in 0..4 {
        world.push(ticket("a", &format!("a{number}"), number));
    }
    assert_eq!(world.starts().len(), 3);
    world.now_ms += 10 * MINUTE;
    let tenant = &world.schedule.limits(world.now_ms).tenants[0];
    assert_eq!((tenant.running, tenant.limit, tenant.burst), (3, Some(1), Some(3)));
    assert_eq!((tenant.waiting, tenant.waiting_limit, tenant.when_full), (1, Some(5), Some(WhenFull::Reject)));
    let sent_ms = ticket("a", "a3", 3).age.enqueued_ms;
    assert_eq!(tenant.longest_wait_seconds, Some(((world.now_ms - sent_ms) / 1000) as u64), "since it was sent");
    let stands = world.schedule.stand(world.now_ms, |_, _| 60.0);
    assert_eq!(stands[0].wait.reasons[0].to_string(), "tenant a runs 3 of 1 (burst 3)");
}
