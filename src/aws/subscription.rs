//! A temporary queue that is subscribed to the topic.

use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use super::{
    Clients,
    call::call,
    error::{AwsError, Class},
    queue::{BATCH, Queue},
};

/// The retention of the queue in seconds. If the queue is left behind, its events expire.
const RETENTION_SECONDS: &str = "3600";
/// The visibility timeout. Received events are not deleted: they stay invisible until the queue is deleted.
const VISIBILITY: Duration = Duration::from_hours(2);

/// A queue that gets some of a topic's events. It must be closed, or the queue and the subscription stay.
#[derive(Debug)]
pub struct Subscription {
    clients: Clients,
    queue: Queue,
    /// The subscription's ARN.
    arn: Option<String>,
}

impl Clients {
    /// Makes a queue of this name, and subscribes it to the topic with this filter policy.
    ///
    /// # Errors
    /// A call failed. What was made before it is removed again.
    pub async fn subscribe(&self, topic: &str, name: &str, policy: &Value) -> Result<Subscription, AwsError> {
        let retention = HashMap::from([(QueueAttributeName::MessageRetentionPeriod, RETENTION_SECONDS.to_owned())]);
        let request = self.sqs.create_queue().queue_name(name).set_attributes(Some(retention));
        let url = call("sqs.CreateQueue", || request.clone().send()).await?.queue_url.ok_or_else(|| incomplete("sqs.CreateQueue"))?;
        let mut subscription = Subscription { clients: self.clone(), queue: self.queue(&url), arn: None };
        match subscription.join(topic, policy).await {
            Ok(()) => Ok(subscription),
            Err(error) => {
                // The first error says more.
                subscription.close().await.ok();
                Err(error)
            }
        }
    }
}

impl Subscription {
    async fn join(&mut self, topic: &str, policy: &Value) -> Result<(), AwsError> {
        let (sqs, url) = (&self.clients.sqs, self.queue.url());
        let request = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn);
        let attributes = call("sqs.GetQueueAttributes", || request.clone().send()).await?.attributes.unwrap_or_default();
        let queue_arn = attributes.get(&QueueAttributeName::QueueArn).ok_or_else(|| incomplete("sqs.GetQueueAttributes"))?;
        let access = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": { "ArnEquals": { "aws:SourceArn": topic } },
            }],
        });
        let request = sqs.set_queue_attributes().queue_url(url).attributes(QueueAttributeName::Policy, access.to_string());
        call("sqs.SetQueueAttributes", || request.clone().send()).await?;
        let request = self.clients.sns.subscribe().topic_arn(topic).protocol("sqs").endpoint(queue_arn).return_subscription_arn(true);
        let request = request.attributes("RawMessageDelivery", "true").attributes("FilterPolicy", policy.to_string());
        self.arn = call("sns.Subscribe", || request.clone().send()).await?.subscription_arn;
        Ok(())
    }

    /// Waits up to `wait` for events. The answer is their bodies.
    pub async fn receive(&self, wait: Duration) -> Result<Vec<String>, AwsError> {
        let deliveries = self.queue.receive(BATCH, VISIBILITY, wait).await?;
        Ok(deliveries.into_iter().map(|delivery| delivery.body).collect())
    }

    /// Removes the subscription and the queue.
    pub async fn close(self) -> Result<(), AwsError> {
        let unsubscribed = match &self.arn {
            Some(arn) => {
                let request = self.clients.sns.unsubscribe().subscription_arn(arn);
                call("sns.Unsubscribe", || request.clone().send()).await.map(drop)
            }
            None => Ok(()),
        };
        let request = self.clients.sqs.delete_queue().queue_url(self.queue.url());
        call("sqs.DeleteQueue", || request.clone().send()).await.map(drop).and(unsubscribed)
    }
}

fn incomplete(operation: &'static str) -> AwsError {
    AwsError::local(Class::Transient, operation, "the answer is incomplete")
}
