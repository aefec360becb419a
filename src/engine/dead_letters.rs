//! Where rejected messages go, as configured or else to the target of the queue's own redrive policy; and when SQS moves messages there
//! by itself.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::{sync::OnceCell, time::sleep};

use crate::{
    aws::{
        AwsError, Clients,
        queue::{Queue, RedrivePolicy},
    },
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
    /// Empty until SQS has told.
    policy: OnceCell<Option<RedrivePolicy>>,
    /// That SQS does not tell is logged once: it is asked again and again.
    is_complained: AtomicBool,
}

impl DeadLetters {
    pub(crate) fn new(settings: &config::Queue, of: &Queue, clients: &Clients) -> Self {
        let configured = settings.dead_letter_url.as_ref().map(|url| Some(clients.queue(url)));
        Self {
            of: of.clone(),
            clients: clients.clone(),
            target: OnceCell::new_with(configured),
            policy: OnceCell::new(),
            is_complained: AtomicBool::new(false),
        }
    }

    /// Asks for what is not known, until SQS answers. What is needed before is asked for then.
    pub(crate) async fn learn(&self) {
        let mut backoff = Backoff::patient();
        loop {
            let known = async {
                self.ask_policy().await?;
                self.ask().await
            };
            if known.await.is_ok() {
                return;
            }
            sleep(backoff.pause()).await;
        }
    }

    /// How many times SQS delivers a message again before it moves it away, as far as is known.
    pub(crate) fn receives_left(&self, receive_count: u32) -> Option<u32> {
        let policy = self.policy.get().and_then(Option::as_ref)?;
        Some(policy.max_receives?.saturating_sub(receive_count))
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

    /// The queue, if there is one; asked once.
    pub(crate) async fn find(&self) -> Result<Option<&Queue>, AwsError> {
        self.ask().await
    }

    async fn ask(&self) -> Result<Option<&Queue>, AwsError> {
        let ask = async {
            let url = match self.ask_policy().await? {
                Some(policy) => self.of.url_of(&policy.target_arn).await.inspect_err(|error| self.unknown(error))?,
                None => None,
            };
            if url.is_none() {
                observe::no_dead_letter_queue(self.of.url());
            }
            Ok(url.map(|url| self.clients.queue(&url)))
        };
        self.target.get_or_try_init(|| ask).await.map(Option::as_ref)
    }

    async fn ask_policy(&self) -> Result<Option<&RedrivePolicy>, AwsError> {
        let ask = async { self.of.redrive_policy().await.inspect_err(|error| self.unknown(error)) };
        self.policy.get_or_try_init(|| ask).await.map(Option::as_ref)
    }

    fn unknown(&self, error: &AwsError) {
        if !self.is_complained.swap(true, Ordering::Relaxed) {
            observe::dead_letter_unknown(self.of.url(), error);
        }
    }
}
