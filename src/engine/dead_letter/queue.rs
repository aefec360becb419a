//! Dead-letter queues, and the jobs queues that they belong to.

use std::time::Duration;

use super::error::Error;
use crate::{
    aws::{
        Clients,
        queue::{Delivery, Queue},
    },
    config,
    engine::dead_letters::DeadLetters,
};

/// A jobs queue and its dead-letter queue.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) settings: config::Queue,
    pub(super) jobs: Queue,
    dead: DeadLetters,
}

/// A dead-letter queue, and the jobs queues that it belongs to; at least one.
pub(super) struct DeadLetterQueue<'a> {
    pub(super) queue: Queue,
    sources: Vec<&'a Source>,
}

impl Source {
    pub(super) fn new(settings: &config::Queue, clients: &Clients) -> Self {
        let jobs = clients.queue(&settings.url);
        let dead = DeadLetters::new(settings, &jobs, clients);
        Self { settings: settings.clone(), jobs, dead }
    }
}

impl<'a> DeadLetterQueue<'a> {
    /// Every dead-letter queue once. If a name is given: only that queue, or the one of the jobs queue of that name.
    pub(super) async fn all(sources: &'a [Source], named: Option<&str>) -> Result<Vec<Self>, Error> {
        let mut all: Vec<Self> = Vec::new();
        for source in sources {
            let Some(queue) = source.dead.find().await? else { continue };
            match all.iter_mut().find(|found| found.queue.url() == queue.url()) {
                Some(found) => found.sources.push(source),
                None => all.push(Self { queue: queue.clone(), sources: vec![source] }),
            }
        }
        all.retain(|found| named.is_none_or(|name| found.is_called(name)));
        match named {
            _ if !all.is_empty() => Ok(all),
            Some(name) => Err(Error::Unknown(format!("there is no dead-letter queue {name}, and none of a jobs queue {name}"))),
            None => Err(Error::Unknown("no jobs queue has a dead-letter queue".to_owned())),
        }
    }

    /// The jobs queue that a message came from: the one that it names, else the first.
    pub(super) fn of(&self, delivery: &Delivery) -> &Source {
        let from = delivery.moved_from.as_deref().and_then(|arn| arn.rsplit(':').next());
        let named = from.and_then(|name| self.sources.iter().find(|source| source.settings.name() == name));
        named.unwrap_or(&self.sources[0])
    }

    fn is_called(&self, name: &str) -> bool {
        self.name() == name || self.sources.iter().any(|source| source.settings.name() == name)
    }

    /// The queue's name.
    pub(super) fn name(&self) -> &str {
        self.queue.url().rsplit('/').next().unwrap_or_default()
    }

    /// How long the queue keeps messages. `None`: it does not say.
    pub(super) async fn retention(&self) -> Option<Duration> {
        self.queue.retention().await.ok().flatten()
    }
}
