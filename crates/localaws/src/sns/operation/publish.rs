//! Publishing: deduplication, and delivery to the subscriptions.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    api::{Answer, decode, lenient},
    batch::{self, Entry},
    sns::{
        Sns, error,
        model::{
            message::{Message, SIZE_MAX},
            notification::Notification,
        },
        operation::delivery::{self, Outbox},
        row,
        state::State,
    },
    sqs::model::attribute::hex,
};

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
        let mut notification = Notification {
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
        // Delivered while the lock is held, so that the messages of a FIFO topic arrive in order.
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
