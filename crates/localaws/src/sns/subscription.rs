//! Subscriptions: to queues, and to HTTP endpoints that confirm first.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    api::{Answer, ApiError, decode, required},
    sns::{
        Sns, State, delivery, error,
        filter::Policy,
        row,
        topic::{lenient, page},
    },
};

const ATTRIBUTES: [&str; 6] =
    ["DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "SubscriptionRoleArn"];

/// A subscription.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub(super) topic_arn: String,
    pub(super) protocol: Protocol,
    pub(super) endpoint: String,
    /// What confirms the subscription, until it is confirmed.
    pub(super) token: Option<String>,
    pub(super) settings: Settings,
}

/// How a subscription's messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Sqs,
    Http,
}

impl Protocol {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Http => "http",
        }
    }
}

/// A subscription's attributes, as they were given and as deliveries use them.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    given: BTreeMap<String, String>,
    /// Whether the message goes without the envelope.
    pub(super) raw: bool,
    pub(super) filter: Option<Policy>,
    pub(super) filters_body: bool,
    /// The queue for messages that cannot be delivered.
    pub(super) dead_letter_arn: Option<String>,
}

impl Settings {
    /// The attributes as they were given.
    pub(super) fn given(&self) -> &BTreeMap<String, String> {
        &self.given
    }

    /// These settings with some changed. An empty policy goes away.
    pub(super) fn with(&self, changes: BTreeMap<String, String>) -> Result<Self, ApiError> {
        let mut given = self.given.clone();
        for (name, value) in changes {
            if !ATTRIBUTES.contains(&name.as_str()) {
                return Err(error::invalid("AttributeName"));
            }
            if value.is_empty() || (name == "FilterPolicy" && value.trim() == "{}") {
                given.remove(&name);
            } else {
                given.insert(name, value);
            }
        }
        let get = |name: &str| given.get(name).map(String::as_str);
        let filters_body = match get("FilterPolicyScope") {
            None | Some("MessageAttributes") => false,
            Some("MessageBody") => true,
            Some(other) => {
                return Err(error::invalid(format!(
                    "FilterPolicyScope: Invalid value [{other}]. Please use either MessageBody or MessageAttributes"
                )));
            }
        };
        let raw = get("RawMessageDelivery").unwrap_or("false");
        if !is_flag(raw) {
            return Err(error::invalid("Attributes Reason: RawMessageDelivery: Invalid value. Must be true or false."));
        }
        let filter = get("FilterPolicy").map(|policy| Policy::parse(policy, filters_body)).transpose();
        let dead_letter_arn = get("RedrivePolicy").map(|policy| {
            let policy: Option<Value> = serde_json::from_str(policy).ok();
            let arn = policy.as_ref().and_then(|policy| policy.get("deadLetterTargetArn")?.as_str());
            arn.map(str::to_owned).ok_or_else(|| error::invalid("RedrivePolicy: failed to parse JSON."))
        });
        Ok(Self {
            raw: raw.eq_ignore_ascii_case("true"),
            filter: filter.map_err(|reason| error::invalid(format!("FilterPolicy: {reason}")))?,
            filters_body,
            dead_letter_arn: dead_letter_arn.transpose()?,
            given,
        })
    }
}

pub(super) fn is_flag(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    topic_arn: Option<String>,
    subscription_arn: Option<String>,
    protocol: Option<String>,
    endpoint: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    attributes: BTreeMap<String, String>,
    return_subscription_arn: Option<String>,
    token: Option<String>,
    attribute_name: Option<String>,
    #[serde(default)]
    attribute_value: String,
    next_token: Option<String>,
}

impl State {
    /// A topic's subscriptions: their ARNs begin with the topic's.
    pub(super) fn subscriptions_of(&self, topic_arn: &str) -> impl Iterator<Item = (&String, &Subscription)> {
        let prefix = format!("{topic_arn}:");
        self.subscriptions.range(prefix.clone()..).take_while(move |(arn, _)| arn.starts_with(&prefix))
    }

    fn subscription(&mut self, arn: Option<&str>) -> Result<&mut Subscription, ApiError> {
        let arn = required(arn, "SubscriptionArn", error::missing)?;
        self.subscriptions.get_mut(arn).ok_or_else(error::no_subscription)
    }
}

impl Sns {
    pub(super) fn subscribe(&self, input: Value, host: &str) -> Answer {
        let input: Input = decode(input)?;
        let protocol = required(input.protocol.as_deref(), "Protocol", error::missing)?;
        let endpoint = input.endpoint.unwrap_or_default();
        let protocol = match protocol {
            "sqs" if endpoint.starts_with("arn:aws:sqs:") && endpoint.split(':').count() == 6 => Protocol::Sqs,
            "sqs" => return Err(error::invalid("SQS endpoint ARN")),
            "http" if endpoint.starts_with("http://") => Protocol::Http,
            "http" => return Err(error::invalid("Endpoint must match the specified protocol")),
            other => return Err(error::invalid(format!("Protocol: this endpoint does not deliver to {other}"))),
        };
        let settings = Settings::default().with(input.attributes)?;
        let mut state = self.state();
        let topic_arn = state.topic(input.topic_arn.as_deref())?.arn.clone();
        let same = |subscription: &Subscription| subscription.protocol == protocol && subscription.endpoint == endpoint;
        let existing = state.subscriptions_of(&topic_arn).find(|(_, subscription)| same(subscription));
        let existing = existing.map(|(arn, subscription)| (arn.clone(), subscription.clone()));
        let (arn, subscription) = if let Some((arn, subscription)) = existing {
            if settings.given.iter().any(|(name, value)| subscription.settings.given.get(name) != Some(value)) {
                return Err(error::invalid("Attributes Reason: Subscription already exists with different attributes"));
            }
            (arn, subscription)
        } else {
            let arn = format!("{topic_arn}:{}", crate::random::uuid());
            let token = (protocol == Protocol::Http).then(|| crate::random::uuid().simple().to_string());
            let subscription = Subscription { topic_arn, protocol, endpoint, token, settings };
            self.journal.record(|| row::subscription(&arn, &subscription));
            state.subscriptions.insert(arn.clone(), subscription.clone());
            (arn, subscription)
        };
        drop(state);
        let Some(token) = &subscription.token else { return Ok(json!({ "SubscriptionArn": arn })) };
        delivery::ask_for_confirmation(self, &arn, &subscription, token, host);
        let show = input.return_subscription_arn.as_deref() == Some("true");
        Ok(json!({ "SubscriptionArn": if show { arn.as_str() } else { "pending confirmation" } }))
    }

