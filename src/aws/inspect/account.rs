//! The ARNs of resources that a configuration only names: by the account and region of the caller.

use std::fmt;

use crate::{aws::Identity, config};

/// The account and the region of the calls.
#[derive(Debug)]
pub(super) struct Account {
    partition: String,
    region: String,
    /// `None`: STS did not say.
    id: Option<String>,
}

impl Account {
    pub(super) fn new(region: String, identity: Option<&Identity>) -> Self {
        // `arn:PARTITION:...`
        let partition = identity.and_then(|identity| identity.arn.split(':').nth(1)).unwrap_or("aws").to_owned();
        Self { partition, region, id: identity.map(|identity| identity.account.clone()) }
    }

    /// A queue's ARN, by its URL, which has the account and may have the region.
    pub(super) fn queue(&self, url: &str) -> String {
        let mut path = url.rsplit('/');
        let (name, account) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
        format!("arn:{}:sqs:{}:{account}:{name}", self.partition, config::region(url).unwrap_or(&self.region))
    }

    pub(super) fn project(&self, name: &str) -> String {
        self.arn("codebuild", &format!("project/{name}"))
    }

    pub(super) fn log_group(&self, name: &str) -> String {
        self.arn("logs", &format!("log-group:{name}"))
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.id.as_deref().unwrap_or("*"))
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "region {}", self.region)?;
        self.id.iter().try_for_each(|id| write!(f, ", account {id}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_about_has_an_arn() {
        let identity =
            |partition: &str| Identity { account: "123456789012".into(), arn: format!("arn:{partition}:iam::123456789012:root") };
        let account = Account::new("eu-west-1".into(), Some(&identity("aws")));
        assert_eq!(account.to_string(), "region eu-west-1, account 123456789012");
        assert_eq!(account.project("flex"), "arn:aws:codebuild:eu-west-1:123456789012:project/flex");
        assert_eq!(account.log_group("/flex"), "arn:aws:logs:eu-west-1:123456789012:log-group:/flex");
        let url = "https://sqs.eu-west-2.amazonaws.com/210987654321/jobs";
        assert_eq!(account.queue(url), "arn:aws:sqs:eu-west-2:210987654321:jobs");
        assert_eq!(account.queue("http://127.0.0.1:4566/000000000000/jobs"), "arn:aws:sqs:eu-west-1:000000000000:jobs");
        let china = Account::new("cn-north-1".into(), Some(&identity("aws-cn")));
        assert_eq!(china.project("flex"), "arn:aws-cn:codebuild:cn-north-1:123456789012:project/flex");
        let unknown = Account::new("eu-west-1".into(), None);
        assert_eq!(
            (unknown.to_string(), unknown.project("x")),
            ("region eu-west-1".into(), "arn:aws:codebuild:eu-west-1:*:project/x".into())
        );
    }
}
