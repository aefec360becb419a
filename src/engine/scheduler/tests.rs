//! What is shown of those that wait, and what changes while they do.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_util::FutureExt;

use super::{standing::Waiter, *};
use crate::job::{
    JobId, Priority, Tenant,
    build::Build,
    outcome::{Outcome, Verdict},
    schedule::Age,
    standing::{Cause, PauseScope},
};

fn config(running: usize) -> Config {
    let limits = [("SLIPWAY__LIMITS__RUNNING".to_owned(), running.to_string())];
    crate::config::parse(include_str!("../../../config/local.toml"), "local.toml", limits).unwrap()
}

fn scheduler(running: usize) -> Scheduler {
    let config = config(running);
    Scheduler::new(&config, Clock::starting_at("2026-11-22T10:00:00Z".parse().unwrap()), &Backlog::new(&config))
}

fn ticket(scheduler: &Scheduler, tenant: &str, id: &str) -> Arc<Ticket> {
    Arc::new(Ticket {
        job: JobId::parse(id).unwrap(),
        queue: "slipway-jobs".into(),
        profile: "default".to_owned(),
        project: "slipway".to_owned(),
        tenant: Tenant::parse(tenant).unwrap(),
        repository: "github.com/acme/app".into(),
        priority: Priority::Normal,
        group: None,
        age: Age { enqueued_ms: scheduler.now_ms(), message_id: id.into() },
        arrival: scheduler.arrival(),
    })
}

/// Hands out what is free, as the service does.
async fn serve(scheduler: &Scheduler) {
    tokio::time::timeout(Duration::from_secs(2), scheduler.clone().serve()).await.unwrap_err();
}

/// The reasons and positions of those that wait, in the order of their turn.
fn waits(scheduler: &Scheduler) -> Vec<(Vec<Cause>, Option<usize>)> {
    let wait = |waiter: Waiter| {
        let reasons = waiter.wait.reasons.iter().map(|reason| reason.reason).collect();
        (reasons, waiter.wait.position)
    };
    scheduler.standing().waiting.into_iter().map(wait).collect()
}

fn built(slot: &mut Slot, seconds: i64) {
    let start: jiff::Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let ended_at = start + jiff::SignedDuration::from_secs(seconds);
    let build = Build { started: Some(start.into()), ended: Some(ended_at.into()), ..Build::default() };
    slot.built(&build, &Verdict::Ended(Outcome { status: crate::job::outcome::Status::Succeeded, failure: None }));
}

#[tokio::test(start_paused = true)]
async fn everyone_who_waits_is_shown_with_the_reason_the_position_and_the_time() {
    let scheduler = scheduler(1);
    let mut first = Box::pin(scheduler.admit(ticket(&scheduler, "a", "first"), true));
    assert!((&mut first).now_or_never().is_none());
    serve(&scheduler).await;
    let mut slot = first.now_or_never().unwrap().unwrap();
    slot.accepted();
    let mut others: Vec<_> = ["b1", "b2"].map(|id| Box::pin(scheduler.admit(ticket(&scheduler, "b", id), true))).into();
    for other in &mut others {
        assert!(other.now_or_never().is_none());
    }
    assert_eq!(waits(&scheduler), [(vec![Cause::Limit], Some(1)), (vec![Cause::Limit], Some(2))]);
    assert_eq!(scheduler.standing().waiting[0].wait.estimate_seconds, None, "nothing is known yet");
    built(&mut slot, 100);
    let standing = scheduler.standing();
    let estimates: Vec<_> = standing.waiting.iter().map(|waiter| waiter.wait.estimate_seconds.unwrap()).collect();
    // What runs was taken to cost 300 s while nothing was known, and is known to take 100 s now; the second waits for one more such build.
    assert_eq!(estimates, [[49, 120], [116, 270]]);
    assert_eq!(
        (scheduler.usual("github.com/acme/app", "default"), scheduler.left("x", "default", Duration::from_secs(40))),
        (Some([100, 100]), Some([60, 60]))
    );
    let all = &standing.limits.all;
    assert_eq!((all.running, all.limit, all.waiting, all.longest_wait_seconds), (1, Some(1), 2, Some(0)));
    let tenants: Vec<_> = standing.limits.tenants.iter().map(|it| (it.name.as_str(), it.running, it.waiting, it.weight)).collect();
    assert_eq!(tenants, [("a", 1, 0, Some(1)), ("b", 0, 2, Some(1))]);
    drop(others.remove(0));
    assert_eq!(waits(&scheduler), [(vec![Cause::Limit], Some(1))]);
}

