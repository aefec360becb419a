//! Cancelling a job by hand.

use super::Console;
use crate::{
    aws::{AwsError, queue::Attributes},
    engine::deduplication::Cancelled,
    job::{JobId, message::wire::CancelMessage, outcome::Status, standing::State},
    observe,
};

/// The outcome of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelling {
    /// The job is held here, and is ending.
    Here,
    /// The job is not held here. The cancellation is on the queue, for the process that has the job or will receive it.
    Asked,
    /// The job has ended already.
    Ended(Status),
}

impl Console {
    /// Cancels a job. A cancelling message also goes to the queue, so that the cancellation outlives this process and reaches a job that
    /// another process holds or that is not received yet.
    ///
    /// `way`: the reason to give where the caller gave none, such as "cancelled on the status page".
    ///
    /// # Errors
    /// The job is not held here, and SQS has not taken the message.
    pub async fn cancel(&self, id: &JobId, reason: Option<String>, way: &str) -> Result<Cancelling, AwsError> {
        let parts = self.parts();
        let standing = self.tracker().detail(id, |_| {}).map(|detail| detail.standing);
        if let Some(status) = standing.as_ref().filter(|job| job.state == State::Ended).and_then(|job| job.status) {
            return Ok(Cancelling::Ended(status));
        }
        let why = Cancelled::asked(reason, way);
        let reason = why.reason.clone();
        let is_here = standing.is_some() && parts.worker.deduplication.cancel(id, why).is_some();
        let sent = self.send_cancel(id, reason).await;
        match sent {
            Ok(()) if is_here => Ok(Cancelling::Here),
            Ok(()) => Ok(Cancelling::Asked),
            // The job is held here and ends anyway.
            Err(error) if is_here => {
                observe::cancel_not_sent(id, &error);
                Ok(Cancelling::Here)
            }
            Err(error) => Err(error),
        }
    }

    async fn send_cancel(&self, id: &JobId, reason: String) -> Result<(), AwsError> {
        let message = CancelMessage { version: 1, cancel: id.clone(), reason: Some(reason) };
        // All keys are strings, so serialisation cannot fail.
        let body = serde_json::to_string(&message).unwrap_or_default();
        self.send(&body, &Attributes::new()).await.map(drop)
    }
}
