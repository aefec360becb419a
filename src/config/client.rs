//! What somebody who sends jobs and follows them has to know of a deployment: a small file that the operator hands out. Nothing in it is
//! secret.

use std::{fs, path::Path};

use serde::Deserialize;

use super::{Error, Fault, Faults, Origin, address};

/// A deployment, as its senders see it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The job queue's URL.
    pub queue_url: String,
    /// The topic's ARN. `None`: the job's builds tell how it ends.
    pub topic_arn: Option<String>,
    /// The projects that build.
    #[serde(default)]
    pub projects: Vec<String>,
}

impl Client {
    /// Reads the file and checks it as a whole.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
        Ok(Self::parse(&text, &path.display().to_string())?)
    }

    fn parse(text: &str, file: &str) -> Result<Self, Faults> {
        let refused = |faults| Faults { file: file.to_owned(), faults };
        let client: Self = toml::from_str(text).map_err(|error| refused(vec![unreadable(text, &error)]))?;
        let faults = client.faults();
        if faults.is_empty() { Ok(client) } else { Err(refused(faults)) }
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut check = |key: &str, value: &str, rule: Result<(), &'static str>| {
            let fault = |rule: &str| Fault { key: key.to_owned(), value: Some(format!("{value:?}")), origin: None, rule: rule.to_owned() };
            faults.extend(rule.err().map(fault));
        };
        check("queue_url", &self.queue_url, address::queue(&self.queue_url));
        if let Some(arn) = &self.topic_arn {
            check("topic_arn", arn, address::topic(arn));
        }
        for project in &self.projects {
            check("projects", project, address::project(project));
        }
        faults
    }
}

fn unreadable(text: &str, error: &toml::de::Error) -> Fault {
    let line = error.span().map(|span| Origin::Line(text[..span.start.min(text.len())].matches('\n').count() + 1));
    Fault { key: String::new(), value: None, origin: line, rule: error.message().to_owned() }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::Client;

    const QUEUE: &str = "queue_url = \"https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs\"\n";

    #[test]
    fn the_queue_is_enough_to_send() {
        let client = Client::parse(QUEUE, "client.toml").map_err(|faults| faults.to_string());
        let queue_url = "https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs".to_owned();
        assert_eq!(client, Ok(Client { queue_url, topic_arn: None, projects: Vec::new() }));
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let wrong = |text: &str| Client::parse(text, "client.toml").map_err(|faults| faults.to_string()).unwrap_err();
        let told = wrong("queue_url = \"slipway-jobs\"\ntopic_arn = \"slipway-events\"\nprojects = [\"flex\", \"a b\"]\n");
        for line in [
            "client.toml: 3 faults",
            "queue_url = \"slipway-jobs\": must be",
            "topic_arn = \"slipway-events\": must be",
            "projects = \"a b\": must be",
        ] {
            assert!(told.contains(line), "{told}");
        }
        let told = wrong(&format!("{QUEUE}queue = 1\n"));
        assert!(told.contains("line 2: unknown field `queue`"), "{told}");
        assert!(wrong("projects = []").contains("missing field `queue_url`"));
    }
}
