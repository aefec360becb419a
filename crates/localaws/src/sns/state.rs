//! The state of SNS.

use std::collections::BTreeMap;

use crate::{
    api::{ApiError, required},
    sns::{
        error,
        model::{subscription::Subscription, topic::Topic},
    },
};

/// Topics and subscriptions by ARN.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) topics: BTreeMap<String, Topic>,
    pub(super) subscriptions: BTreeMap<String, Subscription>,
}

impl State {
    /// The topic with this ARN.
    pub(super) fn topic(&mut self, arn: Option<&str>) -> Result<&mut Topic, ApiError> {
        let arn = required(arn, "TopicArn", error::missing)?;
        if arn.split(':').count() != 6 || !arn.starts_with("arn:aws:sns:") {
            return Err(error::invalid("TopicArn"));
        }
        self.topics.get_mut(arn).ok_or_else(error::no_topic)
    }

    /// The topic for an operation on tags, which have another error.
    pub(super) fn tagged(&mut self, arn: Option<&str>) -> Result<&mut Topic, ApiError> {
        let arn = required(arn, "ResourceArn", error::missing)?;
        self.topics.get_mut(arn).ok_or_else(error::no_resource)
    }

    /// The subscriptions of a topic. Their ARNs begin with the topic's.
    pub(super) fn subscriptions_of(&self, topic_arn: &str) -> impl Iterator<Item = (&String, &Subscription)> {
        let prefix = format!("{topic_arn}:");
        self.subscriptions.range(prefix.clone()..).take_while(move |(arn, _)| arn.starts_with(&prefix))
    }

    /// The subscription with this ARN.
    pub(super) fn subscription(&mut self, arn: Option<&str>) -> Result<&mut Subscription, ApiError> {
        let arn = required(arn, "SubscriptionArn", error::missing)?;
        self.subscriptions.get_mut(arn).ok_or_else(error::no_subscription)
    }
}
