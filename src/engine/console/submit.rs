//! Putting a job on the queue.

use super::Console;
use crate::{
    aws::{
        AwsError,
        queue::{Attribute, Attributes, MESSAGE_BYTES, place},
    },
    job::{
        message::{self, Message},
        problem::Problem,
    },
};

/// A job that was put on the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The job's id: from the message, else SQS's id of it.
    pub id: String,
    /// SQS's id of the message.
    pub message_id: String,
    /// The queue's name.
    pub queue: String,
}

/// Why a job was not put on the queue.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The message is no valid job.
    #[error("the message is no valid job")]
    Rejected(Vec<Problem>),
    /// The tenant has as many waiting jobs as it may, and `when_full` is `reject`.
    #[error("as many jobs of the tenant wait as may")]
    Full(Vec<Problem>),
    /// SQS did not take it.
    #[error(transparent)]
    NotSent(#[from] AwsError),
}

impl Console {
    /// Puts a job on the first queue, if the daemon would accept it. `traceparent`: the sender's trace.
    ///
    /// # Errors
    /// The message is no valid job, its tenant may have no further waiting job, or SQS has not taken it.
    pub async fn submit(&self, body: &str, traceparent: Option<&str>) -> Result<Submitted, SubmitError> {
        let rejected =
            |path: &str, problem: &str| SubmitError::Rejected(vec![Problem { path: path.to_owned(), problem: problem.to_owned() }]);
        if body.len() > MESSAGE_BYTES {
            return Err(rejected("", "is larger than SQS takes"));
        }
        // SQS gives the message its id only when it is sent. Any valid id serves for the checks.
        let named = match message::read(body, "m", &self.config().profiles) {
            Ok(Message::Job(job)) => {
                let is_named = serde_json::from_str::<serde_json::Value>(body).is_ok_and(|body| body.get("id").is_some());
                let worker = &self.parts().worker;
                // A repeat of a known job is accepted. Messages on the queue that are not received yet are not counted.
                let is_new = !is_named || !worker.deduplication.knows(&job.id);
                if let Some(full) = worker.scheduler.full(&job.tenant).filter(|_| is_new) {
                    return Err(SubmitError::Full(full.rejection(&job).problems));
                }
                is_named.then_some(job.id)
            }
            Ok(Message::Cancel(_)) => return Err(rejected("/cancel", "cancels a job: ask for that with POST jobs/{id}/cancel")),
            Err(rejection) => return Err(SubmitError::Rejected(rejection.problems)),
        };
        let traceparent = traceparent.map(|text| ("traceparent".to_owned(), Attribute::string(text)));
        let message_id = self.send(body, &traceparent.into_iter().collect()).await?;
        let id = named.map_or_else(|| message_id.clone(), |id| id.to_string());
        let queue = self.config().queues.first().map(|queue| queue.name().to_owned()).unwrap_or_default();
        Ok(Submitted { id, message_id, queue })
    }

    /// Sends a message to the first queue, in the message group of its job.
    pub(super) async fn send(&self, body: &str, attributes: &Attributes) -> Result<String, AwsError> {
        let queue = self.parts().clients.queue(self.config().queues.first().map_or("", |queue| &queue.url));
        queue.send_to(&place(body, queue.is_fifo(), unique()), body, attributes).await
    }
}

/// A deduplication id that no other message has.
fn unique() -> String {
    format!("api-{:016x}", fastrand::u64(..))
}
