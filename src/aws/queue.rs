//! SQS: receives and sends messages, and reads a queue's attributes.

mod attribute;
mod batch;
mod delivery;
mod place;
mod redrive;
mod tag;

use std::{sync::Arc, time::Duration};

use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::{
    Client,
    types::{MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName},
};

use self::delivery::SYSTEM;
pub use self::{
    attribute::{ATTRIBUTES, Attribute, Attributes, Place, Value, is_group_id},
    batch::{Deletes, Extensions},
    delivery::Delivery,
    place::place,
    redrive::RedrivePolicy,
};
use super::{
    call::{call, once},
    error::{AwsError, Class},
};

/// SQS takes at most this many entries in a batch and messages in a receive.
pub const BATCH: usize = 10;
/// SQS takes at most this much in a message: body and attributes.
pub const MESSAGE_BYTES: usize = 1024 * 1024;
/// How long a receive may take beyond its wait before it is given up.
pub const RECEIVE_MARGIN: Duration = Duration::from_secs(10);

/// One queue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: Arc<str>,
}

impl Queue {
    pub(super) fn new(client: Client, url: &str) -> Self {
        Self { client, url: url.into() }
    }

    /// The queue's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits up to `wait` for up to `max` messages, which are then invisible to others for `visibility`. It is tried once.
    ///
    /// # Errors
    /// SQS refuses, throttles, or does not answer; this holds for all calls that follow, which are tried a few times.
    pub async fn receive(&self, max: usize, visibility: Duration, wait: Duration) -> Result<Vec<Delivery>, AwsError> {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(wait + RECEIVE_MARGIN).build();
        let request = self
            .client
            .receive_message()
            .queue_url(&*self.url)
            .max_number_of_messages(small(max.min(BATCH)))
            .visibility_timeout(seconds(visibility))
            .wait_time_seconds(seconds(wait))
            .message_attribute_names("All")
            .set_message_system_attribute_names(Some(SYSTEM.to_vec()))
            .customize()
            .config_override(aws_sdk_sqs::config::Builder::new().timeout_config(timeouts));
        let answer = once("sqs.ReceiveMessage", request.send()).await?;
        Ok(answer.messages.unwrap_or_default().into_iter().map(Delivery::read).collect())
    }

    /// Whether it is a FIFO queue: it keeps the order of a message group, and delivers a group's next message after the one before was
    /// deleted.
    pub fn is_fifo(&self) -> bool {
        is_fifo(&self.url)
    }

    /// Sends one message.
    pub async fn send(&self, body: &str, attributes: &Attributes) -> Result<String, AwsError> {
        self.send_message(body, attributes, None, None).await
    }

    /// Sends one message into a group.
    pub async fn send_to(&self, place: &Place, body: &str, attributes: &Attributes) -> Result<String, AwsError> {
        self.send_message(body, attributes, Some(place), None).await
    }

    /// Sends a message that was received from another queue, with its message group, its trace header and these attributes.
    pub async fn pass_on(&self, delivery: &Delivery, attributes: &Attributes) -> Result<String, AwsError> {
        // A FIFO queue needs a group. The message's id deduplicates repeated sends.
        let group = delivery.group.clone().or_else(|| self.is_fifo().then(|| delivery.message_id.to_string()));
        let place = group.map(|group| Place { group, deduplication: delivery.message_id.to_string() });
        self.send_message(&delivery.body, attributes, place.as_ref(), delivery.trace_header.as_deref()).await
    }

