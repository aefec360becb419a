//! Which queue a job goes to when the command line does not say.

use std::path::Path;

use crate::cli::{Usage, site};

/// The named queue; else the first one of the configuration; else local mode's where the environment's endpoint is on this machine.
pub(super) fn url(
    named: Option<&str>,
    config: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> anyhow::Result<String> {
    if let Some(url) = named {
        return Ok(url.to_owned());
    }
    let site = site::find(config, environment)?.ok_or_else(|| Usage("which queue? name it with --queue-url or --config".to_owned()))?;
    Ok(site.queue)
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
