//! SQS: queues, with SQS's rules, limits and error texts.

mod error;
#[cfg(feature = "data")]
mod load;
pub(crate) mod model;
mod operation;
mod row;
mod state;

use std::sync::Mutex;

use crate::{
    api::ApiError,
    clock::Clock,
    journal::{Held, Journal},
    sqs::{
        model::{attribute::Attributes, outgoing, outgoing::Outgoing},
        operation::send,
        state::State,
    },
};

/// The host in queue URLs if a request does not name one.
pub(crate) const DEFAULT_HOST: &str = "127.0.0.1:4566";

/// The service.
#[derive(Debug)]
pub(crate) struct Sqs {
    clock: Clock,
    region: String,
    account: String,
    /// Held briefly, and never across an await.
    state: Mutex<State>,
    /// Records changes of the state.
    journal: Journal,
}

impl Sqs {
    /// An SQS without queues.
    pub(crate) fn new(clock: Clock, region: String, account: String) -> Self {
        Self { clock, region, account, state: Mutex::default(), journal: Journal::default() }
    }

    /// The same service, with its changes recorded in `journal`.
    pub(crate) fn kept_by(self, journal: &Journal) -> Self {
        Self { journal: journal.fork(), ..self }
    }

    /// Puts a message of another service into the queue with this ARN or URL.
    pub(crate) fn deliver(&self, queue: &str, body: String, attributes: Attributes) -> Result<(), ApiError> {
        self.inlet().deliver(queue, body, attributes, None, None)
    }

    /// Locks the queues, for messages of another service that belong together.
    pub(crate) fn inlet(&self) -> Inlet<'_> {
        Inlet { now_ms: self.clock.millis(), state: self.state(), journal: &self.journal }
    }

    fn state(&self) -> Held<'_, State> {
        Held::new(&self.state, &self.journal)
    }

    fn arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{name}", self.region, self.account)
    }

    fn url(&self, host: &str, name: &str) -> String {
        format!("http://{host}/{}/{name}", self.account)
    }
}

/// The locked queues, for messages of another service. While it exists, nothing else changes the queues, and all messages in it are stored
/// together.
#[derive(Debug)]
pub(crate) struct Inlet<'a> {
    state: Held<'a, State>,
    now_ms: u64,
    /// Records changes of the other service that must be stored with the messages.
    pub(crate) journal: &'a Journal,
}

impl Inlet<'_> {
    /// Puts a message into the queue with this ARN or URL. The last two parameters are for FIFO queues.
    pub(crate) fn deliver(
        &mut self,
        queue: &str,
        body: String,
        attributes: Attributes,
        group: Option<String>,
        deduplication_id: Option<String>,
    ) -> Result<(), ApiError> {
        let outgoing = Outgoing { body, attributes, group, deduplication_id, ..Outgoing::default() };
        let queue = self.state.queue(Some(queue), self.now_ms)?;
        outgoing::check(&outgoing, &queue.settings)?;
        send::enqueue(queue, outgoing, self.now_ms);
        Ok(())
    }

    /// Releases the queues and stores the messages, if no caller waits for that.
    pub(crate) fn close(self) {
        drop(self.state);
        self.journal.settle();
    }
}

#[cfg(test)]
mod tests;
