//! Sending: the rules for a message, deduplication, and its way into the queue.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    api::{Answer, ApiError, decode},
    batch,
    sqs::{
        Sqs,
        attribute::{self, Attribute, Attributes, hex},
        batch::Batch,
        error,
        message::{Message, Standing},
        queue::{Queue, Sent},
        setting::{DELAY_MAX_S, MESSAGE_SIZE_MAX, Settings},
    },
};

/// SQS: group ids and deduplication ids have at most 128 characters.
const ID_MAX: usize = 128;
const TRACE_HEADER: &str = "AWSTraceHeader";

/// A message on its way into a queue.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Outgoing {
    #[serde(default, rename = "MessageBody")]
    pub(super) body: String,
    #[serde(default, rename = "MessageAttributes")]
    pub(super) attributes: Attributes,
    #[serde(default, rename = "MessageSystemAttributes")]
    pub(super) system_attributes: Attributes,
    #[serde(rename = "MessageGroupId")]
    pub(super) group: Option<String>,
    #[serde(rename = "MessageDeduplicationId")]
    pub(super) deduplication_id: Option<String>,
    pub(super) delay_seconds: Option<i64>,
}

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
        check(&input.message, &queue.settings)?;
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
            check(&message, &queue.settings)?;
            Ok(enqueue(queue, message, now_ms))
        }))
    }
}

impl Outgoing {
    fn size(&self) -> usize {
        self.body.len() + attribute::size(&self.attributes)
    }
}

/// Checks a message against SQS's rules and its queue's.
pub(super) fn check(message: &Outgoing, settings: &Settings) -> Result<(), ApiError> {
    if message.body.is_empty() {
        return Err(error::missing("MessageBody"));
    }
    if !message.body.chars().all(attribute::allowed) {
        return Err(error::invalid_contents());
    }
    attribute::check(&message.attributes)?;
    if message.size() > settings.message_size_max {
        let reason = format!("Message must be shorter than {} bytes.", settings.message_size_max);
        return Err(error::invalid(format!("One or more parameters are invalid. Reason: {reason}")));
    }
    for (name, header) in &message.system_attributes {
        let Attribute { data_type, string_value, .. } = header;
        if name != TRACE_HEADER || data_type != "String" || string_value.as_deref().is_none_or(str::is_empty) {
            return Err(error::invalid(format!("Message system attribute name '{name}' is invalid.")));
        }
    }
    check_delay(message, settings)?;
    check_ids(message, settings)
}

fn check_delay(message: &Outgoing, settings: &Settings) -> Result<(), ApiError> {
    let Some(delay) = message.delay_seconds else { return Ok(()) };
    if settings.fifo && delay != 0 {
        let reason = "The request include parameter that is not valid for this queue type.";
        return Err(error::invalid_value(delay, "DelaySeconds", reason));
    }
    if !u64::try_from(delay).is_ok_and(|delay| delay <= DELAY_MAX_S) {
        return Err(error::invalid_value(delay, "DelaySeconds", &format!("DelaySeconds must be >= 0 and <= {DELAY_MAX_S}.")));
    }
    Ok(())
}

fn check_ids(message: &Outgoing, settings: &Settings) -> Result<(), ApiError> {
    for (parameter, id) in [("MessageGroupId", &message.group), ("MessageDeduplicationId", &message.deduplication_id)] {
        let Some(id) = id else { continue };
        if id.is_empty() || id.len() > ID_MAX || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = format!("{parameter} can only include alphanumeric and punctuation characters. 1 to {ID_MAX} in length.");
            return Err(error::invalid_value(id, parameter, &reason));
        }
    }
    match (settings.fifo, &message.group, &message.deduplication_id) {
        (false, _, Some(id)) => {
            let reason = "The request includes a parameter that is not valid for this queue type.";
            Err(error::invalid_value(id, "MessageDeduplicationId", reason))
        }
        (true, None, _) => Err(error::missing("MessageGroupId")),
        (true, Some(_), None) if !settings.content_based => Err(error::invalid(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        )),
        _ => Ok(()),
    }
}

/// Puts a checked message into its queue, unless it repeats one, and makes the answer.
pub(super) fn enqueue(queue: &mut Queue, message: Outgoing, now_ms: u64) -> Value {
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
        // No id contains a space.
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
