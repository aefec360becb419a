//! The queues of a deployment, for commands that go to AWS without a daemon.

use std::sync::Arc;

use anyhow::bail;

use super::{
    Usage,
    client::Failure,
    site::{Location, Site},
};
use crate::config::{self, Config};

/// A deployment, as far as it is known.
#[derive(Debug)]
pub(super) struct Deployment {
    /// The jobs queues; at least one.
    pub(super) queues: Vec<config::Queue>,
    /// `None`: which jobs it accepts is not known.
    pub(super) config: Option<Arc<Config>>,
}

impl Deployment {
    /// Finds the deployment. `failure`: why the daemon did not answer.
    pub(super) fn find(location: &Location, failure: Option<&Failure>) -> anyhow::Result<Self> {
        let site = location.site(super::environment())?;
        let config = configuration(&site).map(Arc::new);
        let named = location.queue_url.as_deref();
        let configured = config.iter().flat_map(|config| &config.queues);
        let mut queues: Vec<_> = configured.filter(|queue| named.is_none_or(|url| url == queue.url)).cloned().collect();
        if queues.is_empty() {
            let url = match (site.queue(), failure) {
                // The cause is that no daemon answers, and not wrong usage.
                (Err(Usage(which)), Some(failure)) => bail!("{failure}\n{which}"),
                (url, _) => url?,
            };
            queues.push(config::Queue::of(url));
        }
        Ok(Self { queues, config })
    }
}

/// The queues of the configuration file, or those of local mode.
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
        // The dead-letter queue is found by the redrive policy.
        config.queues = vec![config::Queue::of(queue)];
        Some(config)
    }
    #[cfg(not(feature = "local"))]
    None
}
