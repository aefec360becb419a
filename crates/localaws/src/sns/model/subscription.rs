//! A subscription, its attributes and their rules.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    api::ApiError,
    sns::{error, model::filter::Policy},
};

const ATTRIBUTES: [&str; 6] =
    ["DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "SubscriptionRoleArn"];

/// A subscription.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) topic_arn: String,
    pub(crate) protocol: Protocol,
    pub(crate) endpoint: String,
    /// The token that confirms the subscription. `None`: it is confirmed.
    pub(crate) token: Option<String>,
    pub(crate) settings: Settings,
}

/// How messages are sent to a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Sqs,
    Http,
}

impl Protocol {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Http => "http",
        }
    }
}

/// The attributes of a subscription, as they were given and as deliveries use them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    given: BTreeMap<String, String>,
    /// Whether messages are sent without the envelope.
    pub(crate) raw: bool,
    pub(crate) filter: Option<Policy>,
    pub(crate) filters_body: bool,
    /// The queue for messages that cannot be delivered.
    pub(crate) dead_letter_arn: Option<String>,
}

impl Settings {
    /// The attributes as they were given.
    pub(crate) fn given(&self) -> &BTreeMap<String, String> {
        &self.given
    }

    /// These settings with some changes. An empty policy removes it.
    pub(crate) fn with(&self, changes: BTreeMap<String, String>) -> Result<Self, ApiError> {
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

pub(crate) fn is_flag(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
}
