//! Where rejected messages go: as configured, else to the target of the queue's own redrive policy.

use tokio::{sync::OnceCell, time::sleep};

use crate::{
    aws::{AwsError, Clients, queue::Queue},
    backoff::Backoff,
    config, observe,
};

/// The dead-letter queue of one queue.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    of: Queue,
    clients: Clients,
    /// Empty until SQS has told.
    target: OnceCell<Option<Queue>>,
}

impl DeadLetters {
    pub(crate) fn new(settings: &config::Queue, of: &Queue, clients: &Clients) -> Self {
        let configured = settings.dead_letter_url.as_ref().map(|url| Some(clients.queue(url)));
        Self { of: of.clone(), clients: clients.clone(), target: OnceCell::new_with(configured) }
    }

    /// The queue, if there is one, as far as SQS tells now.
    pub(crate) async fn ask(&self) -> Result<Option<&Queue>, AwsError> {
        let ask = async {
            let url = self.of.redrive_target().await.inspect_err(|error| observe::dead_letter_unknown(self.of.url(), error))?;
            if url.is_none() {
                observe::no_dead_letter_queue(self.of.url());
            }
            Ok(url.map(|url| self.clients.queue(&url)))
        };
        self.target.get_or_try_init(|| ask).await.map(Option::as_ref)
    }

    /// The queue, if there is one. Asks until SQS answers: a message that may have a place there is not thrown away.
    pub(crate) async fn queue(&self) -> Option<&Queue> {
        let mut backoff = Backoff::patient();
        loop {
            if let Ok(queue) = self.ask().await {
                return queue;
            }
            sleep(backoff.pause()).await;
        }
    }
}
