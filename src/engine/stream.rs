//! Reads a build's log forward to its end, page by page, each event once.

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

/// The pauses between two reads for late lines: the first and the longest.
const SETTLE_PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(4));
/// How long one page is tried while CloudWatch throttles or does not answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// After so many empty pages in a row the log is taken to have ended: for expired events CloudWatch returns empty pages with new tokens
/// without end.
pub(super) const EMPTY_PAGES: usize = 20;

/// A position in a log.
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

/// One page that was read.
#[derive(Debug)]
pub struct Read {
    pub events: Vec<Event>,
    /// Whether there is nothing more now. An empty page alone does not mean that.
    pub at_end: bool,
}

impl Stream {
    /// A position at the log's beginning.
    pub fn new(logs: Logs, location: LogLocation) -> Self {
        Self { logs, location, ask: Ask::default(), ending: Ending::default(), exists: false, empty: 0, late: settle_pauses() }
    }

    /// A position after a page. `ending`: the log's last lines so far.
    pub(crate) fn resume(logs: Logs, location: LogLocation, ask: Ask, ending: Ending) -> Self {
        Self { logs, location, ask, ending, exists: true, empty: 0, late: settle_pauses() }
    }

    /// The next page.
    ///
    /// # Errors
    /// CloudWatch refuses, or has not answered for a minute.
    pub async fn next(&mut self) -> Result<Read, AwsError> {
        let page = page(&self.logs, &self.location, &self.ask).await?;
        self.exists |= page.exists;
        self.ending.read(messages(&page.events));
        // CloudWatch signals the present end by repeating the token.
        let at_end = page.events.is_empty() && page.forward == self.ask.token;
        self.empty = if page.events.is_empty() && !at_end { self.empty + 1 } else { 0 };
        self.ask.token = page.forward;
        Ok(Read { events: page.events, at_end: at_end || self.empty >= EMPTY_PAGES })
    }

    /// The next page of a build that has ended. `None`: the log has ended, or nothing more has come by the deadline.
    ///
    /// # Errors
    /// As [`Stream::next`].
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

    /// The log's last lines so far.
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// Whether the log stream exists.
    pub fn exists(&self) -> bool {
        self.exists
    }
}

/// Pauses between two looks for late lines.
pub(super) fn settle_pauses() -> Backoff {
    Backoff::new(SETTLE_PAUSES.0, SETTLE_PAUSES.1)
}

/// The texts of the events.
pub(super) fn messages(events: &[Event]) -> impl Iterator<Item = &str> {
    events.iter().map(|event| event.message.as_str())
}

/// Reads one page, again if CloudWatch throttles or does not answer.
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
