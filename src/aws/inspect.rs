//! Asks AWS whether the resources of a configuration exist and may be used. The calls change nothing.
//!
//! Permissions to change something are tested with names that cannot exist: the answer "no such build" proves the permission to stop
//! builds.

mod account;
mod clock;
mod project;
mod queue;
mod subscription;

use self::{account::Account, clock::skew};
use super::{AwsError, Class, Clients};
use crate::config::Config;

/// A name that no message, build or log stream has.
const NOBODY: &str = "slipway-check-nobody";

/// One check.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// The key of the configuration that was checked, such as `queues[0].url`.
    pub key: String,
    pub value: String,
    pub answer: Answer,
}

/// The result of a check. The text names the calls and their resources.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Fine(String),
    /// It works, but somebody should look at it.
    Warning(String),
    Wrong(String),
    /// Not checked, because something that it depends on is missing.
    Skipped(String),
}

impl Finding {
    pub fn new(key: impl Into<String>, value: impl Into<String>, answer: Answer) -> Self {
        Self { key: key.into(), value: value.into(), answer }
    }
}

impl Clients {
    /// Checks everything that the configuration names, one after the other.
    pub async fn inspect(&self, config: &Config) -> Vec<Finding> {
        let mut findings = Vec::new();
        let region = self.region().unwrap_or("none").to_owned();
        let account = match self.identity_at().await {
            Ok((identity, answered)) => {
                let text = format!("sts:GetCallerIdentity: {}, account {}, region {region}", identity.arn, identity.account);
                findings.push(Finding::new("credentials", "the AWS environment's", Answer::Fine(text)));
                findings.extend(answered.and_then(skew).map(|text| Finding::new("clock", "this machine's", Answer::Warning(text))));
                Account::new(region, Some(&identity))
            }
            Err(error) => {
                let lacking = matches!(error.class, Class::Credentials | Class::Unreachable);
                findings.push(Finding::new("credentials", "the AWS environment's", Answer::Wrong(format!("{error}; region {region}"))));
                if lacking {
                    let text = "not asked: nothing can be without credentials and an answer";
                    findings.push(Finding::new("queues, topic, profiles", "all", Answer::Skipped(text.to_owned())));
                    return findings;
                }
                Account::new(region, None)
            }
        };
        let account = &account;
        for (at, queue) in config.queues.iter().enumerate() {
            let key = format!("queues[{at}].url");
            self.inspect_jobs(&key, queue, config, account, &mut findings).await;
            if let Some(url) = &queue.dead_letter_url {
                findings.push(Finding::new(format!("queues[{at}].dead_letter_url"), url, self.inspect_queue(url, account).await.0));
            }
        }
        if let Some(url) = &config.watch.events_queue_url {
            findings.push(Finding::new("watch.events_queue_url", url, self.inspect_queue(url, account).await.0));
        }
        let topic = self.inspect_topic(&config.topic.arn).await;
        let is_there = matches!(topic, Answer::Fine(_));
        findings.push(Finding::new("topic.arn", &config.topic.arn, topic));
        if is_there {
            let queues: Vec<_> = config.queues.iter().map(|queue| account.queue(&queue.url)).collect();
            findings.push(Finding::new("topic.arn", &config.topic.arn, self.inspect_subscriptions(&config.topic.arn, &queues).await));
        }
        for profile in config.profiles.values() {
            self.inspect_profile(profile, account, &mut findings).await;
        }
        findings
    }

    async fn inspect_topic(&self, arn: &str) -> Answer {
        let asked = format!("sns:GetTopicAttributes on {arn}");
        let request = self.sns.get_topic_attributes().topic_arn(arn);
        match super::call::call("sns.GetTopicAttributes", || request.clone().send()).await {
            Ok(_) => Answer::Fine(format!("{asked}: the topic is there")),
            // The daemon itself only needs to publish.
            Err(error) if error.class == Class::Denied => {
                Answer::Warning(format!("{asked} is not allowed: whether the topic is there is not known"))
            }
            Err(error) if error.class == Class::NotFound => Answer::Wrong(format!("{asked}: there is no such topic: {error}")),
            Err(error) => Answer::Wrong(format!("{asked}: {error}")),
        }
    }
}

/// Whether an error proves the permission: the resource does not exist, or the request is invalid.
fn allowed<T>(answer: Result<T, AwsError>) -> Result<(), AwsError> {
    match answer {
        Err(error) if !matches!(error.class, Class::NotFound | Class::Invalid) => Err(error),
        _ => Ok(()),
    }
}
