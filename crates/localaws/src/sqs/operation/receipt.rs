//! Operations with receipt handles: deleting a message, and changing its visibility timeout.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::{Answer, ApiError, decode, required},
    batch,
    sqs::{
        Sqs, error,
        model::{
            message::{Handle, Standing},
            queue::Queue,
            setting::VISIBILITY_MAX_S,
        },
        operation::batch::Batch,
    },
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receipt {
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct OnReceipt {
    #[serde(rename = "QueueUrl")]
    queue_url: Option<String>,
    #[serde(flatten)]
    receipt: Receipt,
}

impl Sqs {
    pub(super) fn delete_message(&self, input: Value) -> Answer {
        let input: OnReceipt = decode(input)?;
        let mut state = self.state();
        delete(state.queue(input.queue_url.as_deref(), self.clock.millis())?, &input.receipt)
    }

    pub(super) fn delete_message_batch(&self, input: Value) -> Answer {
        let batch: Batch<Receipt> = decode(input)?;
        let mut state = self.state();
        let queue = state.queue(batch.queue_url.as_deref(), self.clock.millis())?;
        batch::check(&batch.entries, "DeleteMessageBatchRequestEntry")?;
        Ok(batch.answer(|receipt| delete(queue, &receipt)))
    }

    pub(super) fn change_message_visibility(&self, input: Value) -> Answer {
        let input: OnReceipt = decode(input)?;
        let now_ms = self.clock.millis();
        let mut state = self.state();
        change_visibility(state.queue(input.queue_url.as_deref(), now_ms)?, &input.receipt, now_ms)
    }

    pub(super) fn change_message_visibility_batch(&self, input: Value) -> Answer {
        let batch: Batch<Receipt> = decode(input)?;
        let now_ms = self.clock.millis();
        let mut state = self.state();
        let queue = state.queue(batch.queue_url.as_deref(), now_ms)?;
        batch::check(&batch.entries, "ChangeMessageVisibilityBatchRequestEntry")?;
        Ok(batch.answer(|receipt| change_visibility(queue, &receipt, now_ms)))
    }
}

impl Receipt {
    fn handle(&self, queue: &Queue) -> Result<(&str, Handle), ApiError> {
        let text = required(self.receipt_handle.as_deref(), "ReceiptHandle", error::missing)?;
        Ok((text, Handle::decode(text, &queue.name)?))
    }
}

/// A handle of an earlier receive, or of a message that is gone, deletes nothing. The call succeeds.
fn delete(queue: &mut Queue, receipt: &Receipt) -> Answer {
    let (text, handle) = receipt.handle(queue)?;
    if let Some(message) = queue.backlog.named_by(&handle) {
        if queue.settings.fifo && !matches!(message.standing, Standing::InFlight { .. }) {
            return Err(error::invalid_value(text, "ReceiptHandle", "The receipt handle has expired."));
        }
        queue.remove(handle.place);
    }
    Ok(json!({}))
}

fn change_visibility(queue: &mut Queue, receipt: &Receipt, now_ms: u64) -> Answer {
    let (text, handle) = receipt.handle(queue)?;
    let seconds = receipt.visibility_timeout.ok_or_else(|| error::missing("VisibilityTimeout"))?;
    let Some(timeout_ms) = u64::try_from(seconds).ok().filter(|seconds| *seconds <= VISIBILITY_MAX_S).map(|seconds| seconds * 1000) else {
        return Err(error::invalid_value(seconds, "VisibilityTimeout", "Must be between 0 and 43200."));
    };
    let Some(message) = queue.backlog.named_by(&handle) else {
        let reason = "Message does not exist or is not available for visibility timeout change.";
        return Err(error::invalid_value(text, "ReceiptHandle", reason));
    };
    let Standing::InFlight { received_ms, .. } = message.standing else { return Err(error::not_in_flight()) };
    // More than the rest of the 12 hours since the receive is an error. SQS does not shorten it.
    if now_ms + timeout_ms > received_ms + VISIBILITY_MAX_S * 1000 {
        let reason = format!("Total VisibilityTimeout for the message is beyond the limit [{VISIBILITY_MAX_S} seconds].");
        return Err(error::invalid_value(seconds, "VisibilityTimeout", &reason));
    }
    queue.hide_until(handle.place, now_ms + timeout_ms, now_ms);
    Ok(json!({}))
}
