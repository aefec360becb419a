//! CloudWatch Logs: pages of one stream.

use aws_sdk_cloudwatchlogs::Client;
use jiff::Timestamp;

use super::{
    call::call,
    error::{AwsError, Class},
    pace::{Lane, Pace, Rank},
};
use crate::job::build::LogLocation;

/// The builds' logs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Logs {
    client: Client,
    pace: Option<Pace>,
    /// Whose turn its reads are.
    turn: (Lane, Rank),
    /// Events on a page at most, for tests.
    page_size: usize,
}

/// Events on a page at most, and bytes: AWS's limits.
const PAGE_EVENTS: usize = 10_000;
const PAGE_BYTES: usize = 1024 * 1024;
/// What an event counts beside its message.
const EVENT_BYTES: usize = 26;

/// What was logged at once: a line as a rule, with its line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// To the millisecond.
    pub at: Timestamp,
    pub message: String,
}

/// Which page.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Towards the stream's beginning; without a token the newest page then comes first.
    pub backward: bool,
    /// Only what was logged at this time or later.
    pub since: Option<Timestamp>,
    /// Only what was logged before this time.
    pub before: Option<Timestamp>,
    /// Where to go on: a page's token of the same direction and times.
    pub token: Option<String>,
    /// So many events at most; `None`: as many as AWS gives.
    pub most: Option<usize>,
}

/// A page of a stream, oldest event first.
#[derive(Debug, Default)]
pub struct Page {
    pub events: Vec<Event>,
    /// Where to go on; equal to the token that was sent when nothing more is there now.
    pub forward: Option<String>,
    /// The same towards the beginning.
    pub backward: Option<String>,
    /// Whether there is such a stream (yet).
    pub exists: bool,
    /// Whether it may have ended for want of room: then there is more behind it.
    pub full: bool,
}

impl Logs {
    pub(super) fn new(client: Client) -> Self {
        Self { client, pace: None, turn: <_>::default(), page_size: PAGE_EVENTS }
    }

    /// The same logs, read at most so often in a second by all clones together.
    #[must_use]
    pub fn paced(self, per_second: usize) -> Self {
        Self { pace: Some(Pace::new(per_second)), ..self }
    }

    /// The same logs, read in the turns of this rank where they are paced.
    #[must_use]
    pub fn ranked(self, lane: Lane, rank: Rank) -> Self {
        Self { turn: (lane, rank), ..self }
    }

    /// The same logs in small pages.
    #[cfg(test)]
    pub(crate) fn in_pages_of(self, events: usize) -> Self {
        Self { page_size: events, ..self }
    }

    /// One page. A stream that does not exist (yet) has no events.
    pub async fn page(&self, log: &LogLocation, ask: &Ask) -> Result<Page, AwsError> {
        let most = ask.most.unwrap_or(PAGE_EVENTS).min(self.page_size);
        let request = self
            .client
            .get_log_events()
            .log_group_name(&log.group)
            .log_stream_name(&log.stream)
            .start_from_head(!ask.backward)
            .set_start_time(ask.since.map(Timestamp::as_millisecond))
            .set_end_time(ask.before.map(Timestamp::as_millisecond))
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .set_next_token(ask.token.clone());
        let paced = || async {
            let _turn = match &self.pace {
                Some(pace) => Some(pace.turn(self.turn.0, self.turn.1).await),
                None => None,
            };
            request.clone().send().await
        };
        match call("logs.GetLogEvents", paced).await {
            Ok(answer) => {
                let events: Vec<_> = answer.events.unwrap_or_default().into_iter().filter_map(event).collect();
                let bytes: usize = events.iter().map(|event| event.message.len() + EVENT_BYTES).sum();
                // An event that did not fit any more may be large.
                let full = events.len() >= most || bytes > PAGE_BYTES / 2;
                Ok(Page { events, forward: answer.next_forward_token, backward: answer.next_backward_token, exists: true, full })
            }
            Err(error) if error.class == Class::NotFound => {
                Ok(Page { forward: ask.token.clone(), backward: ask.token.clone(), ..Page::default() })
            }
            Err(error) => Err(error),
        }
    }
}

fn event(event: aws_sdk_cloudwatchlogs::types::OutputLogEvent) -> Option<Event> {
    let at = event.timestamp.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or_default();
    Some(Event { at, message: event.message? })
}
