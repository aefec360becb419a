//! The state of SQS, and how its changes are recorded.

mod queue;

use std::collections::BTreeMap;

use crate::{
    api::{self, ApiError},
    sqs::{
        error,
        model::{move_task::MoveTask, queue::Queue},
    },
};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) queues: BTreeMap<String, Queue>,
    /// The newest first.
    pub(super) moves: Vec<MoveTask>,
}

impl State {
    /// The queue with this URL (by the last part of its path), ARN or name, with its state up to date.
    pub(super) fn queue(&mut self, url: Option<&str>, now_ms: u64) -> Result<&mut Queue, ApiError> {
        let url = api::required(url, "QueueUrl", error::missing)?;
        let queue = self.queues.get_mut(name_of(url)).ok_or_else(error::no_such_queue)?;
        queue.settle(now_ms);
        Ok(queue)
    }

    pub(super) fn has(&self, arn: &str) -> bool {
        self.queues.get(name_of(arn)).is_some_and(|queue| queue.arn == arn)
    }
}

/// A queue's name, from its URL or ARN.
pub(super) fn name_of(url_or_arn: &str) -> &str {
    url_or_arn.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default()
}
