//! The file for senders: what those who send and follow jobs need to know of a deployment. Nothing in it is secret.

use std::path::Path;

use serde::Deserialize;

use super::{Error, Fault, Faults, Origin, address, fault::File, load};

/// The fault of a file without a queue.
const QUEUE_URL: &str = "queue_url = \"https://sqs.REGION.amazonaws.com/ACCOUNT/NAME\"";

/// A deployment, as its senders see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The job queue's URL.
    pub queue_url: String,
    /// The topic's ARN. `None`: jobs are followed by their builds alone.
    pub topic_arn: Option<String>,
    /// The projects that build.
    pub projects: Vec<String>,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    queue_url: Option<String>,
    topic_arn: Option<String>,
    projects: Option<Vec<String>>,
}

impl Client {
    /// Reads the file and checks it.
    ///
    /// # Errors
    /// The file cannot be read, or has faults: all are named.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = load::text(path, File::Client)?;
        Ok(Self::parse(&text, &path.display().to_string())?)
    }

    fn parse(text: &str, file: &str) -> Result<Self, Faults> {
        let refused = |faults| Faults { file: file.to_owned(), faults };
        let raw: Raw = toml::from_str(text).map_err(|error| refused(vec![unreadable(text, &error)]))?;
        let is_empty = raw.topic_arn.is_none() && raw.projects.is_none();
        let missing = || Fault {
            key: if is_empty { String::new() } else { "queue_url".to_owned() },
            value: None,
            origin: is_empty.then_some(Origin::Line(1)),
            rule: if is_empty {
                format!("the file is empty: it needs at least {QUEUE_URL}")
            } else {
                format!("is missing: add {QUEUE_URL}")
            },
        };
        let queue_url = raw.queue_url.ok_or_else(|| refused(vec![missing()]))?;
        let client = Self { queue_url, topic_arn: raw.topic_arn, projects: raw.projects.unwrap_or_default() };
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
        assert!(wrong("projects = []").contains("  queue_url: is missing: add queue_url = \"https://"));
        for empty in ["", "# nothing\n"] {
            assert!(wrong(empty).contains("line 1: the file is empty: it needs at least queue_url = \"https://"), "{empty}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_for_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let wide = folder.path().join("wide.toml");
        std::fs::write(&wide, [0xff, 0xfe, b'q', 0]).unwrap();
        for (path, why) in [(folder.path().join("none.toml"), "No such file"), (wide, "must be text in UTF-8")] {
            let told = format!("{:#}", anyhow::Error::from(Client::load(&path).unwrap_err()));
            let beginning = format!("cannot read the file for senders {} (--client or SLIPWAY_CLIENT names it; ", path.display());
            assert!(told.starts_with(&beginning) && told.contains(why), "{told}");
        }
    }
}
