//! Receives messages, or waits until there are some.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::{
    sync::futures::OwnedNotified,
    time::{Instant, timeout_at},
};

use crate::{
    api::{Answer, ApiError, decode},
    sqs::{
        Sqs, error,
        model::{
            attribute,
            message::{Handle, Message},
            setting::{VISIBILITY_MAX_S, WAIT_MAX_S},
        },
        state::name_of,
    },
};

/// SQS: the most messages of a receive.
const MESSAGES_MAX: i64 = 10;
/// SQS: about how many messages of a queue can be in flight.
const IN_FLIGHT_MAX: usize = 120_000;
const SYSTEM_ATTRIBUTES: [&str; 9] = [
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
];
const DEAD_LETTER_SOURCE: &str = "DeadLetterQueueSourceArn";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveMessage {
    queue_url: Option<String>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
}

/// The result of one attempt to receive.
enum Look {
    Messages(Vec<Value>),
    /// No message is visible. `change` resolves when the queue changes; at `reveal` a hidden message becomes visible.
    Nothing {
        change: OwnedNotified,
        reveal: Option<Duration>,
        wait: Duration,
    },
}

impl Sqs {
    pub(super) async fn receive_message(&self, input: Value) -> Answer {
        let input: ReceiveMessage = decode(input)?;
        input.check()?;
        let begin = Instant::now();
        loop {
            match self.look(&input)? {
                Look::Messages(messages) => return Ok(json!({ "Messages": messages })),
                Look::Nothing { change, reveal, wait } => {
                    let end = begin + wait;
                    let now = Instant::now();
                    if now >= end {
                        return Ok(json!({}));
                    }
                    let next = reveal.map_or(end, |reveal| end.min(now + reveal));
                    // In any case the queue is read again: after a change, when a message may have become visible, or for the last time.
                    timeout_at(next, change).await.ok();
                }
            }
        }
    }

    fn look(&self, input: &ReceiveMessage) -> Result<Look, ApiError> {
        let now_ms = self.clock.millis();
        let mut state = self.state();
        let queue = state.queue(input.queue_url.as_deref(), now_ms)?;
        let (name, arn, redrive) = (queue.name.clone(), queue.arn.clone(), queue.settings.redrive.clone());
        let redrive = redrive.filter(|redrive| state.has(&redrive.target_arn));
        let queue = state.queue(Some(&name), now_ms)?;
        if queue.backlog.counts().in_flight >= IN_FLIGHT_MAX {
            return Err(error::over_limit());
        }
        let asked_s = input.visibility_timeout.and_then(|seconds| u64::try_from(seconds).ok());
        let visibility_ms = asked_s.unwrap_or(queue.settings.visibility_s) * 1000;
        let room = usize::try_from(input.max_number_of_messages.unwrap_or(1)).unwrap_or(1);
        let (mut messages, mut dead) = (Vec::new(), Vec::new());
        while messages.len() < room {
            let taken = queue.backlog.take(room - messages.len(), now_ms, visibility_ms);
            if taken.is_empty() {
                break;
            }
            for place in taken {
                let receives = queue.backlog.message(place).map_or(0, |message| message.receives);
                if redrive.as_ref().is_some_and(|redrive| receives >= redrive.receives_max) {
                    dead.extend(queue.remove(place));
                } else if let Some((message, handle)) = queue.count_receive(place, now_ms) {
                    messages.push(input.render(message, &handle, &self.account));
                }
            }
        }
        let wait = input.wait_time_seconds.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(queue.settings.wait_s);
        let look = if messages.is_empty() {
            let reveal = queue.backlog.next_reveal_ms().map(|at_ms| Duration::from_millis(at_ms.saturating_sub(now_ms)));
            // Created under the lock, so that no change between this attempt and the wait is missed.
            Look::Nothing { change: queue.wake.clone().notified_owned(), reveal, wait: Duration::from_secs(wait) }
        } else {
            Look::Messages(messages)
        };
        if let Some(redrive) = redrive
            && let Some(target) = state.queues.get_mut(name_of(&redrive.target_arn))
        {
            for message in dead {
                target.insert(message.given_up_by(&arn));
            }
        }
        Ok(look)
    }
}

impl ReceiveMessage {
    fn check(&self) -> Result<(), ApiError> {
        let within = |value: Option<i64>, least: i64, most: i64| value.is_none_or(|value| (least..=most).contains(&value));
        if !within(self.max_number_of_messages, 1, MESSAGES_MAX) {
            let value = self.max_number_of_messages.unwrap_or_default();
            return Err(error::invalid_value(value, "MaxNumberOfMessages", "Must be between 1 and 10, if provided."));
        }
        if !within(self.wait_time_seconds, 0, WAIT_MAX_S.cast_signed()) {
            let value = self.wait_time_seconds.unwrap_or_default();
            return Err(error::invalid_value(value, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided."));
        }
        if !within(self.visibility_timeout, 0, VISIBILITY_MAX_S.cast_signed()) {
            let value = self.visibility_timeout.unwrap_or_default();
            return Err(error::invalid_value(value, "VisibilityTimeout", "Must be between 0 and 43200, if provided."));
        }
        let asked = self.attribute_names.iter().chain(&self.message_system_attribute_names);
        let unknown = |name: &&String| !SYSTEM_ATTRIBUTES.contains(&name.as_str()) && name.as_str() != DEAD_LETTER_SOURCE;
        match asked.into_iter().find(unknown) {
            Some(name) => Err(error::unknown_attribute(name)),
            None => Ok(()),
        }
    }

    /// A received message, with the attributes that the receive asked for.
    fn render(&self, message: &Message, handle: &Handle, sender: &str) -> Value {
        let mut answer = json!({
            "MessageId": message.id,
            "ReceiptHandle": handle.encode(),
            "MD5OfBody": message.body_md5,
            "Body": message.body,
        });
        let asked: Vec<&str> = self.attribute_names.iter().chain(&self.message_system_attribute_names).map(String::as_str).collect();
        if !asked.is_empty() {
            let known = system_attributes(message, sender).into_iter().filter_map(|(name, value)| Some((name, value?)));
            let chosen: Map<String, Value> = known
                .filter(|(name, _)| asked.contains(name) || asked.contains(&"All"))
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
            if !chosen.is_empty() {
                answer["Attributes"] = chosen.into();
            }
        }
        let chosen = attribute::select(&message.attributes, &self.message_attribute_names);
        if let Some(md5) = attribute::md5(&chosen) {
            answer["MD5OfMessageAttributes"] = md5.into();
            answer["MessageAttributes"] = json!(chosen);
        }
        answer
    }
}

fn system_attributes(message: &Message, sender: &str) -> [(&'static str, Option<String>); 9] {
    let trace = message.system_attributes.get("AWSTraceHeader").and_then(|header| header.string_value.clone());
    [
        ("SenderId", Some(sender.to_owned())),
        ("SentTimestamp", Some(message.sent_ms.to_string())),
        ("ApproximateReceiveCount", Some(message.receives.to_string())),
        ("ApproximateFirstReceiveTimestamp", message.first_received_ms.map(|at_ms| at_ms.to_string())),
        ("SequenceNumber", message.sequence.clone()),
        ("MessageDeduplicationId", message.deduplication_id.clone()),
        ("MessageGroupId", message.group.clone()),
        ("AWSTraceHeader", trace),
        (DEAD_LETTER_SOURCE, message.dead_letter_source.clone()),
    ]
}
