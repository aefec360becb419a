//! SQS's operations by name.

mod batch;
mod queue;
mod receipt;
mod receive;
mod redrive;
pub(super) mod send;

use serde_json::Value;

use crate::{
    api::{Answer, ApiError},
    sqs::{DEFAULT_HOST, Sqs},
};

impl Sqs {
    /// Runs an operation. `host`: the host for queue URLs.
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
}
