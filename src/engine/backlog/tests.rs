//! How much is held, and of which queue.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_util::FutureExt;

use super::*;

/// Of queues with these weights.
fn config(waiting: usize, waiting_bytes: usize, weights: &[Option<u32>]) -> Config {
    let mut config = crate::config::parse(include_str!("../../../config/local.toml"), "local.toml", []).unwrap();
    (config.limits.waiting, config.limits.waiting_bytes) = (waiting, waiting_bytes);
    let queue = config.queues[0].clone();
    config.queues = weights.iter().map(|weight| crate::config::Queue { weight: *weight, ..queue.clone() }).collect();
    config
}

fn backlog(waiting: usize, waiting_bytes: usize) -> Backlog {
    Backlog::new(&config(waiting, waiting_bytes, &[None]))
}

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn jobs_that_could_start_are_counted_and_all_others_only_weighed() {
    let backlog = backlog(12, MIB);
    let (first, second) = (backlog.reserve(0).await, backlog.reserve(0).await);
    assert_eq!((first.len(), second.len(), backlog.free()), (BATCH, 2, 0));
    assert!(backlog.reserve(0).now_or_never().is_none(), "the count is used up");
    let blocked: Vec<Held> = first.into_iter().map(|reservation| reservation.held).collect();
    assert_eq!(backlog.reserve(0).await.len(), BATCH, "what cannot start gives its place up");
    drop(blocked);
}

#[tokio::test]
async fn an_empty_queue_keeps_no_place_from_another() {
    let backlog = Backlog::new(&config(3, MIB, &[None; 3]));
    let polls = [backlog.reserve(0).await, backlog.reserve(1).await, backlog.reserve(2).await];
    assert_eq!(polls.map(|poll| poll.len()), [1, 1, 1]);
}

#[tokio::test]
async fn what_is_held_weighs_as_much_as_its_bodies() {
    let backlog = backlog(1000, 64 * 1024);
    let mut reservations = backlog.reserve(0).await;
    reservations.truncate(1);
    reservations[0].weigh(MIB);
    assert!(backlog.reserve(0).now_or_never().is_none(), "a large body takes all that is left");
    drop(reservations);
    assert_eq!(backlog.reserve(0).await.len(), BATCH);
}

#[tokio::test]
async fn scarce_room_goes_to_queues_by_their_weights() {
    let backlog = Backlog::new(&config(1, MIB, &[Some(1), Some(3)]));
    let mut held = backlog.reserve(0).await;
    let mut brought = [0, 0];
    let mut waiting: Vec<_> = (0..2).map(|queue| Box::pin(backlog.reserve(queue))).collect();
    for reserve in &mut waiting {
        assert!(reserve.now_or_never().is_none());
    }
    for _ in 0..400 {
        drop(std::mem::take(&mut held));
        let (more, queue, _) = futures_util::future::select_all(waiting.iter_mut()).await;
        held = more;
        brought[queue] += 1;
        backlog.brought(queue, 1);
        waiting[queue] = Box::pin(backlog.reserve(queue));
        assert!((&mut waiting[queue]).now_or_never().is_none());
    }
    assert_eq!(brought, [100, 300]);
}

#[tokio::test]
async fn other_bounds_hold_from_then_on() {
    let backlog = backlog(10, MIB);
    let held = backlog.reserve(0).await;
    backlog.reconfigure(&config(5, MIB, &[None]));
    drop(held);
    assert_eq!(backlog.reserve(0).await.len(), 5);
}
