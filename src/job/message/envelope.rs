//! Envelopes around a message: removed if the operator configured them, and recognised if a sender uses one by mistake.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::config::Envelope;

/// The first element of the list that the extended clients send in place of a body that they put into S3.
const POINTERS: [&str; 2] = ["software.amazon.payloadoffloading.PayloadS3Pointer", "com.amazon.sqs.javamessaging.MessageS3Pointer"];

/// The envelope of an SNS topic.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    #[serde(rename = "TopicArn")]
    _topic_arn: String,
    message: String,
}

/// The envelope of EventBridge.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "detail-type")]
    _detail_type: String,
    detail: Value,
}

/// The message in the envelope. A body without the envelope is the message itself.
pub fn unwrap(body: &str, envelope: Option<Envelope>) -> Cow<'_, str> {
    let message = match envelope {
        Some(Envelope::Sns) => serde_json::from_str::<Notification>(body).ok().map(|notification| notification.message),
        Some(Envelope::EventBridge) => serde_json::from_str::<Event>(body).ok().map(|event| event.detail.to_string()),
        None => None,
    };
    message.map_or(Cow::Borrowed(body), Cow::Owned)
}

/// What a body that is not JSON probably is, as a problem's text.
pub(super) fn of_text(body: &str) -> Option<&'static str> {
    let text = body.trim();
    let is_base64 = text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=\r\n".contains(&byte));
    match text {
        // The base64 form of gzip's magic number, 1f 8b 08; the next case is gzip that was converted to text.
        _ if is_base64 && text.starts_with("H4sI") => Some("is gzip in base64: send the JSON as it is, not compressed and not encoded"),
        _ if text.starts_with('\u{1f}') => Some("is gzip: send the JSON as it is, not compressed"),
        // The base64 form of a brace followed by a quote, a blank, a line break or a closing brace.
        _ if is_base64 && ["eyI", "eyJ", "eyA", "ewo", "ew0", "ewk", "e30"].iter().any(|start| text.starts_with(start)) => {
            Some("is JSON in base64: send the JSON as it is, not encoded")
        }
        _ => None,
    }
}

/// How the types of the daemon's own events begin.
const OWN: &str = "slipway.job.";

/// Whether a body is an event that a daemon published, with or without the envelope of a topic.
pub fn is_own_event(body: &str) -> bool {
    serde_json::from_str(body).is_ok_and(|value| is_own(&value))
}

fn is_own(value: &Value) -> bool {
    let is_event = |value: &Value| value.get("specversion").is_some() && value["type"].as_str().is_some_and(|kind| kind.starts_with(OWN));
    is_event(value)
        || value["Message"].as_str().and_then(|text| serde_json::from_str(text).ok()).is_some_and(|inner: Value| is_event(&inner))
}

/// What a JSON value that is no message probably is, as a problem's text.
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
                "is a message of SNS about a subscription, and no job: confirm the subscription, or ask its owner to"
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
