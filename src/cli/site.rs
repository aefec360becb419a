//! Where a deployment's parts are: as its configuration says, or local mode's where the environment's endpoint is on this machine.

use std::{collections::BTreeSet, path::Path};

use url::Url;

use crate::{
    config::{self, Config},
    loopback::is_loopback,
};

/// What the embedded endpoint makes: its queue below its address, its topic, its project.
const LOCAL_QUEUE: &str = "/000000000000/slipway-jobs";
const LOCAL_ACCOUNT: &str = "000000000000";
const LOCAL_REGION: &str = "us-east-1";
const LOCAL_TOPIC: &str = "slipway-events";
const LOCAL_PROJECT: &str = "slipway";

/// A deployment, as far as those who use it need to know.
#[derive(Debug)]
pub(super) struct Site {
    /// The job queue's URL.
    pub(super) queue: String,
    /// The topic's ARN.
    pub(super) topic: String,
    /// The projects that build, each once.
    pub(super) projects: BTreeSet<String>,
    /// What the configuration says of it, if there is one.
    pub(super) config: Option<Config>,
}

/// The deployment of the configuration, or local mode.
pub(super) fn find(config: Option<&Path>, environment: impl IntoIterator<Item = (String, String)>) -> anyhow::Result<Option<Site>> {
    if let Some(path) = config {
        return Ok(Some(configured(config::load(path, environment)?)));
    }
    let (mut endpoint, mut region) = (None, None);
    for (name, value) in environment {
        match name.as_str() {
            "AWS_ENDPOINT_URL" => endpoint = Some(value),
            "AWS_REGION" if !value.is_empty() => region = Some(value),
            _ => {}
        }
    }
    let endpoint = endpoint.and_then(|url| Url::parse(&url).ok()).filter(|url| url.host_str().is_some_and(is_loopback));
    let queue = endpoint.and_then(|url| url.join(LOCAL_QUEUE).ok());
    Ok(queue.map(|queue| Site {
        queue: queue.into(),
        topic: format!("arn:aws:sns:{}:{LOCAL_ACCOUNT}:{LOCAL_TOPIC}", region.as_deref().unwrap_or(LOCAL_REGION)),
        projects: [LOCAL_PROJECT.to_owned()].into(),
        config: None,
    }))
}

fn configured(config: Config) -> Site {
    Site {
        queue: config.queues.first().map(|queue| queue.url.clone()).unwrap_or_default(),
        topic: config.topic.arn.clone(),
        projects: config.profiles.values().map(|profile| profile.project.clone()).collect(),
        config: Some(config),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn environment(endpoint: &str, region: &str) -> Vec<(String, String)> {
        [("AWS_ENDPOINT_URL", endpoint), ("AWS_REGION", region)].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn local_mode_is_known_by_its_endpoint() {
        for (endpoint, region, queue, topic) in [
            (
                "http://127.0.0.1:4566",
                "",
                "http://127.0.0.1:4566/000000000000/slipway-jobs",
                "arn:aws:sns:us-east-1:000000000000:slipway-events",
            ),
            (
                "http://localhost:5000/",
                "eu-west-1",
                "http://localhost:5000/000000000000/slipway-jobs",
                "arn:aws:sns:eu-west-1:000000000000:slipway-events",
            ),
        ] {
            let site = find(None, environment(endpoint, region)).unwrap().unwrap();
            assert_eq!((site.queue.as_str(), site.topic.as_str()), (queue, topic));
            assert_eq!(site.projects, ["slipway".to_owned()].into());
        }
        for endpoint in ["https://sqs.eu-west-1.amazonaws.com", "", "127.0.0.1:4566"] {
            assert!(find(None, environment(endpoint, "")).unwrap().is_none(), "{endpoint}");
        }
    }

    #[test]
    fn a_configuration_says_where_its_parts_are() {
        let example = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config/slipway.toml"));
        let site = find(Some(example), environment("http://127.0.0.1:4566", "")).unwrap().unwrap();
        assert_eq!(site.queue, "https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs");
        assert_eq!(site.topic, "arn:aws:sns:eu-west-1:123456789012:slipway-events");
        assert_eq!(site.projects, ["codebuild-flex".to_owned()].into());
        assert!(site.config.is_some());
    }
}
