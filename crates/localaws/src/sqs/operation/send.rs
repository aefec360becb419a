//! Sends messages, with deduplication.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    api::{Answer, decode},
    batch,
    sqs::{
        Sqs,
        model::{
            attribute::{self, hex},
            message::{Message, Standing},
            outgoing::{self, Outgoing},
            queue::{Queue, Sent},
            setting::MESSAGE_SIZE_MAX,
        },
        operation::batch::Batch,
    },
};

#[derive(Debug, Deserialize)]
struct SendMessage {
    #[serde(rename = "QueueUrl")]
    queue_url: Option<String>,
    #[serde(flatten)]
    message: Outgoing,
}

impl Sqs {
    pub(super) fn send_message(&self, input: Value) -> Answer {
        let input: SendMessage = decode(input)?;
        let now_ms = self.clock.millis();
        let mut state = self.state();
        let queue = state.queue(input.queue_url.as_deref(), now_ms)?;
        outgoing::check(&input.message, &queue.settings)?;
        Ok(enqueue(queue, input.message, now_ms))
    }

    pub(super) fn send_message_batch(&self, input: Value) -> Answer {
        let batch: Batch<Outgoing> = decode(input)?;
        let now_ms = self.clock.millis();
        let mut state = self.state();
        let queue = state.queue(batch.queue_url.as_deref(), now_ms)?;
        batch::check(&batch.entries, "SendMessageBatchRequestEntry")?;
        let sent = batch.entries.iter().map(|entry| entry.request.size()).sum();
        batch::check_size(sent, MESSAGE_SIZE_MAX)?;
        Ok(batch.answer(|message| {
            outgoing::check(&message, &queue.settings)?;
            Ok(enqueue(queue, message, now_ms))
        }))
    }
}

/// Adds a checked message to its queue, unless it is a repetition. Returns the answer.
pub(crate) fn enqueue(queue: &mut Queue, message: Outgoing, now_ms: u64) -> Value {
    let body_md5 = attribute::md5_of(&message.body);
    let mut answer = json!({ "MD5OfMessageBody": body_md5 });
    if let Some(md5) = attribute::md5(&message.attributes) {
        answer["MD5OfMessageAttributes"] = md5.into();
    }
    if let Some(md5) = attribute::md5(&message.system_attributes) {
        answer["MD5OfMessageSystemAttributes"] = md5.into();
    }
    let deduplication_id = message.deduplication_id.or_else(|| queue.settings.fifo.then(|| hex(&Sha256::digest(message.body.as_bytes()))));
    let key = deduplication_id.as_ref().map(|id| match &message.group {
        // An id contains no space.
        Some(group) if queue.settings.deduplicates_groups => format!("{group} {id}"),
        _ => id.clone(),
    });
    let before = key.as_ref().and_then(|key| queue.deduplication.recall(key, now_ms).cloned());
    let sent = before.unwrap_or_else(|| {
        let sent = Sent { id: crate::random::uuid().to_string(), sequence: queue.next_sequence() };
        if let Some(key) = key {
            queue.remember(key, now_ms, sent.clone());
        }
        let delay_ms = message.delay_seconds.and_then(|delay| u64::try_from(delay).ok()).map(|delay| delay * 1000);
        let standing = match delay_ms.filter(|_| !queue.settings.fifo).unwrap_or(queue.settings.delay_ms) {
            0 => Standing::Visible,
            delay_ms => Standing::Delayed { until_ms: now_ms + delay_ms },
        };
        queue.insert(Message {
            id: sent.id.clone(),
            body: message.body,
            body_md5,
            attributes: message.attributes,
            system_attributes: message.system_attributes,
            group: message.group,
            deduplication_id,
            sequence: sent.sequence.clone(),
            sent_ms: now_ms,
            first_received_ms: None,
            receives: 0,
            dead_letter_source: None,
            standing,
        });
        sent
    });
    answer["MessageId"] = sent.id.into();
    if let Some(sequence) = sent.sequence {
        answer["SequenceNumber"] = sequence.into();
    }
    answer
}
