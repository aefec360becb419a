//! Checks a queue: that it exists, may be used, and is set up for jobs.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName;

use super::{Account, Answer, Finding, NOBODY, allowed};
use crate::{
    aws::{Class, Clients, call::call, queue::RedrivePolicy},
    config::{self, Config},
};

/// The least `maxReceiveCount` without a warning: with fewer, a few restarts in a row move messages to the dead-letter queue.
const FEW_RECEIVES: u32 = 5;

type Attributes = HashMap<QueueAttributeName, String>;

impl Clients {
    /// Checks a job queue, and its dead-letter queue.
    pub(super) async fn inspect_jobs(
        &self,
        key: &str,
        queue: &config::Queue,
        config: &Config,
        account: &Account,
        findings: &mut Vec<Finding>,
    ) {
        let (answer, attributes) = self.inspect_queue(&queue.url, account).await;
        findings.push(Finding::new(key, &queue.url, answer));
        let leases = format!("sqs:ChangeMessageVisibility and sqs:DeleteMessage on {}", account.queue(&queue.url));
        let leases = match &attributes {
            Some(attributes) => {
                let minutes = config.profiles.values().map(|profile| u64::from(profile.timeout_minutes)).max().unwrap_or_default();
                let warnings = warnings(attributes, minutes * 60);
                let warning = |text| Answer::Warning(format!("sqs:GetQueueAttributes on {}: {text}", account.queue(&queue.url)));
                findings.extend(warnings.into_iter().map(|text| Finding::new(key, &queue.url, warning(text))));
                self.inspect_leases(&queue.url, &leases).await
            }
            None => Answer::Skipped(format!("not asked: {leases}, for the queue did not answer")),
        };
        findings.push(Finding::new(key, &queue.url, leases));
    }

    /// Reads a queue's attributes, if it exists.
    pub(super) async fn inspect_queue(&self, url: &str, account: &Account) -> (Answer, Option<Attributes>) {
        let asked = format!("sqs:GetQueueAttributes on {}", account.queue(url));
        let request = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let attributes = match call("sqs.GetQueueAttributes", || request.clone().send()).await {
            Ok(answer) => answer.attributes.unwrap_or_default(),
            Err(error) if error.class == Class::NotFound => {
                let name = url.rsplit('/').next().unwrap_or(url);
                return (Answer::Wrong(format!("{asked}: no queue {name} for the caller in {account}: {error}")), None);
            }
            Err(error) => return (Answer::Wrong(format!("{asked}: {error}")), None),
        };
        let waiting = attributes.get(&QueueAttributeName::ApproximateNumberOfMessages).map_or("0", String::as_str);
        let answer = format!("{asked}: {waiting} messages wait");
        (Answer::Fine(answer), Some(attributes))
    }

    async fn inspect_leases(&self, url: &str, asked: &str) -> Answer {
        let change = self.sqs.change_message_visibility().queue_url(url).receipt_handle(NOBODY).visibility_timeout(0);
        let delete = self.sqs.delete_message().queue_url(url).receipt_handle(NOBODY);
        let answered = async {
            allowed(call("sqs.ChangeMessageVisibility", || change.clone().send()).await)?;
            allowed(call("sqs.DeleteMessage", || delete.clone().send()).await)
        };
        match answered.await {
            Ok(()) => Answer::Fine(format!("{asked} are allowed")),
            Err(error) => Answer::Wrong(format!("{asked}: {error}")),
        }
    }
}

/// Settings of a job queue to warn of. `longest`: the longest time of a build, in seconds.
fn warnings(attributes: &Attributes, longest: u64) -> Vec<String> {
    let mut warnings = Vec::new();
    let redrive = attributes.get(&QueueAttributeName::RedrivePolicy).and_then(|policy| serde_json::from_str(policy).ok());
    match redrive.as_ref().and_then(RedrivePolicy::read) {
        None => {
            warnings.push("it has no dead-letter queue (RedrivePolicy): a message that cannot be handled comes back for ever".to_owned());
        }
        Some(policy) => {
            if let Some(receives) = policy.max_receives.filter(|receives| *receives < FEW_RECEIVES) {
                let text = format!(
                    "maxReceiveCount is {receives}: {receives} restarts of the daemon send a job to the dead-letter queue; set it to {FEW_RECEIVES} or more"
                );
                warnings.push(text);
            }
        }
    }
    let retention = attributes.get(&QueueAttributeName::MessageRetentionPeriod).and_then(|seconds| seconds.parse::<u64>().ok());
    if let Some(seconds) = retention.filter(|seconds| *seconds < longest) {
        let text = format!(
            "MessageRetentionPeriod is {seconds} s, and a build may take {longest} s: SQS would delete the message of a running job"
        );
        warnings.push(text);
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_loses_jobs_is_warned_of() {
        let warned = |redrive: Option<&str>, retention: &str| {
            let mut attributes = Attributes::from([(QueueAttributeName::MessageRetentionPeriod, retention.to_owned())]);
            attributes.extend(redrive.map(|policy| (QueueAttributeName::RedrivePolicy, policy.to_owned())));
            warnings(&attributes, 3_600).iter().map(|text| text.split(' ').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let redrive =
            |count: u32| format!(r#"{{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:dlq","maxReceiveCount":"{count}"}}"#);
        assert_eq!(warned(Some(&redrive(5)), "3600"), [""; 0]);
        assert_eq!(warned(Some(&redrive(4)), "1209600"), ["maxReceiveCount"]);
        assert_eq!(warned(None, "3599"), ["it", "MessageRetentionPeriod"]);
    }
}
