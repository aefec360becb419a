//! A log read for its event, at a bounded price and in bounded time: of a build that succeeded the end; otherwise a log of some pages as a
//! whole, and of a longer one the beginning, what stands before the failure, and the end. What is read is in the log's order, each line
//! once, with gaps where it was not read.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout_at},
};

use super::stream::{self, EMPTY_PAGES, Stream, messages, settle_pauses};
use crate::{
    aws::{
        AwsError, Class,
        logs::{Ask, Event, Logs, Page},
        pace::{Lane, Rank},
    },
    job::{
        build::{Build, LogLocation, Phase},
        closing::{Closing, Ending},
        rejoin::Rejoin,
    },
};

/// Pages read from the beginning; a log that ends within them is read as a whole.
const HEAD: usize = 10;
/// Pages before the failure.
const WINDOW: usize = 3;
/// Pages looked through for the failure, from a little after it.
const LOOK: usize = 8;
/// Pages before the end.
const TAIL: usize = 2;
/// The failed phase's end is CodeBuild's, an event's time the build container's, a little later as a rule: their clocks may differ.
const MARGIN: Duration = Duration::from_secs(10);
/// The grain of times in a log.
const MILLISECOND: Duration = Duration::from_millis(1);
/// Events read of the end of a log of which the closing lines are wanted: many more than these, so that a secret of several lines that
/// begins before the first of them is recognised where it ends.
const CLOSE: usize = 500;
/// What a reading may take beyond the wait for late lines, its waits for a turn included.
const LONGEST: Duration = Duration::from_mins(1);
/// Long logs that are read at the same time: only they hold pages in memory, up to [`WINDOW`] and one more.
const DEEP: usize = 4;

/// Reads logs for events.
#[derive(Debug)]
pub(crate) struct Transcripts {
    logs: Logs,
    deep: Semaphore,
    /// How long late lines are waited for.
    settle: Duration,
    /// Readings begun.
    begun: AtomicU64,
}

/// What is wanted of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// So many closing lines.
    Close { lines: usize },
    /// What stands before the failure, and how it came there.
    Failure,
}

/// A piece of a log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Line(&'a str),
    /// A stretch that was not read.
    Gap,
}

/// What became of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The log's end was seen.
    Seen,
    /// What came last is not how CodeBuild closes a log: lines may be missing.
    Unseen,
    /// The stream does not exist.
    NoStream,
}

impl Transcripts {
    pub(crate) fn new(logs: Logs, settle: Duration) -> Self {
        Self { logs, deep: Semaphore::new(DEEP), settle, begun: AtomicU64::new(0) }
    }

    /// Reads the log of a build that has ended. Of the logs that wait to be read, that of the build which ended first is read first, to its
    /// end; short readings and long ones take turns.
    pub(crate) async fn read(
        &self,
        build: &Build,
        location: &LogLocation,
        wanted: Wanted,
        take: impl FnMut(Piece<'_>),
    ) -> Result<End, AwsError> {
        let lane = if wanted == Wanted::Failure { Lane::Long } else { Lane::Short };
        let rank = Rank { since: build.ended_at.unwrap_or_default(), matter: self.begun.fetch_add(1, Ordering::Relaxed) };
        let deadline = Instant::now() + self.settle;
        let mut reading = Reading {
            logs: self.logs.clone().ranked(lane, rank),
            location,
            closing: Closing::of(build),
            deadline,
            take,
            seam: Seam::default(),
            rejoin: Rejoin::default(),
        };
        let reads = async {
            match wanted {
                Wanted::Close { lines } => reading.close(lines).await,
                Wanted::Failure => self.failure(&mut reading, build).await,
            }
        };
        let overdue = || AwsError::local(Class::Transient, "logs.GetLogEvents", "the log could not be read in time");
        let end = timeout_at(deadline + LONGEST, reads).await.unwrap_or_else(|_| Err(overdue()));
        // The log ends here, and an open line with it.
        reading.finish_line();
        if end.is_err() {
            reading.gap();
        }
        end
    }

    async fn failure<F: FnMut(Piece<'_>)>(&self, reading: &mut Reading<'_, F>, build: &Build) -> Result<End, AwsError> {
        let deadline = reading.deadline;
        let mut stream = Stream::new(reading.logs.clone(), reading.location.clone());
        let failure = build.phases.iter().find_map(Failure::of);
        let mut failed = false;
        let mut pages = 0;
        while pages < HEAD {
            let Some(read) = stream.rest(&reading.closing, deadline).await? else { return Ok(reading.end(&stream)) };
            pages += usize::from(!read.events.is_empty());
            failed |= failure.as_ref().is_some_and(|failure| failure.is_in(&read.events));
            reading.push(&read.events);
        }
        let _permit = self.deep.acquire().await;
        reading.deep(failure.filter(|_| !failed)).await
    }
}

/// Where a build failed.
#[derive(Debug)]
struct Failure {
    /// A time by which the log tells of it.
    by: Timestamp,
    /// CodeBuild's words in the log.
    words: String,
}

impl Failure {
    /// Of a phase that ended other than well.
    fn of(phase: &Phase) -> Option<Self> {
        phase.status.as_ref().filter(|status| *status != "SUCCEEDED")?;
        // Logs know milliseconds.
        let by = Timestamp::from_millisecond(phase.ended_at?.checked_add(MARGIN).ok()?.as_millisecond()).ok()?;
        Some(Self { by, words: format!("Phase complete: {} State: ", phase.name) })
    }

