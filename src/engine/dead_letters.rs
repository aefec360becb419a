//! Where rejected messages go: to the configured dead-letter queue, else to the target of the queue's redrive policy. And after how many
//! receives SQS moves a message there by itself.

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
    /// Whether it is logged that SQS does not answer. It is logged once, and SQS asked again and again.
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

    /// Reads the redrive policy until SQS answers. Whoever needs it earlier asks by itself.
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

    /// How many further receives a message has before SQS moves it. `None`: not known, or no limit.
    pub(crate) fn receives_left(&self, receive_count: u32) -> Option<u32> {
        let policy = self.policy.get().and_then(Option::as_ref)?;
        Some(policy.max_receives?.saturating_sub(receive_count))
    }

    /// The queue, if there is one. Asks until SQS answers, so that no message is deleted that should go there.
    pub(crate) async fn queue(&self) -> Option<&Queue> {
        let mut backoff = Backoff::patient();
        loop {
            if let Ok(queue) = self.ask().await {
                return queue;
            }
            sleep(backoff.pause()).await;
        }
    }

    /// The queue, if there is one. Asks once.
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
