//! FIFO job queues: the jobs of a message group run in order, one at a time, and an invalid message does not stop them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use localaws::runner::scripted::Script;
use slipway::aws::queue::{Attributes, Place, Queue};

use crate::world::{job, receive, world};

async fn send(queue: &Queue, group: &str, id: &str, body: &str) {
    let place = Place { group: group.to_owned(), deduplication: id.to_owned() };
    queue.send_to(&place, body, &Attributes::new()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn jobs_of_a_message_group_run_in_order_and_rejected_messages_leave_the_queue() {
    let mut world = world(|_| Script::succeeds()).start_without_daemon().await;
    let jobs = world.create_queue("jobs.fifo", &[(QueueAttributeName::FifoQueue, "true")]).await;
    let dead_letters = world.create_queue("jobs-dlq.fifo", &[(QueueAttributeName::FifoQueue, "true")]).await;
    world.take_from(jobs.url());
    world.bury_in(dead_letters.url());
    for (group, id) in [("g", "g-1"), ("g", "g-2"), ("g", "bad"), ("g", "g-3"), ("h", "h-1")] {
        let body = if id == "bad" { "{}".to_owned() } else { job(id).to_string() };
        send(&jobs, group, id, &body).await;
    }
    world.start_daemon().await;
    let mut ends = Vec::new();
    while ends.len() < 5 {
        let event = world.next_event().await;
        let kind = event["type"].as_str().unwrap();
        if kind == "slipway.job.finished" || kind == "slipway.job.rejected" {
            ends.push(if kind.ends_with("rejected") { "bad".to_owned() } else { event["subject"].as_str().unwrap().to_owned() });
        }
    }
    ends.retain(|end| end != "h-1");
    assert_eq!(ends, ["g-1", "g-2", "bad", "g-3"]);
    let mut times: Vec<_> = world.builds().into_iter().filter(|build| build.variables["SLIPWAY_JOB_ID"].starts_with("g-")).collect();
    times.sort_by_key(|build| build.start_ms);
    assert!(times.windows(2).all(|pair| pair[0].end_ms.unwrap() <= pair[1].start_ms), "two of one message group at once: {times:?}");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(jobs.depth().await.unwrap(), 0, "nothing is left");
    let letters = receive(&dead_letters, 10).await;
    assert_eq!(letters.iter().map(|letter| (letter.body.as_str(), letter.group.as_deref())).collect::<Vec<_>>(), [("{}", Some("g"))]);
    world.end().await;
}
