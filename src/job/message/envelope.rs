//! What a message comes wrapped in: taken off where the operator says so, named where a sender did not mean it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::config::Envelope;

/// The first element of what the extended clients send instead of a body that they put into S3.
const POINTERS: [&str; 2] = ["software.amazon.payloadoffloading.PayloadS3Pointer", "com.amazon.sqs.javamessaging.MessageS3Pointer"];

/// A topic's envelope.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    #[serde(rename = "TopicArn")]
    _topic_arn: String,
    message: String,
}

/// An event bus's envelope.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "detail-type")]
    _detail_type: String,
    detail: Value,
}

/// The sender's message. A body that has no such envelope is the message itself.
pub fn unwrap(body: &str, envelope: Option<Envelope>) -> Cow<'_, str> {
    let message = match envelope {
        Some(Envelope::Sns) => serde_json::from_str::<Notification>(body).ok().map(|notification| notification.message),
        Some(Envelope::EventBridge) => serde_json::from_str::<Event>(body).ok().map(|event| event.detail.to_string()),
        None => None,
    };
    message.map_or(Cow::Borrowed(body), Cow::Owned)
}

/// What a text that is not JSON probably is.
pub(super) fn of_text(body: &str) -> Option<&'static str> {
    let text = body.trim();
    let is_base64 = text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=\r\n".contains(&byte));
    match text {
        // gzip's magic number, 1f 8b 08, is this in base64, and this where it was made text by force.
        _ if is_base64 && text.starts_with("H4sI") => Some("is gzip in base64: send the JSON as it is, not compressed and not encoded"),
        _ if text.starts_with('\u{1f}') => Some("is gzip: send the JSON as it is, not compressed"),
        // A brace, and a quote, a blank or a line break.
        _ if is_base64 && ["eyI", "eyJ", "eyA", "ewo", "ew0", "ewk", "e30"].iter().any(|start| text.starts_with(start)) => {
            Some("is JSON in base64: send the JSON as it is, not encoded")
        }
        _ => None,
    }
}

/// What the types of the daemon's own events begin with.
const OWN: &str = "slipway.job.";

/// Whether a body is an event that a daemon published, alone or in a topic's envelope.
pub fn is_own_event(body: &str) -> bool {
    serde_json::from_str(body).is_ok_and(|value| is_own(&value))
}

fn is_own(value: &Value) -> bool {
    let is_event = |value: &Value| value.get("specversion").is_some() && value["type"].as_str().is_some_and(|kind| kind.starts_with(OWN));
    is_event(value)
        || value["Message"].as_str().and_then(|text| serde_json::from_str(text).ok()).is_some_and(|inner: Value| is_event(&inner))
}

/// What a value that is no message probably is.
pub(super) fn of_value(value: &Value) -> Option<&'static str> {
    if is_own(value) {
        return Some(
            "is one of the daemon's own events: the jobs queue is subscribed to the topic of its events, so that each event comes back as a \
             message; remove this subscription, and let whoever reads events have a queue of their own",
        );
    }
    if value.get("detail-type").is_some_and(Value::is_string) && value.get("detail").is_some() {
        return Some(
            "is an EventBridge event: give the rule's target the input path `$.detail`, or set `envelope = \"eventbridge\"` for the queue",
        );
    }
    if value.get("TopicArn").is_some_and(Value::is_string) && value.get("Message").is_some() {
        return Some(match value["Type"].as_str() {
            Some("SubscriptionConfirmation" | "UnsubscribeConfirmation") => {
                "is SNS's word on a subscription, and no job: the subscription is to be confirmed by its owner"
            }
            _ => "is in an SNS envelope: subscribe the queue with RawMessageDelivery, or set `envelope = \"sns\"` for it",
        });
    }
    if value.get(0).and_then(Value::as_str).is_some_and(|name| POINTERS.contains(&name)) {
        return Some(
            "is an extended client's pointer to S3, which is not followed: a job fits into a message, so send it without that client",
        );
    }
    let text = value.as_str()?;
    text.trim_start().starts_with('{').then_some("is JSON inside of a JSON string: it was encoded twice")
}
