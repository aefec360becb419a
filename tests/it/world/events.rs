//! The events that a subscriber gets.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;
use slipway::aws::{
    AwsError,
    queue::{Delivery, Queue},
};

use super::{VISIBLE, World};

impl World {
    /// The next event that the subscriber gets.
    pub(crate) async fn next_event(&self) -> Value {
        loop {
            let mut deliveries = receive(&self.results(), 1).await;
            if let Some(delivery) = deliveries.pop() {
                return serde_json::from_str(&delivery.body).unwrap();
            }
        }
    }

    /// The next terminal event: finished or rejected.
    pub(crate) async fn next_end(&self) -> Value {
        loop {
            let event = self.next_event().await;
            if is_terminal(&event) {
                return event;
            }
        }
    }

    /// All terminal events until there are as many as submitted jobs, by event id.
    pub(crate) async fn ends(&self) -> BTreeMap<String, Value> {
        let mut ends = BTreeMap::new();
        for _ in 0..self.submitted {
            let event = self.next_end().await;
            ends.insert(event["id"].as_str().unwrap().to_owned(), event);
        }
        ends
    }

    /// Creates the queue of another subscriber, with raw delivery and a filter policy.
    pub(crate) async fn subscribe(&self, name: &str, policy: &str, scope: &str) -> Queue {
        let config = self.sdk();
        let created = aws_sdk_sqs::Client::new(&config).create_queue().queue_name(name).send().await.unwrap();
        let subscribe = aws_sdk_sns::Client::new(&config).subscribe().topic_arn(&self.provision.topic).protocol("sqs");
        let subscribe = subscribe.endpoint(format!("arn:aws:sqs:us-east-1:000000000000:{name}"));
        let attributes = [("RawMessageDelivery", "true"), ("FilterPolicyScope", scope), ("FilterPolicy", policy)];
        let subscribe = attributes.into_iter().fold(subscribe, |subscribe, (name, value)| subscribe.attributes(name, value));
        subscribe.send().await.unwrap();
        self.clients.queue(created.queue_url().unwrap())
    }

    /// The ids of the events in a queue, sorted.
    pub(crate) async fn received(&self, queue: &Queue) -> Vec<String> {
        let mut ids = BTreeSet::new();
        loop {
            let deliveries = receive(queue, 10).await;
            if deliveries.is_empty() {
                return ids.into_iter().collect();
            }
            let events = deliveries.iter().map(|delivery| serde_json::from_str::<Value>(&delivery.body).unwrap());
            ids.extend(events.map(|event| event["id"].as_str().unwrap().to_owned()));
        }
    }
}

/// Receives and deletes. A subscriber's calls can fail too, so they are repeated.
pub(crate) async fn receive(queue: &Queue, max: usize) -> Vec<Delivery> {
    let deliveries = insist(|| queue.receive(max, VISIBLE, Duration::from_secs(20))).await;
    for delivery in &deliveries {
        insist(|| queue.delete(&delivery.receipt)).await;
    }
    deliveries
}

async fn insist<T, R: Future<Output = Result<T, AwsError>>>(call: impl Fn() -> R) -> T {
    let mut last = None;
    for _ in 0..10 {
        match call().await {
            Ok(answer) => return answer,
            Err(error) => last = Some(error),
        }
    }
    panic!("{last:?}");
}

pub(crate) fn is_terminal(event: &Value) -> bool {
    matches!(event["type"].as_str(), Some("slipway.job.finished" | "slipway.job.rejected"))
}
