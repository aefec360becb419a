//! Which queue a job goes to when the command line does not say.

use std::path::Path;

use url::{Host, Url};

use crate::{cli::Usage, config};

/// The queue that the embedded endpoint makes, below its address.
const LOCAL_QUEUE: &str = "/000000000000/slipway-jobs";

/// The named queue; else the first one of the configuration; else local mode's where the environment's endpoint is on this machine.
pub(super) fn url(
    named: Option<&str>,
    config: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> anyhow::Result<String> {
    if let Some(url) = named {
        return Ok(url.to_owned());
    }
    if let Some(path) = config {
        let config = config::load(path, environment)?;
        return Ok(config.queues.into_iter().map(|queue| queue.url).next().unwrap_or_default());
    }
    let endpoint = environment.into_iter().find(|(name, _)| name == "AWS_ENDPOINT_URL");
    let local = endpoint.and_then(|(_, url)| Url::parse(&url).ok()).filter(is_loopback).and_then(|url| url.join(LOCAL_QUEUE).ok());
    local.map(String::from).ok_or_else(|| Usage("which queue? name it with --queue-url or --config".to_owned()).into())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::url;
    use crate::cli::Exit;

    #[test]
    fn the_closest_word_on_the_queue_wins() {
        let named = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
        let example = Some(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config/slipway.toml")));
        let local = "http://127.0.0.1:4566";
        let table = [
            (Some(named), example, local, Ok(named)),
            (None, example, local, Ok("https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs")),
            (None, None, local, Ok("http://127.0.0.1:4566/000000000000/slipway-jobs")),
            (None, None, "http://localhost:4566/", Ok("http://localhost:4566/000000000000/slipway-jobs")),
            (None, None, "https://sqs.eu-west-1.amazonaws.com", Err(Exit::Usage)),
            (None, None, "", Err(Exit::Usage)),
            (None, Some(Path::new("/nowhere.toml")), local, Err(Exit::Configuration)),
        ];
        for (named, config, endpoint, expected) in table {
            let environment = [("AWS_ENDPOINT_URL".to_owned(), endpoint.to_owned())];
            let found = url(named, config, environment).map_err(|error| Exit::of(&error));
            assert_eq!(found, expected.map(str::to_owned), "{named:?} {config:?} {endpoint}");
        }
    }
}
