//! What the page knows besides the engine: which daemon it is, and which forms are its own.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use subtle::ConstantTimeEq;

use crate::{
    config::Config,
    engine::{Vitals, dead_letter::Look},
};

/// What does not change while the daemon runs.
#[derive(Debug, Clone, Default)]
pub struct Daemon {
    /// The names of its queues.
    pub queues: Vec<String>,
    /// Where they are.
    pub region: Option<String>,
    /// The line that sends a first job.
    pub submit: String,
    /// Ended jobs that it remembers at most.
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
    /// Of a daemon with this configuration.
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

    /// Which forms are the page's own.
    pub(super) fn token(&self) -> &str {
        &self.shared.token
    }

    /// Whether a form is the page's own.
    pub(super) fn is_token(&self, presented: &str) -> bool {
        presented.as_bytes().ct_eq(self.shared.token.as_bytes()).into()
    }

    /// What the last look at the dead-letter queues found.
    pub(super) fn letters(vitals: &Vitals) -> Option<Arc<Look>> {
        vitals.controls()?.dead_letters.last()
    }
}

impl Default for Site {
    /// Of a daemon that nothing is known of.
    fn default() -> Self {
        Self { shared: Arc::new(Shared { daemon: Daemon::default(), token: token() }) }
    }
}

/// 256 bits that nobody guesses: keys that the system drew, each used once.
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
