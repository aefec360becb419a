//! SQS: queues, with SQS's rules, limits and error texts.

pub(crate) mod attribute;
mod batch;
mod catalog;
mod error;
#[cfg(feature = "data")]
mod load;
mod message;
mod order;
mod queue;
mod receipt;
mod receive;
mod redrive;
mod row;
mod send;
mod setting;

use std::{collections::BTreeMap, sync::Mutex};

use serde_json::Value;

use crate::{
    api::{self, Answer, ApiError},
    clock::Clock,
    journal::{Held, Journal},
    sqs::{attribute::Attributes, queue::Queue, redrive::MoveTask, send::Outgoing},
};

/// Where queue URLs point when a request does not say which host it came to.
pub(crate) const DEFAULT_HOST: &str = "127.0.0.1:4566";

/// The service.
#[derive(Debug)]
pub(crate) struct Sqs {
    clock: Clock,
    region: String,
    account: String,
    /// Held for moments, never across an await.
    state: Mutex<State>,
    /// Of the state's changes.
    journal: Journal,
}

#[derive(Debug, Default)]
struct State {
    queues: BTreeMap<String, Queue>,
    /// Newest first.
    moves: Vec<MoveTask>,
}

impl State {
    /// The queue of a URL (by the last part of its path), an ARN or a name, brought up to date.
    fn queue(&mut self, url: Option<&str>, now_ms: u64) -> Result<&mut Queue, ApiError> {
        let url = api::required(url, "QueueUrl", error::missing)?;
        let queue = self.queues.get_mut(name_of(url)).ok_or_else(error::no_such_queue)?;
        queue.settle(now_ms);
        Ok(queue)
    }

    fn has(&self, arn: &str) -> bool {
        self.queues.get(name_of(arn)).is_some_and(|queue| queue.arn == arn)
    }
}

/// A queue's name, from its URL or ARN.
fn name_of(url_or_arn: &str) -> &str {
    url_or_arn.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default()
}

impl Sqs {
    /// An SQS without queues.
    pub(crate) fn new(clock: Clock, region: String, account: String) -> Self {
        Self { clock, region, account, state: Mutex::default(), journal: Journal::default() }
    }

    /// The same, with its changes kept.
    pub(crate) fn kept_by(self, journal: &Journal) -> Self {
        Self { journal: journal.fork(), ..self }
    }

    /// Carries an operation out. `host` is the one that queue URLs shall name.
    pub(crate) async fn call(&self, operation: &str, input: Value, host: Option<&str>) -> Answer {
        let host = host.unwrap_or(DEFAULT_HOST);
        match operation {
            "CancelMessageMoveTask" => redrive::cancel_message_move_task(input),
            "ChangeMessageVisibility" => self.change_message_visibility(input),
            "ChangeMessageVisibilityBatch" => self.change_message_visibility_batch(input),
            "CreateQueue" => self.create_queue(input, host),
            "DeleteMessage" => self.delete_message(input),
            "DeleteMessageBatch" => self.delete_message_batch(input),
            "DeleteQueue" => self.delete_queue(input),
            "GetQueueAttributes" => self.get_queue_attributes(input),
            "GetQueueUrl" => self.get_queue_url(input, host),
            "ListDeadLetterSourceQueues" => self.list_dead_letter_source_queues(input, host),
            "ListMessageMoveTasks" => self.list_message_move_tasks(input),
            "ListQueueTags" => self.list_queue_tags(input),
            "ListQueues" => self.list_queues(input, host),
            "PurgeQueue" => self.purge_queue(input),
            "ReceiveMessage" => self.receive_message(input).await,
            "SendMessage" => self.send_message(input),
            "SendMessageBatch" => self.send_message_batch(input),
            "SetQueueAttributes" => self.set_queue_attributes(input),
            "StartMessageMoveTask" => self.start_message_move_task(input),
            "TagQueue" => self.tag_queue(input),
            "UntagQueue" => self.untag_queue(input),
            _ => Err(ApiError::unknown_operation()),
        }
    }

    /// Puts a message from another service on the queue with this ARN or URL.
    pub(crate) fn deliver(&self, queue: &str, body: String, attributes: Attributes) -> Result<(), ApiError> {
        self.inlet().deliver(queue, body, attributes, None, None)
    }

    /// The queues, for messages from another service that belong together.
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

/// Where another service puts its messages. For as long as it is open nobody else changes the queues, and all that comes through it
/// is kept together.
#[derive(Debug)]
pub(crate) struct Inlet<'a> {
    state: Held<'a, State>,
    now_ms: u64,
    /// For what of the other service's must be kept with the messages.
    pub(crate) journal: &'a Journal,
}

impl Inlet<'_> {
    /// Puts a message on the queue with this ARN or URL. The last two are for FIFO queues.
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
        send::check(&outgoing, &queue.settings)?;
        send::enqueue(queue, outgoing, self.now_ms);
        Ok(())
    }

    /// Lets go of the queues and keeps what came, for a sender that nobody waits for.
    pub(crate) fn close(self) {
        drop(self.state);
        self.journal.settle();
    }
}

#[cfg(test)]
mod tests;