    fn is_in(&self, events: &[Event]) -> bool {
        events.iter().any(|event| event.message.contains(&self.words))
    }
}

/// How far the log has been taken: up to this time, and of that very time so many events. What begins here brings them again.
#[derive(Debug, Clone, Copy, Default)]
struct Seam {
    at: Timestamp,
    events: usize,
}

struct Reading<'a, F> {
    logs: Logs,
    location: &'a LogLocation,
    closing: Closing,
    /// Of the wait for late lines.
    deadline: Instant,
    take: F,
    seam: Seam,
    rejoin: Rejoin,
}

/// Pages that follow each other, the last of those between two times.
#[derive(Debug, Default)]
struct Stretch {
    pages: VecDeque<Vec<Event>>,
    /// Whether all of what is before them was seen, down to the earlier time ...
    whole: bool,
    /// ... and how many events that were.
    older: usize,
    /// Whether pages after them were left out.
    left_out: bool,
    /// Where the latest page leads.
    forward: Option<String>,
}

impl<F: FnMut(Piece<'_>)> Reading<'_, F> {
    /// The end of the log, in one read where it has come whole.
    async fn close(&mut self, lines: usize) -> Result<End, AwsError> {
        let mut pauses = settle_pauses();
        let (page, end) = loop {
            let page = self.newest(lines).await?;
            let mut ending = Ending::default();
            ending.read(messages(&page.events));
            if self.closing.is_in(&ending) {
                break (page, End::Seen);
            }
            if Instant::now() >= self.deadline {
                let end = if page.exists { End::Unseen } else { End::NoStream };
                break (page, end);
            }
            sleep(pauses.pause()).await;
        };
        if page.full {
            self.gap();
        }
        self.push(&page.events);
        Ok(end)
    }

    /// The newest page that has events.
    async fn newest(&self, lines: usize) -> Result<Page, AwsError> {
        let mut ask = Ask { backward: true, most: Some(CLOSE.max(4 * lines)), ..Ask::default() };
        let mut page = self.page(&ask).await?;
        for _ in 1..EMPTY_PAGES {
            if !page.events.is_empty() || page.backward == ask.token {
                break;
            }
            ask.token = page.backward;
            page = self.page(&ask).await?;
        }
        Ok(page)
    }

    /// Goes on from the head of a long log: before the failure, and at the end.
    async fn deep(&mut self, failure: Option<Failure>) -> Result<End, AwsError> {
        // Before all late lines have come, a window could be read that is still empty.
        let ending = self.settled().await?;
        if let Some(failure) = failure.filter(|failure| failure.by > self.seam.at) {
            let window = self.back(Some(failure.by), WINDOW, Some(&failure)).await?;
            let gapless = self.join(&window);
            let is_counted = gapless || window.oldest().is_some_and(|oldest| oldest.at < self.seam.at);
            if !window.left_out {
                self.seam = Seam { at: failure.by, events: 0 };
            } else if !is_counted {
                // All of the window is of one millisecond, and how much of that lies before it is not known.
                self.seam = Seam { at: self.seam.at + MILLISECOND, events: 0 };
                self.gap();
            }
        }
        // The tail's own tokens are good for its own times only.
        let since = self.seam.at;
        let tail = self.back(None, TAIL, None).await?;
        self.join(&tail);
        let mut stream = self.after(Ask { since: Some(since), token: tail.forward, ..Ask::default() }, ending);
        while let Some(read) = stream.rest(&self.closing, self.deadline).await? {
            self.push(&read.events);
        }
        Ok(self.end(&stream))
    }

    /// Waits until the log's end has come, or for the deadline. Tells what has come of it.
    async fn settled(&self) -> Result<Ending, AwsError> {
        let newest = self.page(&Ask { backward: true, ..Ask::default() }).await?;
        let mut ending = Ending::default();
        ending.read(messages(&newest.events));
        let mut stream = self.after(Ask { token: newest.forward, ..Ask::default() }, ending);
        while stream.rest(&self.closing, self.deadline).await?.is_some() {}
        Ok(stream.ending().clone())
    }

    fn after(&self, ask: Ask, ending: Ending) -> Stream {
        Stream::resume(self.logs.clone(), self.location.clone(), ask, ending)
    }

    fn end(&self, stream: &Stream) -> End {
        match (stream.exists(), self.closing.is_in(stream.ending())) {
            (false, _) => End::NoStream,
            (true, true) => End::Seen,
            (true, false) => End::Unseen,
        }
    }

    /// The last `most` pages from the seam to `before`; if a failure is wanted, those up to it, and one page after.
    async fn back(&self, before: Option<Timestamp>, most: usize, wanted: Option<&Failure>) -> Result<Stretch, AwsError> {
        let mut stretch = Stretch::default();
        let mut ask = Ask { backward: true, since: Some(self.seam.at), before, ..Ask::default() };
        let (mut found, mut looked, mut room, mut empty) = (wanted.is_none(), 0, most, 0);
        while !stretch.is_enough(self.seam, room == 0 && (found || looked >= LOOK)) && empty < EMPTY_PAGES {
            let page = self.page(&ask).await?;
            empty = if page.events.is_empty() { empty + 1 } else { 0 };
            stretch.whole = page.events.is_empty() && ask.token.is_some() && page.backward == ask.token;
            ask.token = page.backward;
            stretch.forward = stretch.forward.or(page.forward);
            if !found && wanted.is_some_and(|failure| failure.is_in(&page.events)) {
                // The page that follows may have the end of what CodeBuild says about it.
                stretch.pages.truncate(usize::from(looked <= most));
                stretch.left_out = looked > stretch.pages.len();
                (found, room, stretch.older) = (true, most, 0);
            }
            if room > 0 {
                stretch.pages.push_front(page.events);
                room -= 1;
            } else {
                stretch.older += page.events.len();
            }
            looked += 1;
        }
        Ok(stretch)
    }

    /// Takes a stretch, without what the seam has of it already. Tells whether it follows without a gap.
    fn join(&mut self, stretch: &Stretch) -> bool {
        let gapless = stretch.whole && stretch.older <= self.seam.events;
        if !gapless {
            self.gap();
        }
        let mut known = self.seam.events.saturating_sub(stretch.older);
        for page in &stretch.pages {
            let again = page.iter().take(known).take_while(|event| event.at == self.seam.at).count();
            known = if again == page.len() { known - again } else { 0 };
            self.push(&page[again..]);
        }
        gapless
    }

    fn push(&mut self, events: &[Event]) {
        for event in events {
            if event.at > self.seam.at {
                self.seam = Seam { at: event.at, events: 0 };
            }
            self.seam.events += usize::from(event.at == self.seam.at);
            self.rejoin.push(&event.message, |line| (self.take)(Piece::Line(line)));
        }
    }

    /// What follows does not go on with the line that is open.
    fn finish_line(&mut self) {
        self.rejoin.finish(|line| (self.take)(Piece::Line(line)));
    }

    fn gap(&mut self) {
        self.finish_line();
        (self.take)(Piece::Gap);
    }

    async fn page(&self, ask: &Ask) -> Result<Page, AwsError> {
        stream::page(&self.logs, self.location, ask).await
    }
}

impl Stretch {
    /// Whether nothing more has to be read. `full`: no further page is wanted for itself.
    fn is_enough(&self, seam: Seam, full: bool) -> bool {
        let reaches_seam = self.oldest().is_some_and(|oldest| oldest.at == seam.at);
        // Where so much was logged within a millisecond, only counting tells what is known already. And only a further page tells that
        // these are not all.
        self.whole || (full && self.older > 0 && (!reaches_seam || self.older > seam.events))
    }

    fn oldest(&self) -> Option<&Event> {
        self.pages.iter().flatten().next()
    }
}

#[cfg(test)]
mod tests;
