//! The queues of a deployment, for commands that go to AWS without a daemon.

use std::sync::Arc;

use anyhow::bail;

use super::{
    Usage,
    client::Failure,
    site::{Location, Site},
};
use crate::config::{self, Config};

/// What is known of it.
#[derive(Debug)]
pub(super) struct Deployment {
    /// Its jobs queues, at least one.
    pub(super) queues: Vec<config::Queue>,
    /// `None`: nobody can say which jobs it accepts.
    pub(super) config: Option<Arc<Config>>,
}

impl Deployment {
    /// Looks it up. `failure`: why no daemon was asked.
    pub(super) fn find(location: &Location, failure: Option<&Failure>) -> anyhow::Result<Self> {
        let site = location.site(super::environment())?;
        let config = configuration(&site).map(Arc::new);
        let named = location.queue_url.as_deref();
        let configured = config.iter().flat_map(|config| &config.queues);
        let mut queues: Vec<_> = configured.filter(|queue| named.is_none_or(|url| url == queue.url)).cloned().collect();
        if queues.is_empty() {
            let url = match (site.queue(), failure) {
                // That nobody answers is the cause, and no wrong usage.
                (Err(Usage(which)), Some(failure)) => bail!("{failure}\n{which}"),
                (url, _) => url?,
            };
            queues.push(config::Queue::of(url));
        }
        Ok(Self { queues, config })
    }
}

/// What the file says, or what local mode is made with.
fn configuration(site: &Site) -> Option<Config> {
    if site.config.is_some() {
        return site.config.clone();
    }
    #[cfg(feature = "local")]
    {
        let queue = site.queue.as_deref()?;
        let is_local = url::Url::parse(queue).ok()?.host_str().is_some_and(crate::loopback::is_loopback);
        let text = crate::local::config(crate::local::LISTEN.parse().ok()?, crate::local::REGION);
        let mut config = config::parse(&text, "config/local.toml", []).ok().filter(|_| is_local)?;
        // Its dead letters are found by its redrive policy, at whichever address.
        config.queues = vec![config::Queue::of(queue)];
        Some(config)
    }
    #[cfg(not(feature = "local"))]
    None
}
