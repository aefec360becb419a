//! SQS: receive, send, and the batched deletes and lease extensions.

mod attribute;
mod place;
mod tag;

use std::{sync::Arc, time::Duration};

use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::{
    Client,
    types::{
        BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
        MessageSystemAttributeName as System, MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
    },
};
use jiff::Timestamp;

pub use self::{
    attribute::{ATTRIBUTES, Attribute, Attributes, Place, Value, is_group_id},
    place::place,
};
use super::{
    batch::{Answer, Batch, Refused, entry_id, results},
    call::{call, once},
    error::{AwsError, Class},
};

/// SQS takes at most this many entries in a batch and messages in a receive.
pub const BATCH: usize = 10;
/// SQS takes at most this much in a message: body and attributes.
pub const MESSAGE_BYTES: usize = 1024 * 1024;
/// What a receive may take beyond its wait before it is given up.
pub const RECEIVE_MARGIN: Duration = Duration::from_secs(10);

/// What is asked for of a message besides what its sender said.
const SYSTEM: [System; 5] = [
    System::SentTimestamp,
    System::ApproximateReceiveCount,
    System::AwsTraceHeader,
    System::MessageGroupId,
    System::DeadLetterQueueSourceArn,
];

/// One queue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: Arc<str>,
}

/// A received message.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub message_id: Arc<str>,
    /// Good until the message is received again.
    pub receipt: Arc<str>,
    pub body: String,
    pub sent_at: Option<Timestamp>,
    /// This receive included.
    pub receive_count: u32,
    /// The sender's attributes, of every type.
    pub attributes: Attributes,
    /// The `AWSTraceHeader`.
    pub trace_header: Option<String>,
    /// The `MessageGroupId`; a message on a FIFO queue has one, on a standard queue it may.
    pub group: Option<String>,
    /// The `DeadLetterQueueSourceArn`: the queue that SQS moved it from because it was received too often.
    pub moved_from: Option<String>,
}

impl Delivery {
    /// The text of one of the sender's attributes.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Attribute::text)
    }
}

impl Queue {
    pub(super) fn new(client: Client, url: &str) -> Self {
        Self { client, url: url.into() }
    }

    /// The queue's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits up to `wait` for up to `max` messages, which are then invisible to others for `visibility`.
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
        Ok(answer.messages.unwrap_or_default().into_iter().map(delivery).collect())
    }

    /// Whether it keeps the order of a message group, and delivers a group's next message when the one before has been deleted.
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

    /// Sends a message that was received from another queue, with what its sender said of it and these attributes.
    pub async fn pass_on(&self, delivery: &Delivery, attributes: &Attributes) -> Result<String, AwsError> {
        // A FIFO queue takes no message without a group; the message's id makes it one message however often it is sent.
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

    /// Deletes one message; for subscribers that read a few (the daemon batches: [`Deletes`]).
    #[cfg(feature = "local")]
    pub async fn delete(&self, receipt: &str) -> Result<(), AwsError> {
        let request = self.client.delete_message().queue_url(&*self.url).receipt_handle(receipt);
        call("sqs.DeleteMessage", || request.clone().send()).await.map(drop)
    }

    /// How many messages it holds, those in flight and delayed ones included. SQS counts approximately.
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

    /// How long it keeps messages.
    pub async fn retention(&self) -> Result<Option<Duration>, AwsError> {
        const NAME: QueueAttributeName = QueueAttributeName::MessageRetentionPeriod;
        let request = self.client.get_queue_attributes().queue_url(&*self.url).attribute_names(NAME);
        let answer = call("sqs.GetQueueAttributes", || request.clone().send()).await?;
        let seconds = answer.attributes.as_ref().and_then(|all| all.get(&NAME)?.parse().ok());
        Ok(seconds.map(Duration::from_secs))
    }

    /// How many messages wait, as SQS counts: late, and about right.
    pub async fn waiting(&self) -> Result<Option<u64>, AwsError> {
        const COUNT: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.client.get_queue_attributes().queue_url(&*self.url).attribute_names(COUNT);
        let answer = call("sqs.GetQueueAttributes", || request.clone().send()).await?;
        Ok(answer.attributes.and_then(|all| all.get(&COUNT)?.parse().ok()))
    }

    /// The URL of a queue of this queue's account and region, by its ARN.
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

/// When and where SQS moves a message that was received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedrivePolicy {
    /// The dead-letter queue's ARN.
    pub target_arn: String,
    /// After so many receives a message is moved instead of being received again.
    pub max_receives: Option<u32>,
}

