//! Delivery: whether a subscription wants a message, in which form, and what becomes of it when it cannot be delivered.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    sns::{
        Sns,
        publish::Message,
        row,
        subscription::{Protocol, Settings, Subscription},
        webhook::Post,
    },
    sqs::{
        Inlet, Sqs,
        attribute::{Attribute, Attributes},
    },
};

/// A published message on its way to subscriptions.
#[derive(Debug)]
pub(super) struct Notification<'a> {
    pub(super) id: String,
    pub(super) topic_arn: &'a str,
    pub(super) sequence: Option<String>,
    /// The texts for each protocol, when they differ.
    pub(super) by_protocol: Option<Map<String, Value>>,
    pub(super) message: &'a Message,
    pub(super) now_ms: u64,
    pub(super) host: &'a str,
}

/// Where messages leave for subscriptions. All that leaves through it is kept together, and only then sent over HTTP.
#[derive(Debug)]
pub(super) struct Outbox<'a> {
    pub(super) queues: Inlet<'a>,
    sqs: &'a Arc<Sqs>,
    posts: Vec<Post>,
}

impl<'a> Outbox<'a> {
    pub(super) fn open(sns: &'a Sns) -> Self {
        Self { queues: sns.sqs.inlet(), sqs: &sns.sqs, posts: Vec::new() }
    }

    fn post(&mut self, post: Post) {
        self.queues.journal.record(|| row::post(&post));
        self.posts.push(post);
    }

    pub(super) fn close(self) {
        drop(self.queues);
        for post in self.posts {
            post.spawn(Arc::clone(self.sqs));
        }
    }
}

/// Delivers to one subscription, if it is confirmed and wants the message.
pub(super) fn deliver(outbox: &mut Outbox<'_>, notification: &Notification<'_>, arn: &str, subscription: &Subscription) {
    let Subscription { settings, .. } = subscription;
    if subscription.token.is_some() || !wants(settings, notification.message) {
        return;
    }
    let text = notification.text_for(subscription.protocol);
    let body = if settings.raw { text.to_owned() } else { notification.envelope(text, arn).to_string() };
    let message = notification.message;
    match subscription.protocol {
        Protocol::Sqs => {
            let attributes = if settings.raw { message.attributes.clone() } else { Attributes::new() };
            let mut send = |queue: &str, attributes: Attributes| {
                let (group, deduplication_id) = (message.group.clone(), message.deduplication_id.clone());
                outbox.queues.deliver(queue, body.clone(), attributes, group, deduplication_id)
            };
            // A raw message with more than ten attributes is lost here too, as it is with SNS.
            if let Err(error) = send(&subscription.endpoint, attributes.clone()) {
                tracing::debug!(%error, subscription.arn = arn, "a notification could not be delivered");
                if let Some(queue) = &settings.dead_letter_arn {
                    send(queue, attributes).ok();
                }
            }
        }
        Protocol::Http => {
            let headers = notification.headers(arn, settings.raw);
            let (id, url, dead_letter_arn) =
                (crate::random::uuid().to_string(), subscription.endpoint.clone(), settings.dead_letter_arn.clone());
            outbox.post(Post { id, url, headers, body, dead_letter_arn });
        }
    }
}

/// Sends an HTTP subscription the token that confirms it.
pub(super) fn ask_for_confirmation(sns: &Sns, arn: &str, subscription: &Subscription, token: &str, host: &str) {
    let topic_arn = &subscription.topic_arn;
    let id = crate::random::uuid().to_string();
    let url = format!("http://{host}/?Action=ConfirmSubscription&Version=2010-03-31&TopicArn={topic_arn}&Token={token}");
    let body = json!({
        "Type": "SubscriptionConfirmation",
        "MessageId": id,
        "Token": token,
        "TopicArn": topic_arn,
        "Message": format!(
            "You have chosen to subscribe to the topic {topic_arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message."
        ),
        "SubscribeURL": url,
        "Timestamp": timestamp(sns.clock.millis()),
        "SignatureVersion": "1",
        "Signature": UNSIGNED,
        "SigningCertURL": format!("http://{host}/"),
    });
    let headers = headers("SubscriptionConfirmation", &id, topic_arn, arn);
    let mut outbox = Outbox::open(sns);
    outbox.post(Post { id, url: subscription.endpoint.clone(), headers, body: body.to_string(), dead_letter_arn: None });
    outbox.close();
}

/// There is no key of AWS's here to sign with.
const UNSIGNED: &str = "UNSIGNED";

impl Notification<'_> {
    fn text_for(&self, protocol: Protocol) -> &str {
        let texts = self.by_protocol.as_ref();
        let text = texts.and_then(|texts| texts.get(protocol.name()).or_else(|| texts.get("default"))?.as_str());
        text.unwrap_or(&self.message.text)
    }

    /// The message as SNS wraps it.
    fn envelope(&self, text: &str, arn: &str) -> Value {
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

    fn headers(&self, arn: &str, raw: bool) -> BTreeMap<String, String> {
        let mut headers = headers("Notification", &self.id, self.topic_arn, arn);
        if raw {
            headers.insert("x-amz-sns-rawdelivery".to_owned(), "true".to_owned());
        }
        headers
    }
}

fn headers(kind: &str, id: &str, topic_arn: &str, arn: &str) -> BTreeMap<String, String> {
    let headers = [("message-type", kind), ("message-id", id), ("topic-arn", topic_arn), ("subscription-arn", arn)];
    headers.map(|(name, value)| (format!("x-amz-sns-{name}"), value.to_owned())).into()
}

/// Whether the filter policy lets the message through. A body that is not a JSON object matches no policy on bodies.
fn wants(settings: &Settings, message: &Message) -> bool {
    let Some(policy) = &settings.filter else { return true };
    if settings.filters_body {
        matches!(serde_json::from_str(&message.text), Ok(Value::Object(body)) if policy.matches(&body))
    } else {
        let values = message.attributes.iter().filter_map(|(name, attribute)| Some((name.clone(), filtered(attribute)?)));
        policy.matches(&values.collect())
    }
}

/// An attribute as filter policies see it. They do not see binary ones.
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
fn timestamp(now_ms: u64) -> String {
    let timestamp = Timestamp::from_millisecond(now_ms.cast_signed()).unwrap_or_default();
    format!("{timestamp:.3}")
}
