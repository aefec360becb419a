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
    /// The pace of the reads, and the rank of these.
    turn: (Lane, Rank),
    /// The most events on a page, for tests.
    page_size: usize,
}

/// The most events and bytes of a page: AWS's limits.
const PAGE_EVENTS: usize = 10_000;
const PAGE_BYTES: usize = 1024 * 1024;
/// Bytes that an event counts besides its message.
const EVENT_BYTES: usize = 26;

/// A log event: usually one line, with its line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// In whole milliseconds.
    pub at: Timestamp,
    pub message: String,
}

/// Which page of the stream to read.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Whether to read towards the stream's beginning. Without a token the newest page comes first then.
    pub backward: bool,
    /// Only events of this time or later.
    pub since: Option<Timestamp>,
    /// Only events before this time.
    pub before: Option<Timestamp>,
    /// The token of an earlier page with the same direction and times.
    pub token: Option<String>,
    /// The most events; `None`: as many as AWS returns.
    pub most: Option<usize>,
}

/// A page of a stream, oldest event first.
#[derive(Debug, Default)]
pub struct Page {
    pub events: Vec<Event>,
    /// The token of the next page. It equals the token of the request if there is nothing more now.
    pub forward: Option<String>,
    /// The same, towards the beginning.
    pub backward: Option<String>,
    /// Whether the stream exists (yet).
    pub exists: bool,
    /// Whether the page may be full: then there is more behind it.
    pub full: bool,
}

impl Logs {
    pub(super) fn new(client: Client) -> Self {
        Self { client, pace: None, turn: <_>::default(), page_size: PAGE_EVENTS }
    }

    /// The same logs, with at most so many reads a second by all clones together.
    #[must_use]
    pub fn paced(self, per_second: usize) -> Self {
        Self { pace: Some(Pace::new(per_second)), ..self }
    }

    /// The same logs, with this rank among the paced reads.
    #[must_use]
    pub fn ranked(self, lane: Lane, rank: Rank) -> Self {
        Self { turn: (lane, rank), ..self }
    }

    /// The same logs in small pages.
    #[cfg(test)]
    pub(crate) fn in_pages_of(self, events: usize) -> Self {
        Self { page_size: events, ..self }
    }

    /// Reads one page. A stream that does not exist (yet) has no events.
    ///
    /// # Errors
    /// CloudWatch refuses, throttles, or does not answer.
    pub async fn page(&self, log: &LogLocation, ask: &Ask) -> Result<Page, AwsError> {
        let most = ask.most.unwrap_or(PAGE_EVENTS).min(self.page_size);
        let request = self
            .client
            .get_log_events()
            .log_group_name(&*log.group)
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
                // The next event did not fit and may be large.
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