    pub(super) fn confirm_subscription(&self, input: Value) -> Answer {
        let input: Input = decode(input)?;
        let mut state = self.state();
        let topic_arn = state.topic(input.topic_arn.as_deref())?.arn.clone();
        let token = required(input.token.as_deref(), "Token", error::missing)?;
        let waiting = |subscription: &Subscription| subscription.token.as_deref() == Some(token);
        let arn = state.subscriptions_of(&topic_arn).find(|(_, subscription)| waiting(subscription)).map(|(arn, _)| arn.clone());
        let arn = arn.ok_or_else(|| error::invalid("Token"))?;
        let subscription = state.subscription(Some(&arn))?;
        subscription.token = None;
        self.journal.record(|| row::subscription(&arn, subscription));
        Ok(json!({ "SubscriptionArn": arn }))
    }

    /// Ending a subscription that is not there succeeds.
    pub(super) fn unsubscribe(&self, input: Value) -> Answer {
        let input: Input = decode(input)?;
        let arn = required(input.subscription_arn.as_deref(), "SubscriptionArn", error::missing)?;
        if arn.split(':').count() != 7 {
            return Err(error::invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"));
        }
        let mut state = self.state();
        state.subscriptions.remove(arn);
        self.journal.record(|| row::no_subscription(arn));
        Ok(Value::Null)
    }

    pub(super) fn list_subscriptions(&self, input: Value) -> Answer {
        let input: Input = decode(input)?;
        let state = self.state();
        let items = state.subscriptions.iter().map(|(arn, subscription)| (arn.as_str(), self.listed(arn, subscription)));
        Ok(page("Subscriptions", items, input.next_token.as_deref()))
    }

    pub(super) fn list_subscriptions_by_topic(&self, input: Value) -> Answer {
        let input: Input = decode(input)?;
        let mut state = self.state();
        let topic_arn = state.topic(input.topic_arn.as_deref())?.arn.clone();
        let items = state.subscriptions_of(&topic_arn).map(|(arn, subscription)| (arn.as_str(), self.listed(arn, subscription)));
        Ok(page("Subscriptions", items, input.next_token.as_deref()))
    }

    pub(super) fn get_subscription_attributes(&self, input: Value) -> Answer {
        let input: Input = decode(input)?;
        let mut state = self.state();
        let subscription = state.subscription(input.subscription_arn.as_deref())?;
        let Subscription { topic_arn, protocol, endpoint, token, settings } = subscription;
        let computed = [
            ("ConfirmationWasAuthenticated", "true".to_owned()),
            ("Endpoint", endpoint.clone()),
            ("Owner", self.account.clone()),
            ("PendingConfirmation", token.is_some().to_string()),
            ("Protocol", protocol.name().to_owned()),
            ("RawMessageDelivery", settings.raw.to_string()),
            ("SubscriptionArn", input.subscription_arn.unwrap_or_default()),
            ("SubscriptionPrincipal", format!("arn:aws:iam::{}:root", self.account)),
            ("TopicArn", topic_arn.clone()),
        ];
        let mut all: Map<String, Value> = settings.given.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        if settings.filter.is_some() {
            all.entry("FilterPolicyScope").or_insert_with(|| "MessageAttributes".into());
        }
        all.extend(computed.map(|(name, value)| (name.to_owned(), value.into())));
        Ok(json!({ "Attributes": all }))
    }

    pub(super) fn set_subscription_attributes(&self, input: Value) -> Answer {
        let input: Input = decode(input)?;
        let mut state = self.state();
        let subscription = state.subscription(input.subscription_arn.as_deref())?;
        let name = required(input.attribute_name.as_deref(), "AttributeName", error::missing)?;
        subscription.settings = subscription.settings.with(BTreeMap::from([(name.to_owned(), input.attribute_value)]))?;
        self.journal.record(|| row::subscription(input.subscription_arn.as_deref().unwrap_or_default(), subscription));
        Ok(Value::Null)
    }

    fn listed(&self, arn: &str, subscription: &Subscription) -> Value {
        json!({
            "SubscriptionArn": if subscription.token.is_some() { "PendingConfirmation" } else { arn },
            "Owner": self.account,
            "Protocol": subscription.protocol.name(),
            "Endpoint": subscription.endpoint,
            "TopicArn": subscription.topic_arn,
        })
    }
}
