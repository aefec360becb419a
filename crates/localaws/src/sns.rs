//! SNS: topics and subscriptions, with SNS's rules, limits and error texts.

mod delivery;
mod error;
mod filter;
#[cfg(feature = "data")]
mod load;
mod publish;
mod row;
mod subscription;
mod topic;
mod webhook;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::Value;

use crate::{
    api::{Answer, ApiError},
    clock::Clock,
    journal::{Held, Journal},
    sns::{subscription::Subscription, topic::Topic},
    sqs::{DEFAULT_HOST, Sqs},
};

/// The service.
#[derive(Debug)]
pub(crate) struct Sns {
    clock: Clock,
    region: String,
    account: String,
    /// Where subscribed queues are. Its lock may be taken while ours is held, never the other way round.
    sqs: Arc<Sqs>,
    /// Held for moments, never across an await.
    state: Mutex<State>,
    /// Of the state's changes, but for those that are kept with a delivery.
    journal: Journal,
}

/// Topics and subscriptions by ARN.
#[derive(Debug, Default)]
struct State {
    topics: BTreeMap<String, Topic>,
    subscriptions: BTreeMap<String, Subscription>,
}

impl Sns {
    /// An SNS without topics, which delivers to the queues of `sqs`.
    pub(crate) fn new(clock: Clock, region: String, account: String, sqs: Arc<Sqs>) -> Self {
        Self { clock, region, account, sqs, state: Mutex::default(), journal: Journal::default() }
    }

    /// The same, with its changes kept.
    pub(crate) fn kept_by(self, journal: &Journal) -> Self {
        Self { journal: journal.fork(), ..self }
    }

    /// Carries an operation out. `host` is the one that URLs in messages shall name.
    pub(crate) fn call(&self, operation: &str, input: Value, host: Option<&str>) -> Answer {
        let host = host.unwrap_or(DEFAULT_HOST);
        match operation {
            "ConfirmSubscription" => self.confirm_subscription(input),
            "CreateTopic" => self.create_topic(input),
            "DeleteTopic" => self.delete_topic(input),
            "GetSubscriptionAttributes" => self.get_subscription_attributes(input),
            "GetTopicAttributes" => self.get_topic_attributes(input),
            "ListSubscriptions" => self.list_subscriptions(input),
            "ListSubscriptionsByTopic" => self.list_subscriptions_by_topic(input),
            "ListTagsForResource" => self.list_tags_for_resource(input),
            "ListTopics" => self.list_topics(input),
            "Publish" => self.publish(input, host),
            "PublishBatch" => self.publish_batch(input, host),
            "SetSubscriptionAttributes" => self.set_subscription_attributes(input),
            "SetTopicAttributes" => self.set_topic_attributes(input),
            "Subscribe" => self.subscribe(input, host),
            "TagResource" => self.tag_resource(input),
            "Unsubscribe" => self.unsubscribe(input),
            "UntagResource" => self.untag_resource(input),
            _ => Err(ApiError::unknown_action(operation)),
        }
    }

    fn state(&self) -> Held<'_, State> {
        Held::new(&self.state, &self.journal)
    }
}

#[cfg(test)]
mod tests;
