//! Redrives: moving messages out of a dead-letter queue.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::{Answer, decode, required},
    sqs::{Sqs, error, model::move_task::MoveTask, row},
};

/// SQS: the most tasks of a listing.
const TASKS_MAX: i64 = 10;

/// SQS: the failure of a task without a destination at a message that was sent to the dead-letter queue itself.
const NO_SOURCE: &str = "CouldNotDetermineMessageSource";
/// The failure at a message whose source queue does not exist. Unverified.
const SOURCE_GONE: &str = "AWS.SimpleQueueService.NonExistentQueue";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MoveInput {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
    max_results: Option<i64>,
    task_handle: Option<String>,
}

impl Sqs {
    pub(super) fn start_message_move_task(&self, input: Value) -> Answer {
        let input: MoveInput = decode(input)?;
        let source_arn = required(input.source_arn.as_deref(), "SourceArn", error::missing)?;
        let now_ms = self.clock.millis();
        let mut state = self.state();
        let is_target =
            |arn: &str| state.queues.values().any(|queue| queue.settings.redrive.as_ref().is_some_and(|redrive| redrive.target_arn == arn));
        if !state.has(source_arn) || input.destination_arn.as_deref().is_some_and(|arn| !state.has(arn)) {
            return Err(error::no_such_resource());
        }
        if !is_target(source_arn) {
            return Err(error::invalid("Source queue must be configured as a Dead Letter Queue."));
        }
        let places = state.queue(Some(source_arn), now_ms)?.backlog.visible_places();
        let (mut moved, mut failure) = (0, None);
        for place in &places {
            let source = state.queue(Some(source_arn), now_ms)?;
            let Some(message) = source.backlog.message(*place) else { continue };
            let Some(destination) = input.destination_arn.clone().or_else(|| message.dead_letter_source.clone()) else {
                failure = Some(NO_SOURCE.to_owned());
                break;
            };
            if !state.has(&destination) {
                failure = Some(SOURCE_GONE.to_owned());
                break;
            }
            let message = state.queue(Some(source_arn), now_ms)?.remove(*place);
            if let Some(message) = message {
                state.queue(Some(&destination), now_ms)?.insert(message.moved_back(now_ms));
                moved += 1;
            }
        }
        let task = MoveTask {
            source_arn: source_arn.to_owned(),
            destination_arn: input.destination_arn.clone(),
            rate: input.max_number_of_messages_per_second,
            moved,
            to_move: places.len(),
            started_ms: now_ms,
            failure,
        };
        self.journal.record(|| row::moved(&task));
        state.moves.insert(0, task);
        Ok(json!({ "TaskHandle": crate::random::uuid().to_string() }))
    }

    pub(super) fn list_message_move_tasks(&self, input: Value) -> Answer {
        let input: MoveInput = decode(input)?;
        let source_arn = required(input.source_arn.as_deref(), "SourceArn", error::missing)?;
        let most = input.max_results.unwrap_or(1);
        if !(1..=TASKS_MAX).contains(&most) {
            return Err(error::invalid_value(most, "MaxResults", "Value for parameter must be an integer between 1 and 10."));
        }
        let state = self.state();
        if !state.has(source_arn) {
            return Err(error::no_such_resource());
        }
        let tasks = state.moves.iter().filter(|task| task.source_arn == source_arn).take(usize::try_from(most).unwrap_or(1));
        let results: Vec<Value> = tasks
            .map(|task| {
                let mut result = json!({
                    "Status": if task.failure.is_some() { "FAILED" } else { "COMPLETED" },
                    "SourceArn": task.source_arn,
                    "ApproximateNumberOfMessagesMoved": task.moved,
                    "ApproximateNumberOfMessagesToMove": task.to_move,
                    "StartedTimestamp": task.started_ms,
                });
                if let Some(arn) = &task.destination_arn {
                    result["DestinationArn"] = arn.as_str().into();
                }
                if let Some(reason) = &task.failure {
                    result["FailureReason"] = reason.as_str().into();
                }
                if let Some(rate) = task.rate {
                    result["MaxNumberOfMessagesPerSecond"] = rate.into();
                }
                result
            })
            .collect();
        Ok(json!({ "Results": results }))
    }
}

/// No task is ever running, so none can be cancelled.
pub(super) fn cancel_message_move_task(input: Value) -> Answer {
    let input: MoveInput = decode(input)?;
    required(input.task_handle.as_deref(), "TaskHandle", error::missing)?;
    Err(error::no_such_task())
}
