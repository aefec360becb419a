//! A queue's redrive policy.

/// Where SQS moves a message that was received too often, and after how many receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedrivePolicy {
    /// The dead-letter queue's ARN.
    pub target_arn: String,
    /// After so many receives the message is moved instead of delivered again.
    pub max_receives: Option<u32>,
}

impl RedrivePolicy {
    /// Reads the policy. SQS accepts the count as a string and as a number.
    pub(in crate::aws) fn read(policy: &serde_json::Value) -> Option<Self> {
        let count = &policy["maxReceiveCount"];
        let count = count.as_u64().or_else(|| count.as_str()?.parse().ok());
        Some(Self {
            target_arn: policy["deadLetterTargetArn"].as_str()?.to_owned(),
            max_receives: count.and_then(|count| u32::try_from(count).ok()),
        })
    }
}
