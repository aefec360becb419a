//! Data of the page that does not come from the engine: which daemon it is, and the token of its forms.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use subtle::ConstantTimeEq;

use crate::{
    config::Config,
    engine::{Vitals, dead_letter::Look},
};

/// Facts that do not change while the daemon runs.
#[derive(Debug, Clone, Default)]
pub struct Daemon {
    /// The names of the queues.
    pub queues: Vec<String>,
    /// The queues' region.
    pub region: Option<String>,
    /// The command that sends a first job.
    pub submit: String,
    /// The most ended jobs that are remembered.
    pub history: usize,
}

/// One daemon's page. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Site {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    daemon: Daemon,
    token: String,
}

impl Site {
    /// The page of a daemon with this configuration.
    pub fn of(config: &Config) -> Self {
        let queues: Vec<_> = config.queues.iter().map(|queue| queue.name().to_owned()).collect();
        let first = config.queues.first().map_or("", |queue| queue.url.as_str());
        let daemon = Daemon {
            region: region(first),
            submit: format!("slipway submit --queue-url {first} --url https://…"),
            history: config.http.history,
            queues,
        };
        Self { shared: Arc::new(Shared { daemon, token: token() }) }
    }

    pub(super) fn daemon(&self) -> &Daemon {
        &self.shared.daemon
    }

    /// The token of the page's own forms.
    pub(super) fn token(&self) -> &str {
        &self.shared.token
    }

    /// Whether a token is that of the page's own forms.
    pub(super) fn is_token(&self, presented: &str) -> bool {
        presented.as_bytes().ct_eq(self.shared.token.as_bytes()).into()
    }

    /// The last look at the dead letters.
    pub(super) fn letters(vitals: &Vitals) -> Option<Arc<Look>> {
        vitals.controls()?.dead_letters.last()
    }
}

impl Default for Site {
    /// The page of a daemon of which nothing is known.
    fn default() -> Self {
        Self { shared: Arc::new(Shared { daemon: Daemon::default(), token: token() }) }
    }
}

/// A token of 256 random bits, from keys of the operating system that are each used once.
fn token() -> String {
    let [first, second, third, fourth] = [0, 1, 2, 3].map(|index: u8| RandomState::new().hash_one(index));
    format!("{first:016x}{second:016x}{third:016x}{fourth:016x}")
}

/// The region that a queue's address names.
fn region(url: &str) -> Option<String> {
    let host = url.split_once("://")?.1.split('/').next()?;
    let rest = host.strip_prefix("sqs.")?;
    rest.split('.').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_regions_are_read_from_queues() {
        assert!(token().len() == 64 && token() != token());
        assert_eq!(region("https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs").as_deref(), Some("eu-west-1"));
        assert_eq!(region("http://127.0.0.1:4566/000000000000/slipway-jobs"), None);
    }
}
