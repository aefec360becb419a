//! Publishing: the rules for a message, deduplication, and its way to the subscriptions.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    api::{Answer, ApiError, decode},
    batch::{self, Entry},
    sns::{
        Sns, State,
        delivery::{self, Outbox},
        error, row,
        topic::{Topic, lenient},
    },
    sqs::attribute::{self, Attributes, hex},
};

/// SNS: a message, and a batch, has at most 256 KiB with its attributes.
const SIZE_MAX: usize = 262_144;
/// SNS: a subject is shorter than 100 characters.
const SUBJECT_MAX: usize = 100;
/// SNS: group ids and deduplication ids have at most 128 characters.
const ID_MAX: usize = 128;

/// A message to publish.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Message {
    #[serde(default, rename = "Message")]
    pub(super) text: String,
    pub(super) subject: Option<String>,
    #[serde(rename = "MessageStructure")]
    structure: Option<String>,
    #[serde(default, rename = "MessageAttributes", deserialize_with = "lenient")]
    pub(super) attributes: Attributes,
    #[serde(rename = "MessageDeduplicationId")]
    pub(super) deduplication_id: Option<String>,
    #[serde(rename = "MessageGroupId")]
    pub(super) group: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Publish {
    topic_arn: Option<String>,
    target_arn: Option<String>,
    #[serde(flatten)]
    message: Message,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublishBatch {
    topic_arn: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    publish_batch_request_entries: Vec<Entry<Message>>,
}

impl Sns {
    pub(super) fn publish(&self, input: Value, host: &str) -> Answer {
        let input: Publish = decode(input)?;
        let arn = input.topic_arn.or(input.target_arn);
        let arn = arn.ok_or_else(|| error::invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
        let mut state = self.state();
        let mut outbox = Outbox::open(self);
        let answer = self.publish_one(&mut state, &mut outbox, &arn, input.message, host);
        outbox.close();
        answer
    }

    pub(super) fn publish_batch(&self, input: Value, host: &str) -> Answer {
        let input: PublishBatch = decode(input)?;
        let mut state = self.state();
        let arn = state.topic(input.topic_arn.as_deref())?.arn.clone();
        let entries = input.publish_batch_request_entries;
        batch::check(&entries, "PublishBatchRequestEntry")?;
        batch::check_size(entries.iter().map(|entry| entry.request.size()).sum(), SIZE_MAX)?;
        let mut outbox = Outbox::open(self);
        let outcome = batch::answer(entries, |message| self.publish_one(&mut state, &mut outbox, &arn, message, host));
        outbox.close();
        Ok(json!({ "Successful": outcome.successful, "Failed": outcome.failed }))
    }

    fn publish_one(&self, state: &mut State, outbox: &mut Outbox<'_>, arn: &str, mut message: Message, host: &str) -> Answer {
        let now_ms = self.clock.millis();
        let topic = state.topic(Some(arn))?;
        message.check(topic)?;
        if topic.fifo && message.deduplication_id.is_none() {
            message.deduplication_id = Some(hex(&Sha256::digest(message.text.as_bytes())));
        }
        let mut notification = delivery::Notification {
            id: crate::random::uuid().to_string(),
            topic_arn: arn,
            sequence: None,
            by_protocol: message.by_protocol()?,
            message: &message,
            now_ms,
            host,
        };
        if let Some(key) = message.deduplication_id.as_ref().filter(|_| topic.fifo) {
            if let Some((id, sequence)) = topic.deduplication.recall(key, now_ms) {
                return Ok(json!({ "MessageId": id, "SequenceNumber": sequence }));
            }
            topic.last_sequence += 1;
            let sequence = format!("{:020}", topic.last_sequence);
            outbox.queues.journal.record(|| row::published(topic, key, now_ms, &notification.id, &sequence));
            topic.deduplication.remember(key.clone(), now_ms, (notification.id.clone(), sequence.clone()));
            notification.sequence = Some(sequence);
        }
        // Delivered under the lock, so that a FIFO topic's messages arrive in its order.
        for (subscription_arn, subscription) in state.subscriptions_of(arn) {
            delivery::deliver(outbox, &notification, subscription_arn, subscription);
        }
        let mut answer = json!({ "MessageId": notification.id });
        if let Some(sequence) = notification.sequence {
            answer["SequenceNumber"] = sequence.into();
        }
        Ok(answer)
    }
}

impl Message {
    fn size(&self) -> usize {
        self.text.len() + attribute::size(&self.attributes)
    }

    fn check(&self, topic: &Topic) -> Result<(), ApiError> {
        if self.text.is_empty() {
            return Err(error::invalid("Empty message"));
        }
        if let Some(subject) = &self.subject {
            let starts_well = subject.starts_with(|character: char| character.is_ascii_graphic());
            if !starts_well || subject.len() >= SUBJECT_MAX || !subject.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
                return Err(error::invalid("Subject"));
            }
        }
        attribute::check_each(&self.attributes).map_err(|error| error::invalid_attribute(error.message))?;
        if self.size() > SIZE_MAX {
            return Err(error::invalid("Message too long"));
        }
        for (name, id) in [("MessageGroupId", &self.group), ("MessageDeduplicationId", &self.deduplication_id)] {
            if id.as_ref().is_some_and(|id| id.is_empty() || id.len() > ID_MAX || !id.bytes().all(|byte| byte.is_ascii_graphic())) {
                return Err(error::invalid(format!(
                    "{name} Reason: Must be a string of 1 to {ID_MAX} alphanumeric and punctuation characters"
                )));
            }
        }
        match (topic.fifo, &self.group, &self.deduplication_id) {
            (true, None, _) => Err(error::invalid("The MessageGroupId parameter is required for FIFO topics")),
            (true, Some(_), None) if !topic.content_based() => Err(error::invalid(
                "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
            )),
            (false, _, Some(_)) => Err(error::invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
            )),
            _ => Ok(()),
        }
    }

    /// The texts for each protocol, when the message is structured.
    fn by_protocol(&self) -> Result<Option<Map<String, Value>>, ApiError> {
        match self.structure.as_deref() {
            None | Some("") => Ok(None),
            Some("json") => match serde_json::from_str(&self.text) {
                Ok(Value::Object(texts)) if texts.get("default").is_some_and(Value::is_string) => Ok(Some(texts)),
                Ok(Value::Object(_)) => Err(error::invalid("Message Structure - No default entry in JSON message body")),
                _ => Err(error::invalid("Message Structure - JSON message body failed to parse")),
            },
            Some(_) => Err(error::invalid("MessageStructure")),
        }
    }
}
