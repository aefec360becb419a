//! Delivers a message to a subscription, or to its dead-letter queue.

use std::sync::Arc;

use serde_json::json;

use crate::{
    sns::{
        Sns,
        model::{
            notification::{self, Notification, UNSIGNED, timestamp, wants},
            post::Post,
            subscription::{Protocol, Subscription},
        },
        operation::webhook,
        row,
    },
    sqs::{Inlet, Sqs, model::attribute::Attributes},
};

/// Collects the deliveries of a message. All changes are stored together, and only then is anything sent over HTTP.
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
            webhook::spawn(post, Arc::clone(self.sqs));
        }
    }
}

/// Delivers to a subscription, if it is confirmed and its filter policy accepts the message.
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
            // A raw message with more than ten attributes is lost, as with SNS.
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

/// Sends the token for the confirmation to an HTTP subscriber.
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
    let headers = notification::headers("SubscriptionConfirmation", &id, topic_arn, arn);
    let mut outbox = Outbox::open(sns);
    outbox.post(Post { id, url: subscription.endpoint.clone(), headers, body: body.to_string(), dead_letter_arn: None });
    outbox.close();
}
