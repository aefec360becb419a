//! A build's log, read forward to its end: page by page, nothing left out and nothing twice.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    aws::{
        AwsError,
        logs::{Ask, Event, Logs, Page},
    },
    backoff::Backoff,
    job::{
        build::LogLocation,
        closing::{Closing, Ending},
    },
};

/// Between two looks for late lines, more and more.
const SETTLE_PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(4));
/// How long one page is asked for while CloudWatch throttles or does not answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// Pages without events in a row after which nothing more is expected: of events that have expired CloudWatch gives empty pages with new
/// tokens without end.
pub(super) const EMPTY_PAGES: usize = 20;

/// A place in a log, from which it is read on.
#[derive(Debug)]
pub struct Stream {
    logs: Logs,
    location: LogLocation,
    ask: Ask,
    ending: Ending,
    exists: bool,
    /// Pages without events since the last one that had some.
    empty: usize,
    late: Backoff,
}

/// What came next.
#[derive(Debug)]
pub struct Read {
    pub events: Vec<Event>,
    /// Nothing more is there now. A page without events may well have more behind it.
    pub at_end: bool,
}

impl Stream {
    /// At the log's beginning.
    pub fn new(logs: Logs, location: LogLocation) -> Self {
        Self { logs, location, ask: Ask::default(), ending: Ending::default(), exists: false, empty: 0, late: settle_pauses() }
    }

    /// Where a page's forward token leads. `ending`: what has been read of the log's end already.
    pub(crate) fn resume(logs: Logs, location: LogLocation, ask: Ask, ending: Ending) -> Self {
        Self { logs, location, ask, ending, exists: true, empty: 0, late: settle_pauses() }
    }

    /// The next page.
    pub async fn next(&mut self) -> Result<Read, AwsError> {
        let page = page(&self.logs, &self.location, &self.ask).await?;
        self.exists |= page.exists;
        self.ending.read(messages(&page.events));
        // Only the token that repeats is the end, for now.
        let at_end = page.events.is_empty() && page.forward == self.ask.token;
        self.empty = if page.events.is_empty() && !at_end { self.empty + 1 } else { 0 };
        self.ask.token = page.forward;
        Ok(Read { events: page.events, at_end: at_end || self.empty >= EMPTY_PAGES })
    }

    /// The next page of a build that has ended. `None`: that was all, or nothing more has come by the deadline.
    pub async fn rest(&mut self, closing: &Closing, deadline: Instant) -> Result<Option<Read>, AwsError> {
        if closing.is_last_in(&self.ending) {
            return Ok(None);
        }
        let read = self.next().await?;
        if read.at_end {
            if closing.is_in(&self.ending) || self.empty >= EMPTY_PAGES || Instant::now() >= deadline {
                return Ok(None);
            }
            sleep(self.late.pause()).await;
        }
        Ok(Some(read))
    }

    /// What has been read of the log's end.
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// Whether there has been such a stream.
    pub fn exists(&self) -> bool {
        self.exists
    }
}

/// Pauses between two looks for late lines.
pub(super) fn settle_pauses() -> Backoff {
    Backoff::new(SETTLE_PAUSES.0, SETTLE_PAUSES.1)
}

/// What the events say.
pub(super) fn messages(events: &[Event]) -> impl Iterator<Item = &str> {
    events.iter().map(|event| event.message.as_str())
}

/// One page, asked for until there is an answer.
pub(crate) async fn page(logs: &Logs, location: &LogLocation, ask: &Ask) -> Result<Page, AwsError> {
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(15));
    let give_up = Instant::now() + PATIENCE;
    loop {
        match logs.page(location, ask).await {
            Err(error) if error.class.may_pass() && Instant::now() < give_up => {
                sleep(backoff.pause()).await;
            }
            answer => return answer,
        }
    }
}
