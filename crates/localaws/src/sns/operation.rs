//! SNS's operations by name.

mod delivery;
mod page;
mod publish;
mod subscription;
mod topic;
pub(super) mod webhook;

use serde_json::Value;

use crate::{
    api::{Answer, ApiError},
    sns::Sns,
    sqs::DEFAULT_HOST,
};

impl Sns {
    /// Runs an operation. `host`: the host for URLs in messages.
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
}
