//! `PutLogEvents`.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Duration;

use crate::{
    api::{Answer, decode},
    logs::{Logs, error::invalid},
};

/// AWS: the most events in one call.
const BATCH: usize = 10_000;
/// AWS: the most bytes in one call, with 26 for each event.
const BATCH_BYTES: usize = 1_048_576;
/// AWS rejects events that are older than 14 days or more than 2 hours in the future, and takes the others.
const OLDEST: Duration = Duration::from_hours(14 * 24);
const NEWEST: Duration = Duration::from_hours(2);

#[derive(Deserialize)]
struct PutLogEvents {
    #[serde(rename = "logGroupName")]
    group: String,
    #[serde(rename = "logStreamName")]
    stream: String,
    #[serde(rename = "logEvents")]
    events: Vec<InputLogEvent>,
}

#[derive(Deserialize)]
struct InputLogEvent {
    timestamp: u64,
    message: String,
}

impl Logs {
    pub(super) fn put_log_events(&self, input: Value) -> Answer {
        let input: PutLogEvents = decode(input)?;
        let events = input.events;
        if events.is_empty() || events.len() > BATCH || events.iter().any(|event| event.message.is_empty()) {
            return Err(invalid(format!("Log events must be 1 to {BATCH}, and no message may be empty")));
        }
        if events.iter().map(|event| event.message.len() + 26).sum::<usize>() > BATCH_BYTES {
            return Err(invalid(format!("Upload too large: more than {BATCH_BYTES} bytes")));
        }
        if !events.is_sorted_by_key(|event| event.timestamp) {
            return Err(invalid("Log events in a single PutLogEvents request must be in chronological order."));
        }
        let now = self.clock.now();
        let oldest = millis(now.saturating_sub(OLDEST));
        let newest = millis(now + NEWEST);
        let first = events.partition_point(|event| event.timestamp < oldest);
        let end = events.partition_point(|event| event.timestamp <= newest);
        let mut rejected = Map::new();
        if first > 0 {
            rejected.insert("tooOldLogEventEndIndex".to_owned(), json!(first));
        }
        if end < events.len() {
            rejected.insert("tooNewLogEventStartIndex".to_owned(), json!(end));
        }
        let accepted = events.into_iter().take(end).skip(first).map(|event| (event.timestamp, event.message));

        let mut state = self.state();
        let visible = state.visible_from(millis(now));
        let stream = state.stream(&input.group, &input.stream)?;
        self.add_events(stream, millis(now), visible, accepted.collect());
        // AWS ignores sequence tokens, but still sends them.
        let mut answer = json!({"nextSequenceToken": format!("{:056}", stream.bytes)});
        if !rejected.is_empty() {
            answer["rejectedLogEventsInfo"] = Value::Object(rejected);
        }
        Ok(answer)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