/// A deadline from a second look may be over already, and then nobody waits for it: the line stood still, in a daemon that starts hundreds of
/// builds a second, until something else changed.
#[tokio::test(start_paused = true)]
async fn the_look_that_holds_a_start_back_says_when_to_look_again() {
    let scheduler = scheduler(1000);
    let mut jobs: Vec<_> = (0..25).map(|n| Box::pin(scheduler.admit(ticket(&scheduler, "a", &format!("a-{n}")), true))).collect();
    assert!(jobs.iter_mut().all(|job| job.as_mut().now_or_never().is_none()));
    let mut starts = Vec::new();
    let opening = loop {
        match scheduler.turn() {
            Turn::Starts(sender, slot) => starts.push((sender, slot)),
            Turn::Waits(opening) => break opening.unwrap(),
        }
    };
    assert_eq!(starts.len(), 20, "as many as a daemon starts at once that knows nothing yet");
    assert!(opening > Instant::now());
    sleep_until(opening).await;
    assert!(matches!(scheduler.turn(), Turn::Starts(..)));
}

#[tokio::test(start_paused = true)]
async fn codebuilds_words_are_shown_until_the_project_opens_again() {
    let scheduler = scheduler(3);
    let mut jobs: Vec<_> = ["a", "b"].map(|id| Box::pin(scheduler.admit(ticket(&scheduler, id, id), true))).into();
    for job in &mut jobs {
        assert!(job.now_or_never().is_none());
    }
    serve(&scheduler).await;
    let mut slots: Vec<_> = jobs.into_iter().map(|job| job.now_or_never().unwrap().unwrap()).collect();
    slots[0].accepted();
    slots.remove(1).refused("Cannot have more than 1 builds in queue");
    let mut again = Box::pin(scheduler.admit(ticket(&scheduler, "b", "b"), false));
    assert!((&mut again).now_or_never().is_none());
    let standing = scheduler.standing();
    let reasons: Vec<_> = standing.waiting[0].wait.reasons.iter().map(|reason| (reason.reason, reason.name.as_deref())).collect();
    assert_eq!(reasons, [(Cause::Project, Some("slipway")), (Cause::Capacity, Some("Cannot have more than 1 builds in queue"))]);
    let project = &standing.limits.projects[0];
    assert_eq!((project.limit, project.learned, project.running), (None, Some(1), 1));
    assert_eq!(project.refusal.as_deref(), Some("Cannot have more than 1 builds in queue"));
    assert!(project.learned_at.as_deref().is_some_and(|at| at.starts_with("2026-11-22T10:00:")));
    drop(slots);
    serve(&scheduler).await;
    again.now_or_never().unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn other_limits_and_pauses_reach_those_that_wait() {
    let scheduler = scheduler(1);
    let pause = Pause { scope: PauseScope::Tenant("a".to_owned()), since: None, reason: Some("maintenance".to_owned()) };
    scheduler.set_pauses(std::slice::from_ref(&pause));
    let mut jobs: Vec<_> =
        [("a", "a1"), ("b", "b1"), ("b", "b2")].map(|(tenant, id)| Box::pin(scheduler.admit(ticket(&scheduler, tenant, id), true))).into();
    for job in &mut jobs {
        assert!(job.now_or_never().is_none());
    }
    serve(&scheduler).await;
    let mut started = |index: usize| (&mut jobs[index]).now_or_never().map(Result::unwrap);
    let (_first, second) = (started(1).unwrap(), started(2));
    assert!(started(0).is_none() && second.is_none());
    assert_eq!(waits(&scheduler)[1], (vec![Cause::Paused, Cause::Limit], None));
    assert_eq!(scheduler.standing().limits.pauses, [pause]);
    scheduler.reconfigure(&config(3));
    scheduler.set_pauses(&[]);
    serve(&scheduler).await;
    assert!(started(0).is_some() && started(2).is_some());
}

#[tokio::test(start_paused = true)]
async fn what_is_paused_gives_its_place_in_the_count_up_and_a_flood_leaves_half_of_the_places() {
    let mut config = config(4);
    config.limits.waiting = 100;
    let backlog = Backlog::new(&config);
    let scheduler = Scheduler::new(&config, Clock::system(), &backlog);
    let mut counted = Vec::new();
    for number in 0..90 {
        let place = backlog.reserve(0).await.remove(0).waiting;
        counted.extend(scheduler.prospect(&ticket(&scheduler, "flood", &format!("f{number}")), place));
    }
    assert_eq!((counted.len(), backlog.free()), (50, 50));
    let place = backlog.reserve(0).await.remove(0).waiting;
    let quiet = scheduler.prospect(&ticket(&scheduler, "quiet", "q"), place);
    assert!(quiet.is_some());
    scheduler.set_pauses(&[Pause { scope: PauseScope::Tenant("flood".to_owned()), since: None, reason: None }]);
    assert_eq!(backlog.free(), 99);
    drop((counted, quiet));
    assert_eq!(backlog.free(), 100);
}
