//! One reading of one log: which pages are read, and how they are joined into the log's order.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::{
    failure::Failure,
    stretch::{Seam, Stretch},
};
use crate::{
    aws::{
        AwsError,
        logs::{Ask, Event, Logs, Page},
    },
    engine::stream::{self, EMPTY_PAGES, Stream, messages, settle_pauses},
    job::{
        build::LogLocation,
        closing::{Closing, Ending},
        rejoin::Rejoin,
    },
};

/// Pages before the failure.
pub(super) const WINDOW: usize = 3;
/// Pages looked through for the failure, from a little after it.
const LOOK: usize = 8;
/// Pages before the end.
pub(super) const TAIL: usize = 2;
/// The resolution of times in a log.
const MILLISECOND: Duration = Duration::from_millis(1);
/// How many events are read for the closing lines: many more than the lines, so that a secret of several lines is recognised although it
/// begins before the first of them.
const CLOSE: usize = 500;

/// A piece of a log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Line(&'a str),
    /// A part that was not read.
    Gap,
}

/// The result of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The log's end was seen.
    Seen,
    /// The last lines are not those with which CodeBuild closes a log: lines may be missing.
    Unseen,
    /// The stream does not exist.
    NoStream,
}

/// A log as far as it has been read.
pub(super) struct Reading<'a, F> {
    pub(super) logs: Logs,
    pub(super) location: &'a LogLocation,
    pub(super) closing: Closing,
    /// When to stop waiting for late lines.
    pub(super) deadline: Instant,
    pub(super) take: F,
    pub(super) seam: Seam,
    pub(super) rejoin: Rejoin,
}

impl<F: FnMut(Piece<'_>)> Reading<'_, F> {
    /// Reads the end of the log; in one call if it is complete already.
    pub(super) async fn close(&mut self, lines: usize) -> Result<End, AwsError> {
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

    /// Reads the rest of a long log after its head: the pages before the failure, and the end.
    pub(super) async fn deep(&mut self, failure: Option<Failure>) -> Result<End, AwsError> {
        // Wait for late lines first: the window before the failure could still be empty.
        let ending = self.settled().await?;
        if let Some(failure) = failure.filter(|failure| failure.by > self.seam.at) {
            let window = self.back(Some(failure.by), WINDOW, Some(&failure)).await?;
            let gapless = self.join(&window);
            let is_counted = gapless || window.oldest().is_some_and(|oldest| oldest.at < self.seam.at);
            if !window.left_out {
                self.seam = Seam { at: failure.by, events: 0 };
            } else if !is_counted {
                // The whole window is of one millisecond, and how many earlier events have the same time is not known.
                self.seam = Seam { at: self.seam.at + MILLISECOND, events: 0 };
                self.gap();
            }
        }
        // A token of the tail is only valid with the times of the tail's request.
        let since = self.seam.at;
        let tail = self.back(None, TAIL, None).await?;
        self.join(&tail);
        let mut stream = self.after(Ask { since: Some(since), token: tail.forward, ..Ask::default() }, ending);
        while let Some(read) = stream.rest(&self.closing, self.deadline).await? {
            self.push(&read.events);
        }
        Ok(self.end(&stream))
    }

    /// Waits until the log's end has come, or for the deadline. The answer is the log's last lines.
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

    pub(super) fn end(&self, stream: &Stream) -> End {
        match (stream.exists(), self.closing.is_in(stream.ending())) {
            (false, _) => End::NoStream,
            (true, true) => End::Seen,
            (true, false) => End::Unseen,
        }
    }

    /// The last `most` pages between the seam and `before`. With a failure: the pages up to it, and one after it.
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
                // CodeBuild's words about the failure may end on the next page.
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

    /// Takes the pages of a stretch, without the events that are taken already. The answer is whether it follows without a gap.
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

    pub(super) fn push(&mut self, events: &[Event]) {
        for event in events {
            if event.at > self.seam.at {
                self.seam = Seam { at: event.at, events: 0 };
            }
            self.seam.events += usize::from(event.at == self.seam.at);
            self.rejoin.push(&event.message, |line| (self.take)(Piece::Line(line)));
        }
    }

    /// Ends an open line: what follows does not continue it.
    pub(super) fn finish_line(&mut self) {
        self.rejoin.finish(|line| (self.take)(Piece::Line(line)));
    }

    pub(super) fn gap(&mut self) {
        self.finish_line();
        (self.take)(Piece::Gap);
    }

    async fn page(&self, ask: &Ask) -> Result<Page, AwsError> {
        stream::page(&self.logs, self.location, ask).await
    }
}