    async fn send_message(
        &self,
        body: &str,
        attributes: &Attributes,
        place: Option<&Place>,
        trace_header: Option<&str>,
    ) -> Result<String, AwsError> {
        const NAME: &str = "sqs.SendMessage";
        let mut request = self.client.send_message().queue_url(&*self.url).message_body(body);
        request = request.set_message_group_id(place.map(|place| place.group.clone()));
        request = request.set_message_deduplication_id(place.filter(|_| self.is_fifo()).map(|place| place.deduplication.clone()));
        for (name, attribute) in attributes {
            request = request.message_attributes(name, attribute.write().map_err(|error| invalid(NAME, &error))?);
        }
        if let Some(header) = trace_header {
            let header = MessageSystemAttributeValue::builder().data_type("String").string_value(header).build();
            let header = header.map_err(|error| invalid(NAME, &error))?;
            request = request.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, header);
        }
        let answer = call(NAME, || request.clone().send()).await?;
        let foreign = "the answer names no message: it is not SQS that answers; check AWS_ENDPOINT_URL";
        answer.message_id.ok_or_else(|| AwsError::local(Class::Transient, NAME, foreign))
    }

    /// Deletes one message, for subscribers with few messages. The daemon uses [`Deletes`].
    #[cfg(feature = "local")]
    pub async fn delete(&self, receipt: &str) -> Result<(), AwsError> {
        let request = self.client.delete_message().queue_url(&*self.url).receipt_handle(receipt);
        call("sqs.DeleteMessage", || request.clone().send()).await.map(drop)
    }

    /// The approximate number of messages, in flight and delayed ones included.
    #[cfg(feature = "local")]
    pub async fn depth(&self) -> Result<usize, AwsError> {
        const COUNTS: [QueueAttributeName; 3] = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self.client.get_queue_attributes().queue_url(&*self.url).set_attribute_names(Some(COUNTS.to_vec()));
        let answer = call("sqs.GetQueueAttributes", || request.clone().send()).await?;
        let counts = answer.attributes.unwrap_or_default();
        Ok(COUNTS.iter().filter_map(|name| counts.get(name)?.parse::<usize>().ok()).sum())
    }

    /// The queue's redrive policy, if there is one.
    pub async fn redrive_policy(&self) -> Result<Option<RedrivePolicy>, AwsError> {
        let request = self.client.get_queue_attributes().queue_url(&*self.url).attribute_names(QueueAttributeName::RedrivePolicy);
        let answer = call("sqs.GetQueueAttributes", || request.clone().send()).await?;
        let policy = answer.attributes.as_ref().and_then(|all| all.get(&QueueAttributeName::RedrivePolicy));
        let policy: Option<serde_json::Value> = policy.and_then(|text| serde_json::from_str(text).ok());
        Ok(policy.as_ref().and_then(RedrivePolicy::read))
    }

    /// How long the queue keeps messages. `None`: SQS does not say.
    pub async fn retention(&self) -> Result<Option<Duration>, AwsError> {
        const NAME: QueueAttributeName = QueueAttributeName::MessageRetentionPeriod;
        let request = self.client.get_queue_attributes().queue_url(&*self.url).attribute_names(NAME);
        let answer = call("sqs.GetQueueAttributes", || request.clone().send()).await?;
        let seconds = answer.attributes.as_ref().and_then(|all| all.get(&NAME)?.parse().ok());
        Ok(seconds.map(Duration::from_secs))
    }

    /// The approximate number of visible messages. SQS's count is delayed. `None`: SQS does not say.
    pub async fn waiting(&self) -> Result<Option<u64>, AwsError> {
        const COUNT: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.client.get_queue_attributes().queue_url(&*self.url).attribute_names(COUNT);
        let answer = call("sqs.GetQueueAttributes", || request.clone().send()).await?;
        Ok(answer.attributes.and_then(|all| all.get(&COUNT)?.parse().ok()))
    }

    /// The URL of a queue in the caller's account and region, by its ARN.
    pub async fn url_of(&self, arn: &str) -> Result<Option<String>, AwsError> {
        let name = arn.rsplit(':').next().unwrap_or(arn);
        let request = self.client.get_queue_url().queue_name(name);
        let answer = call("sqs.GetQueueUrl", || request.clone().send()).await?;
        Ok(answer.queue_url)
    }
}

/// Whether a queue of this URL is a FIFO queue.
#[expect(clippy::case_sensitive_file_extension_comparisons, reason = "a name's ending, which AWS takes in lower case only")]
pub fn is_fifo(url: &str) -> bool {
    url.ends_with(".fifo")
}

fn invalid(operation: &'static str, error: &dyn std::error::Error) -> AwsError {
    AwsError::local(Class::Invalid, operation, error.to_string())
}

fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}

fn small(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
