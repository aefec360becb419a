//! The queues of a deployment, for commands that go to AWS without a daemon.

use std::sync::Arc;

use clap::Args;

use super::{
    Usage,
    client::Failure,
    site::{Location, Site},
};
use crate::config::{self, Config};

/// Which deployment is meant where no daemon answers.
#[derive(Debug, Clone, Args)]
pub(super) struct Deployment {
    #[command(flatten)]
    location: Location,
}

/// What is known of it.
#[derive(Debug)]
pub(super) struct Found {
    /// Its jobs queues, at least one.
    pub(super) queues: Vec<config::Queue>,
    /// `None`: nobody can say which jobs it accepts.
    pub(super) config: Option<Arc<Config>>,
}

impl Deployment {
    /// Looks it up. `failure`: why no daemon was asked.
    pub(super) fn find(&self, failure: Option<&Failure>) -> anyhow::Result<Found> {
        let site = self.location.site(super::environment())?;
        let config = configuration(&site).map(Arc::new);
        let named = site.queue.as_deref().filter(|_| self.location.queue_url.is_some() || config.is_none());
        let configured = config.iter().flat_map(|config| &config.queues);
        let mut queues: Vec<_> = configured.filter(|queue| named.is_none_or(|url| url == queue.url)).cloned().collect();
        if queues.is_empty() {
            let url = named.map(str::to_owned).ok_or_else(|| {
                let why = failure.map(|failure| format!("{failure}; ")).unwrap_or_default();
                Usage(format!("{why}to ask AWS instead, name the configuration with --config or the queue with --queue-url"))
            })?;
            queues.push(config::Queue::of(&url));
        }
        Ok(Found { queues, config })
    }
}

/// What the file says, or what local mode is made with.
fn configuration(site: &Site) -> Option<Config> {
    if site.config.is_some() {
        return site.config.clone();
    }
    #[cfg(feature = "local")]
    {
        let address = crate::local::LISTEN.parse().ok()?;
        let text = crate::local::config(address, crate::local::REGION);
        let mut config = config::parse(&text, "config/local.toml", []).ok()?;
        // Found by the queue's redrive policy, at whichever address.
        config.queues = vec![config::Queue::of(site.queue.as_deref()?)];
        Some(config)
    }
    #[cfg(not(feature = "local"))]
    None
}
