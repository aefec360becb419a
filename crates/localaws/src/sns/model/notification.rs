//! The form of a published message for subscribers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    sns::model::{
        message::Message,
        subscription::{Protocol, Settings},
    },
    sqs::model::attribute::Attribute,
};

/// A published message for subscriptions.
#[derive(Debug)]
pub(crate) struct Notification<'a> {
    pub(crate) id: String,
    pub(crate) topic_arn: &'a str,
    pub(crate) sequence: Option<String>,
    /// The texts by protocol, if they differ.
    pub(crate) by_protocol: Option<Map<String, Value>>,
    pub(crate) message: &'a Message,
    pub(crate) now_ms: u64,
    pub(crate) host: &'a str,
}

/// The value of signatures: the endpoint has none of AWS's keys.
pub(crate) const UNSIGNED: &str = "UNSIGNED";

impl Notification<'_> {
    pub(crate) fn text_for(&self, protocol: Protocol) -> &str {
        let texts = self.by_protocol.as_ref();
        let text = texts.and_then(|texts| texts.get(protocol.name()).or_else(|| texts.get("default"))?.as_str());
        text.unwrap_or(&self.message.text)
    }

    /// The message in SNS's envelope.
    pub(crate) fn envelope(&self, text: &str, arn: &str) -> Value {
        let host = self.host;
        let mut envelope = json!({
            "Type": "Notification",
            "MessageId": self.id,
            "TopicArn": self.topic_arn,
            "Message": text,
            "Timestamp": timestamp(self.now_ms),
            "SignatureVersion": "1",
            "Signature": UNSIGNED,
            "SigningCertURL": format!("http://{host}/"),
            "UnsubscribeURL": format!("http://{host}/?Action=Unsubscribe&Version=2010-03-31&SubscriptionArn={arn}"),
        });
        if let Some(subject) = &self.message.subject {
            envelope["Subject"] = subject.as_str().into();
        }
        if let Some(sequence) = &self.sequence {
            envelope["SequenceNumber"] = sequence.as_str().into();
        }
        if !self.message.attributes.is_empty() {
            let attributes = self.message.attributes.iter().map(|(name, attribute)| {
                let value = attribute.string_value.as_ref().or(attribute.binary_value.as_ref());
                (name.clone(), json!({ "Type": attribute.data_type, "Value": value }))
            });
            envelope["MessageAttributes"] = attributes.collect::<Map<_, _>>().into();
        }
        envelope
    }

    pub(crate) fn headers(&self, arn: &str, raw: bool) -> BTreeMap<String, String> {
        let mut headers = headers("Notification", &self.id, self.topic_arn, arn);
        if raw {
            headers.insert("x-amz-sns-rawdelivery".to_owned(), "true".to_owned());
        }
        headers
    }
}

pub(crate) fn headers(kind: &str, id: &str, topic_arn: &str, arn: &str) -> BTreeMap<String, String> {
    let headers = [("message-type", kind), ("message-id", id), ("topic-arn", topic_arn), ("subscription-arn", arn)];
    headers.map(|(name, value)| (format!("x-amz-sns-{name}"), value.to_owned())).into()
}

/// Whether the filter policy accepts the message. A body that is no JSON object matches no policy for bodies.
pub(crate) fn wants(settings: &Settings, message: &Message) -> bool {
    let Some(policy) = &settings.filter else { return true };
    if settings.filters_body {
        matches!(serde_json::from_str(&message.text), Ok(Value::Object(body)) if policy.matches(&body))
    } else {
        let values = message.attributes.iter().filter_map(|(name, attribute)| Some((name.clone(), filtered(attribute)?)));
        policy.matches(&values.collect())
    }
}

/// An attribute for filter policies. Binary attributes are ignored.
fn filtered(attribute: &Attribute) -> Option<Value> {
    let text = attribute.string_value.as_ref()?;
    if attribute.data_type == "String.Array" {
        return serde_json::from_str(text).ok();
    }
    if attribute.is("Number") {
        return text.trim().parse::<f64>().ok().map(Value::from);
    }
    Some(text.as_str().into())
}

/// Such as `2026-01-28T20:47:36.367Z`.
pub(crate) fn timestamp(now_ms: u64) -> String {
    let timestamp = Timestamp::from_millisecond(now_ms.cast_signed()).unwrap_or_default();
    format!("{timestamp:.3}")
}
