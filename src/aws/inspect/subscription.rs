//! Checks the topic's subscriptions: a jobs queue among them would receive the daemon's own events as jobs.

use super::Answer;
use crate::aws::{Class, Clients, call::call};

/// The most pages that are read. SNS returns a hundred subscriptions a page.
const PAGES: usize = 20;

impl Clients {
    /// Whether one of these queues, by their ARNs, is subscribed to the topic.
    pub(super) async fn inspect_subscriptions(&self, topic: &str, queues: &[String]) -> Answer {
        let asked = format!("sns:ListSubscriptionsByTopic on {topic}");
        let mut token = None;
        for _ in 0..PAGES {
            let request = self.sns.list_subscriptions_by_topic().topic_arn(topic).set_next_token(token);
            let page = match call("sns.ListSubscriptionsByTopic", || request.clone().send()).await {
                Ok(page) => page,
                // The daemon itself only needs to publish.
                Err(error) if error.class == Class::Denied => {
                    return Answer::Skipped(format!("{asked} is not allowed: whether a jobs queue is subscribed to it is not known"));
                }
                Err(error) => return Answer::Warning(format!("{asked}: {error}")),
            };
            let endpoints = page.subscriptions.iter().flatten().filter_map(|subscription| subscription.endpoint.as_deref());
            if let Some(queue) = own(queues, endpoints) {
                return Answer::Warning(format!(
                    "{asked}: the jobs queue {queue} is subscribed to it: each event comes back as a message that is no job, and is rejected; \
                     remove this subscription"
                ));
            }
            token = page.next_token;
            if token.is_none() {
                return Answer::Fine(format!("{asked}: no jobs queue is subscribed to it"));
            }
        }
        Answer::Fine(format!("{asked}: no jobs queue is among its first {} subscriptions", PAGES * 100))
    }
}

fn own<'a>(queues: &'a [String], mut endpoints: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    endpoints.find(|endpoint| queues.iter().any(|queue| queue == endpoint))
}
