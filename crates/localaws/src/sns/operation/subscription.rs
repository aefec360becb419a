//! Operations on subscriptions. HTTP endpoints must confirm theirs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    api::{Answer, decode, lenient, required},
    sns::{
        Sns, error,
        model::subscription::{Protocol, Settings, Subscription},
        operation::{delivery, page::page},
        row,
    },
};

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
            if settings.given().iter().any(|(name, value)| subscription.settings.given().get(name) != Some(value)) {
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

    /// To remove a subscription that does not exist succeeds.
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
        let mut all: Map<String, Value> = settings.given().iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
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
