//! A build's log, read forward to its end: page by page, nothing left out and nothing twice.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    aws::{
        AwsError, Class,
        logs::{Ask, Event, Logs, Page},
    },
    backoff::Backoff,
    job::build::LogLocation,
};

/// Between two looks for late lines.
const SETTLE_PAUSE: Duration = Duration::from_millis(500);
/// CodeBuild writes one of these into a log's last lines, whether or not the build succeeded; without its source it gets no further.
const CLOSING: [&str; 2] = ["Phase complete: UPLOAD_ARTIFACTS", "Phase complete: DOWNLOAD_SOURCE State: FAILED"];
/// How long one page is asked for while CloudWatch throttles or does not answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A place in a log, from which it is read on.
#[derive(Debug)]
pub struct Stream {
    logs: Logs,
    location: LogLocation,
    ask: Ask,
    closed: bool,
    exists: bool,
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
        Self { logs, location, ask: Ask::default(), closed: false, exists: false }
    }

    /// Where a page's forward token leads. `closed`: the closing words have been seen already.
    pub(crate) fn resume(logs: Logs, location: LogLocation, ask: Ask, closed: bool) -> Self {
        Self { logs, location, ask, closed, exists: true }
    }

    /// The next page.
    pub async fn next(&mut self) -> Result<Read, AwsError> {
        let page = page(&self.logs, &self.location, &self.ask).await?;
        self.exists |= page.exists;
        self.closed |= closes(&page.events);
        // Only the token that repeats is the end, for now.
        let at_end = page.events.is_empty() && page.forward == self.ask.token;
        self.ask.token = page.forward;
        Ok(Read { events: page.events, at_end })
    }

    /// The next page of a build that has ended. `None`: that was all, or nothing more has come by the deadline.
    pub async fn rest(&mut self, deadline: Instant) -> Result<Option<Read>, AwsError> {
        let read = self.next().await?;
        if read.at_end {
            if self.closed || Instant::now() >= deadline {
                return Ok(None);
            }
            sleep(SETTLE_PAUSE).await;
        }
        Ok(Some(read))
    }

    /// Whether the words have been seen with which CodeBuild closes a log.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether there has been such a stream.
    pub fn exists(&self) -> bool {
        self.exists
    }
}

/// Whether CodeBuild closes the log among these events.
pub(crate) fn closes(events: &[Event]) -> bool {
    events.iter().any(|event| CLOSING.iter().any(|closing| event.message.contains(closing)))
}

/// One page, asked for until there is an answer.
pub(crate) async fn page(logs: &Logs, location: &LogLocation, ask: &Ask) -> Result<Page, AwsError> {
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(15));
    let give_up = Instant::now() + PATIENCE;
    loop {
        match logs.page(location, ask).await {
            Err(error) if matches!(error.class, Class::Throttled | Class::Transient) && Instant::now() < give_up => {
                sleep(backoff.pause()).await;
            }
            answer => return answer,
        }
    }
}
