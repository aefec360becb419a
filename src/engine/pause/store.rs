//! Reads and writes the tags of the jobs queues that hold the pauses. It needs no daemon.

use futures_util::future::join_all;

use super::Error;
use crate::{
    aws::{AwsError, Clients, queue::Queue},
    config,
    job::{
        Tenant,
        pause::{self, Tags},
        standing::{Pause, PauseScope},
    },
};

/// The jobs queues of a deployment.
#[derive(Debug, Clone)]
pub struct Store {
    /// In the order of the configuration. A pause that is not of one queue is written to the first.
    queues: Vec<(String, Queue)>,
}

impl Store {
    /// The tags of these queues; at least one.
    pub fn new<'a>(queues: impl IntoIterator<Item = &'a config::Queue>, clients: &Clients) -> Self {
        Self { queues: queues.into_iter().map(|queue| (queue.name().to_owned(), clients.queue(&queue.url))).collect() }
    }

    /// The number of queues.
    pub(super) fn queues(&self) -> usize {
        self.queues.len()
    }

    /// The pauses in the tags of each queue, by the queue's name.
    pub async fn read(&self) -> Vec<(&str, Result<Tags, AwsError>)> {
        let read = async |(name, queue): &(String, Queue)| queue.tags().await.map(|tags| pause::read(&tags, name));
        let found = join_all(self.queues.iter().map(read)).await;
        self.queues.iter().map(|(name, _)| name.as_str()).zip(found).collect()
    }

    /// Writes a pause. The answer is the number of the queue that has the tag.
    ///
    /// # Errors
    /// There is no such queue, a tag cannot have the reason, or SQS has not set the tag.
    pub async fn pause(&self, pause: &Pause) -> Result<usize, Error> {
        check(&pause.scope)?;
        let value = pause::value(pause).map_err(Error::Reason)?;
        let at = match &pause.scope {
            PauseScope::Queue(name) => self.at(name)?,
            _ => 0,
        };
        let (_, queue) = self.queues.get(at).ok_or_else(|| Error::Unknown("there is no queue".to_owned()))?;
        queue.tag(&pause::key(&pause.scope), &value).await?;
        Ok(at)
    }

    /// Removes a pause from every queue that has its tag. The answer is whether there was one.
    ///
    /// # Errors
    /// There is no such queue, or SQS has not removed the tag.
    pub async fn resume(&self, scope: &PauseScope) -> Result<bool, Error> {
        check(scope)?;
        if let PauseScope::Queue(name) = scope {
            self.at(name)?;
        }
        let key = pause::key(scope);
        let mut was_paused = false;
        for ((_, found), (_, queue)) in self.read().await.into_iter().zip(&self.queues) {
            if found?.pauses.iter().any(|pause| pause.scope == *scope) {
                queue.untag(&key).await?;
                was_paused = true;
            }
        }
        Ok(was_paused)
    }

    fn at(&self, name: &str) -> Result<usize, Error> {
        let names = || self.queues.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let at = self.queues.iter().position(|(other, _)| other == name);
        at.ok_or_else(|| Error::Unknown(format!("there is no queue {name}, only {}", names())))
    }
}

/// Checks that a tag's key can have this name. A profile's name follows the same rule as a tenant's.
fn check(scope: &PauseScope) -> Result<(), Error> {
    let (kind, name) = match scope {
        PauseScope::All | PauseScope::Queue(_) => return Ok(()),
        PauseScope::Tenant(name) => ("tenant", name),
        PauseScope::Profile(name) => ("profile", name),
    };
    Tenant::parse(name).map(drop).map_err(|rule| Error::Unknown(format!("the {kind}'s name {rule}")))
}
