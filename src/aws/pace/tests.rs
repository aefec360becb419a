#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;

use futures_util::{FutureExt, future::join_all};
use tokio::time::{sleep, timeout};

use super::*;

fn rank(second: i64, matter: u64) -> Rank {
    Rank { since: Timestamp::from_second(second).unwrap(), matter }
}

#[tokio::test(start_paused = true)]
async fn no_second_has_more_turns_than_it_may_and_none_is_wasted() {
    let pace = Pace::new(3);
    let began = Instant::now();
    let turn = async |after_ms: u64| {
        sleep(Duration::from_millis(after_ms)).await;
        pace.turn(Lane::Short, Rank::default()).await;
        began.elapsed().as_millis()
    };
    let mut turns = join_all([0, 400, 0, 500, 600, 600, 600, 9_000].map(turn)).await;
    turns.sort_unstable();
    assert_eq!(turns, [0, 0, 400, 1_000, 1_000, 1_400, 2_000, 9_000]);
}

/// Each matter needs two turns, and asks for the second when it has had the first.
#[tokio::test(start_paused = true)]
async fn the_oldest_matter_comes_first_with_all_its_turns() {
    let pace = Pace::new(1);
    let order = Mutex::new(Vec::new());
    // The first in the row takes the first turn; all others wait by then.
    let matter = async |(second, matter)| {
        for turn in 0..2 {
            drop(pace.turn(Lane::Short, rank(second, matter)).await);
            order.lock().unwrap().push((second, matter, turn));
        }
    };
    join_all([(9, 1), (7, 4), (3, 3), (3, 2), (5, 5)].map(matter)).await;
    let order = order.into_inner().unwrap();
    let after_the_first = [(3, 2, 0), (3, 2, 1), (3, 3, 0), (3, 3, 1), (5, 5, 0), (5, 5, 1), (7, 4, 0), (7, 4, 1), (9, 1, 1)];
    assert_eq!((order[0], &order[1..]), ((9, 1, 0), &after_the_first[..]));
}

#[tokio::test(start_paused = true)]
async fn neither_lane_waits_for_the_other_ones_line() {
    let pace = Pace::new(1);
    let order = Mutex::new(Vec::new());
    let turn = async |(lane, second)| {
        drop(pace.turn(lane, rank(second, 0)).await);
        order.lock().unwrap().push((lane, second));
    };
    let (short, long) = (Lane::Short, Lane::Long);
    join_all([(long, 1), (long, 2), (long, 3), (long, 4), (short, 8), (short, 9)].map(turn)).await;
    let expected = [(long, 1), (short, 8), (long, 2), (short, 9), (long, 3), (long, 4)];
    assert_eq!(order.into_inner().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn so_many_are_under_way_at_once_and_no_more() {
    let pace = Pace::new(1_000);
    let mut under_way = join_all((0..AT_ONCE).map(|_| pace.turn(Lane::Short, Rank::default()))).await;
    let mut further = Box::pin(pace.turn(Lane::Long, Rank::default()));
    assert!(timeout(Duration::from_mins(1), &mut further).await.is_err());
    under_way.pop();
    assert!(further.now_or_never().is_some());
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_holds_nobody_up() {
    let pace = Pace::new(1);
    drop(pace.turn(Lane::Short, rank(1, 0)).await);
    let began = Instant::now();
    let impatient = timeout(Duration::from_millis(300), pace.turn(Lane::Short, rank(2, 0)));
    let (given_up, _turn) = tokio::join!(impatient, pace.turn(Lane::Short, rank(3, 0)));
    assert!(given_up.is_err());
    assert_eq!(began.elapsed(), SECOND);
}
