//! Operations on topics: create and find them, attributes, tags.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::{Answer, ApiError, decode, lenient, required},
    sns::{
        Sns, error,
        model::{subscription::is_flag, topic::Topic},
        operation::page::page,
        row,
    },
};

/// SNS: the longest name of a topic, in characters.
const NAME_MAX: usize = 256;
/// SNS: the most tags of a topic.
const TAGS_MAX: usize = 50;
/// Attributes that are only stored. Those for delivery logging are known by their endings.
const ATTRIBUTES: [&str; 10] = [
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DataProtectionPolicy",
    "DeliveryPolicy",
    "DisplayName",
    "FifoThroughputScope",
    "FifoTopic",
    "KmsMasterKeyId",
    "Policy",
    "TracingConfig",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateTopic {
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    attributes: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "lenient")]
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

/// The input of the other operations on topics.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OnTopic {
    topic_arn: Option<String>,
    resource_arn: Option<String>,
    attribute_name: Option<String>,
    #[serde(default)]
    attribute_value: String,
    next_token: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    tags: Vec<Tag>,
    #[serde(default, deserialize_with = "lenient")]
    tag_keys: Vec<String>,
}

impl Sns {
    pub(super) fn create_topic(&self, input: Value) -> Answer {
        let input: CreateTopic = decode(input)?;
        let name = required(input.name.as_deref(), "Name", error::missing)?;
        let stem = name.strip_suffix(".fifo");
        let fifo = stem.is_some();
        let wants_fifo = input.attributes.get("FifoTopic").is_some_and(|value| value == "true");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let stem = stem.unwrap_or(name);
        if fifo != wants_fifo || stem.is_empty() || name.len() > NAME_MAX || !stem.bytes().all(plain) {
            return Err(error::invalid("Topic Name"));
        }
        for (name, value) in &input.attributes {
            check(name, value)?;
        }
        let tags = tags(input.tags);
        check_tags(&tags)?;
        let arn = format!("arn:aws:sns:{}:{}:{name}", self.region, self.account);
        let mut state = self.state();
        if let Some(topic) = state.topics.get(&arn) {
            if input.attributes.iter().any(|(name, value)| topic.attributes.get(name) != Some(value)) {
                return Err(error::invalid("Attributes Reason: Topic already exists with different attributes"));
            }
            if !tags.is_empty() && tags != topic.tags {
                return Err(error::invalid("Tags Reason: Topic already exists with different tags"));
            }
        } else {
            let topic = Topic::new(arn.clone(), input.attributes, tags);
            self.journal.record(|| row::topic(&topic));
            state.topics.insert(arn.clone(), topic);
        }
        Ok(json!({ "TopicArn": arn }))
    }

    /// To delete a topic that does not exist succeeds.
    pub(super) fn delete_topic(&self, input: Value) -> Answer {
        let input: OnTopic = decode(input)?;
        let arn = required(input.topic_arn.as_deref(), "TopicArn", error::missing)?;
        let mut state = self.state();
        state.topics.remove(arn);
        state.subscriptions.retain(|_, subscription| subscription.topic_arn != arn);
        self.journal.record(|| row::no_topic(arn));
        Ok(Value::Null)
    }

    pub(super) fn list_topics(&self, input: Value) -> Answer {
        let input: OnTopic = decode(input)?;
        let state = self.state();
        let arns = state.topics.keys().map(|arn| (arn.as_str(), json!({ "TopicArn": arn })));
        Ok(page("Topics", arns, input.next_token.as_deref()))
    }

    pub(super) fn get_topic_attributes(&self, input: Value) -> Answer {
        let input: OnTopic = decode(input)?;
        let mut state = self.state();
        let topic = state.topic(input.topic_arn.as_deref())?;
        let (arn, mut all) = (topic.arn.clone(), topic.attributes.clone());
        let pending = |wanted: bool| {
            state.subscriptions_of(&arn).filter(|(_, subscription)| subscription.token.is_some() == wanted).count().to_string()
        };
        let computed = [
            ("Owner", self.account.clone()),
            ("SubscriptionsConfirmed", pending(false)),
            ("SubscriptionsDeleted", "0".to_owned()),
            ("SubscriptionsPending", pending(true)),
            ("TopicArn", arn.clone()),
        ];
        all.extend(computed.map(|(name, value)| (name.to_owned(), value)));
        all.entry("DisplayName".to_owned()).or_default();
        Ok(json!({ "Attributes": all }))
    }

    pub(super) fn set_topic_attributes(&self, input: Value) -> Answer {
        let input: OnTopic = decode(input)?;
        let mut state = self.state();
        let topic = state.topic(input.topic_arn.as_deref())?;
        let name = required(input.attribute_name.as_deref(), "AttributeName", error::missing)?;
        check(name, &input.attribute_value)?;
        if name == "FifoTopic" || (name == "ContentBasedDeduplication" && !topic.fifo) {
            return Err(error::invalid("AttributeName"));
        }
        topic.attributes.insert(name.to_owned(), input.attribute_value);
        self.journal.record(|| row::topic(topic));
        Ok(Value::Null)
    }

    pub(super) fn tag_resource(&self, input: Value) -> Answer {
        let input: OnTopic = decode(input)?;
        let mut state = self.state();
        let topic = state.tagged(input.resource_arn.as_deref())?;
        let mut all = topic.tags.clone();
        all.extend(tags(input.tags));
        check_tags(&all)?;
        topic.tags = all;
        self.journal.record(|| row::topic(topic));
        Ok(json!({}))
    }

    pub(super) fn untag_resource(&self, input: Value) -> Answer {
        let input: OnTopic = decode(input)?;
        let mut state = self.state();
        let topic = state.tagged(input.resource_arn.as_deref())?;
        topic.tags.retain(|key, _| !input.tag_keys.contains(key));
        self.journal.record(|| row::topic(topic));
        Ok(json!({}))
    }

    pub(super) fn list_tags_for_resource(&self, input: Value) -> Answer {
        let input: OnTopic = decode(input)?;
        let mut state = self.state();
        let tags = &state.tagged(input.resource_arn.as_deref())?.tags;
        let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        Ok(json!({ "Tags": tags }))
    }
}

fn check(name: &str, value: &str) -> Result<(), ApiError> {
    let logging = ["FeedbackRoleArn", "FeedbackSampleRate"].iter().any(|ending| name.ends_with(ending));
    if !ATTRIBUTES.contains(&name) && !logging && name != "SignatureVersion" {
        return Err(error::invalid("AttributeName"));
    }
    if matches!(name, "ContentBasedDeduplication" | "FifoTopic") && !is_flag(value) {
        return Err(error::invalid("AttributeValue"));
    }
    Ok(())
}

fn tags(tags: Vec<Tag>) -> BTreeMap<String, String> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if tags.len() > TAGS_MAX {
        return Err(ApiError::new("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded"));
    }
    Ok(())
}