impl RedrivePolicy {
    /// SQS has taken the number as a text and as a number.
    pub(super) fn read(policy: &serde_json::Value) -> Option<Self> {
        let count = &policy["maxReceiveCount"];
        let count = count.as_u64().or_else(|| count.as_str()?.parse().ok());
        Some(Self {
            target_arn: policy["deadLetterTargetArn"].as_str()?.to_owned(),
            max_receives: count.and_then(|count| u32::try_from(count).ok()),
        })
    }
}

fn delivery(message: Message) -> Delivery {
    let system = message.attributes.unwrap_or_default();
    let number = |name: &System| system.get(name).and_then(|text| text.parse::<i64>().ok());
    let text = |name: &System| system.get(name).cloned();
    let attributes = message.message_attributes.unwrap_or_default().into_iter();
    Delivery {
        message_id: message.message_id.unwrap_or_default().into(),
        receipt: message.receipt_handle.unwrap_or_default().into(),
        body: message.body.unwrap_or_default(),
        sent_at: number(&System::SentTimestamp).and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        receive_count: number(&System::ApproximateReceiveCount).and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
        trace_header: text(&System::AwsTraceHeader),
        group: text(&System::MessageGroupId),
        moved_from: text(&System::DeadLetterQueueSourceArn),
        attributes: attributes.filter_map(|(name, value)| Some((name, Attribute::read(value)?))).collect(),
    }
}

/// Deletes by receipt handle.
#[derive(Debug)]
pub struct Deletes(pub Queue);

impl Batch for Deletes {
    type Item = Arc<str>;
    type Reply = ();
    const NAME: &'static str = "sqs.DeleteMessageBatch";
    const MAX: usize = BATCH;

    async fn send(&self, receipts: Vec<Arc<str>>) -> Vec<Result<(), AwsError>> {
        let entry =
            |(at, receipt): (usize, Arc<str>)| DeleteMessageBatchRequestEntry::builder().id(entry_id(at)).receipt_handle(&*receipt).build();
        let count = receipts.len();
        let entries: Result<Vec<_>, _> = receipts.into_iter().enumerate().map(entry).collect();
        let request = match entries {
            Ok(entries) => self.0.client.delete_message_batch().queue_url(&*self.0.url).set_entries(Some(entries)),
            Err(error) => return vec![Err(invalid(Self::NAME, &error)); count],
        };
        let answer = call(Self::NAME, || request.clone().send()).await;
        let answer = answer.map(|answer| Answer {
            successful: answer.successful.into_iter().map(|entry| entry.id).collect(),
            failed: answer.failed.into_iter().map(refused).collect(),
        });
        results(Self::NAME, count, answer)
    }
}

/// Lease extensions: receipt handle, and for how long from now. Zero gives the message back.
#[derive(Debug)]
pub struct Extensions(pub Queue);

impl Batch for Extensions {
    type Item = (Arc<str>, Duration);
    type Reply = ();
    const NAME: &'static str = "sqs.ChangeMessageVisibilityBatch";
    const MAX: usize = BATCH;

    async fn send(&self, items: Vec<Self::Item>) -> Vec<Result<(), AwsError>> {
        let entry = |(at, (receipt, time)): (usize, Self::Item)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(entry_id(at)).receipt_handle(&*receipt);
            entry.visibility_timeout(seconds(time)).build()
        };
        let count = items.len();
        let entries: Result<Vec<_>, _> = items.into_iter().enumerate().map(entry).collect();
        let request = match entries {
            Ok(entries) => self.0.client.change_message_visibility_batch().queue_url(&*self.0.url).set_entries(Some(entries)),
            Err(error) => return vec![Err(invalid(Self::NAME, &error)); count],
        };
        let answer = call(Self::NAME, || request.clone().send()).await;
        let answer = answer.map(|answer| Answer {
            successful: answer.successful.into_iter().map(|entry| entry.id).collect(),
            failed: answer.failed.into_iter().map(refused).collect(),
        });
        results(Self::NAME, count, answer)
    }
}

fn refused(entry: BatchResultErrorEntry) -> Refused {
    Refused { id: entry.id, code: entry.code, message: entry.message, sender_fault: entry.sender_fault }
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
