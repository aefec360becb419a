//! A queue's attributes: defaults, rules, and the values that the queue uses.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{api::ApiError, sqs::error};

/// SQS: the largest message or batch, in bytes.
pub(crate) const MESSAGE_SIZE_MAX: usize = 1_048_576;
/// SQS: how long a message may be invisible after its receive: 12 hours.
pub(crate) const VISIBILITY_MAX_S: u64 = 43_200;
/// SQS: the longest delay: 15 minutes.
pub(crate) const DELAY_MAX_S: u64 = 900;
/// SQS: how long a receive may wait, in seconds.
pub(crate) const WAIT_MAX_S: u64 = 20;
/// SQS: how long messages are kept: 1 minute to 14 days.
const RETENTION_S: (u64, u64) = (60, 1_209_600);
/// SQS: the range of `maxReceiveCount`.
const RECEIVES: (u64, u64) = (1, 1_000);

const DEFAULTS: [(&str, &str); 6] = [
    ("DelaySeconds", "0"),
    ("MaximumMessageSize", "1048576"),
    ("MessageRetentionPeriod", "345600"),
    ("ReceiveMessageWaitTimeSeconds", "0"),
    ("SqsManagedSseEnabled", "true"),
    ("VisibilityTimeout", "30"),
];
const FIFO_DEFAULTS: [(&str, &str); 4] =
    [("ContentBasedDeduplication", "false"), ("DeduplicationScope", "queue"), ("FifoQueue", "true"), ("FifoThroughputLimit", "perQueue")];
/// Attributes that are only stored. An empty value removes them.
const OPTIONAL: [&str; 5] = ["KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "RedrivePolicy"];

/// A queue's attributes, as they were given and as the queue uses them.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    given: BTreeMap<String, String>,
    pub(crate) fifo: bool,
    pub(crate) delay_ms: u64,
    pub(crate) message_size_max: usize,
    pub(crate) retention_ms: u64,
    pub(crate) wait_s: u64,
    pub(crate) visibility_s: u64,
    pub(crate) content_based: bool,
    /// Whether a deduplication id is unique within its group instead of the whole queue.
    pub(crate) deduplicates_groups: bool,
    pub(crate) redrive: Option<Redrive>,
}

/// The queue for messages that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redrive {
    pub(crate) target_arn: String,
    pub(crate) receives_max: u64,
}

impl Settings {
    /// The settings of a new queue. `fifo`: whether the queue's name says so.
    pub(crate) fn new(fifo: bool, given: BTreeMap<String, String>) -> Result<Self, ApiError> {
        let defaults = DEFAULTS.iter().chain(FIFO_DEFAULTS.iter().filter(|_| fifo));
        let defaults = defaults.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::build(fifo, defaults, given)
    }

    /// These settings with some changes.
    pub(crate) fn with(&self, changes: BTreeMap<String, String>) -> Result<Self, ApiError> {
        Self::build(self.fifo, self.given.clone(), changes)
    }

    /// The name of the first attribute in which `given` differs from these settings.
    pub(crate) fn first_difference<'a>(&self, given: &'a Self, names: impl Iterator<Item = &'a String>) -> Option<&'a str> {
        names.into_iter().find(|name| self.given.get(*name) != given.given.get(*name)).map(String::as_str)
    }

    /// Whether clients may set an attribute.
    pub(crate) fn knows(name: &str) -> bool {
        DEFAULTS.iter().chain(&FIFO_DEFAULTS).any(|(known, _)| *known == name) || OPTIONAL.contains(&name)
    }

    /// The attributes in the form of the API.
    pub(crate) fn given(&self) -> &BTreeMap<String, String> {
        &self.given
    }

    fn build(fifo: bool, mut given: BTreeMap<String, String>, changes: BTreeMap<String, String>) -> Result<Self, ApiError> {
        for (name, value) in changes {
            let fifo_only = FIFO_DEFAULTS.iter().any(|(known, _)| *known == name);
            if !Self::knows(&name) || (fifo_only && !fifo) {
                return Err(error::unknown_attribute(&name));
            }
            if value.is_empty() && OPTIONAL.contains(&name.as_str()) {
                given.remove(&name);
            } else {
                given.insert(name, value);
            }
        }
        let number = |name: &str, least: u64, most: u64| -> Result<u64, ApiError> {
            let number = given.get(name).and_then(|value| value.parse().ok());
            number.filter(|number| (least..=most).contains(number)).ok_or_else(|| error::invalid_attribute(name))
        };
        let flag = |name: &str| match given.get(name).map(|value| value.to_ascii_lowercase()).as_deref() {
            Some("true") => Ok(true),
            Some("false") | None => Ok(false),
            Some(_) => Err(error::invalid_attribute(name)),
        };
        let one_of = |name: &str, values: [&str; 2]| match given.get(name) {
            Some(value) if !values.contains(&value.as_str()) => Err(error::invalid_attribute(name)),
            value => Ok(value.is_some_and(|value| value == values[1])),
        };
        flag("SqsManagedSseEnabled")?;
        if flag("FifoQueue")? != fifo {
            return Err(error::invalid_attribute("FifoQueue"));
        }
        one_of("FifoThroughputLimit", ["perQueue", "perMessageGroupId"])?;
        for name in ["Policy", "RedriveAllowPolicy"] {
            if given.get(name).is_some_and(|value| serde_json::from_str::<Value>(value).is_err()) {
                return Err(error::invalid_attribute(name));
            }
        }
        let most = u64::try_from(MESSAGE_SIZE_MAX).unwrap_or(u64::MAX);
        Ok(Self {
            fifo,
            delay_ms: number("DelaySeconds", 0, DELAY_MAX_S)? * 1000,
            message_size_max: usize::try_from(number("MaximumMessageSize", 1024, most)?).unwrap_or(MESSAGE_SIZE_MAX),
            retention_ms: number("MessageRetentionPeriod", RETENTION_S.0, RETENTION_S.1)? * 1000,
            wait_s: number("ReceiveMessageWaitTimeSeconds", 0, WAIT_MAX_S)?,
            visibility_s: number("VisibilityTimeout", 0, VISIBILITY_MAX_S)?,
            content_based: flag("ContentBasedDeduplication")?,
            deduplicates_groups: one_of("DeduplicationScope", ["queue", "messageGroup"])?,
            redrive: given.get("RedrivePolicy").map(|policy| redrive(policy)).transpose()?,
            given,
        })
    }
}

fn redrive(policy: &str) -> Result<Redrive, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Policy {
        dead_letter_target_arn: String,
        /// A number, or a number in a string.
        max_receive_count: Value,
    }
    let invalid = |reason: &str| error::invalid_value(policy, "RedrivePolicy", reason);
    let parsed: Policy = serde_json::from_str(policy)
        .map_err(|_| invalid("Redrive policy is not a valid JSON map with the keys deadLetterTargetArn and maxReceiveCount."))?;
    let count = match &parsed.max_receive_count {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    match count {
        Some(receives_max) if (RECEIVES.0..=RECEIVES.1).contains(&receives_max) => {
            Ok(Redrive { target_arn: parsed.dead_letter_target_arn, receives_max })
        }
        _ => Err(invalid(&format!("Invalid value for maxReceiveCount: must be between {} and {}.", RECEIVES.0, RECEIVES.1))),
    }
}
