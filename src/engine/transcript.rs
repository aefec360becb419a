//! Reads a log for its event, with a bounded number of calls and in bounded time. Of a build that succeeded it reads the end. Of another it
//! reads a short log whole, and of a long one the beginning, the pages before the failure, and the end. Lines come in the log's order, each
//! once, with a gap where pages were left out.

mod failure;
mod reading;
mod stretch;
#[cfg(test)]
mod tests;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

pub(crate) use self::reading::{End, Piece};
use self::{failure::Failure, reading::Reading, stretch::Seam};
use super::stream::Stream;
use crate::{
    aws::{
        AwsError, Class,
        logs::Logs,
        pace::{Lane, Rank},
    },
    job::{
        build::{Build, LogLocation},
        closing::Closing,
        rejoin::Rejoin,
    },
};

/// Pages read from the beginning. A log that ends within them is read whole.
const HEAD: usize = 10;
/// The longest time of a reading, beyond the wait for late lines; its waits for a turn included.
const LONGEST: Duration = Duration::from_mins(1);
/// How many long logs are read at the same time. Only they hold pages in memory, up to [`reading::WINDOW`] and one more each.
const DEEP: usize = 4;

/// Reads logs for events.
#[derive(Debug)]
pub(crate) struct Transcripts {
    logs: Logs,
    deep: Semaphore,
    /// How long to wait for late lines.
    settle: Duration,
    /// The number of readings begun.
    begun: AtomicU64,
}

/// Which part of a log to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The last `lines` lines.
    Close { lines: usize },
    /// The lines before the failure, and the beginning.
    Failure,
}

impl Transcripts {
    pub(crate) fn new(logs: Logs, settle: Duration) -> Self {
        Self { logs, deep: Semaphore::new(DEEP), settle, begun: AtomicU64::new(0) }
    }

    /// Reads the log of a build that has ended. Logs that wait are read in the order in which their builds ended; short and long readings
    /// take turns.
    ///
    /// # Errors
    /// CloudWatch refuses, or the log could not be read in time. Lines read before it have been taken.
    pub(crate) async fn read(
        &self,
        build: &Build,
        location: &LogLocation,
        wanted: Wanted,
        take: impl FnMut(Piece<'_>),
    ) -> Result<End, AwsError> {
        let lane = if wanted == Wanted::Failure { Lane::Long } else { Lane::Short };
        let rank = Rank { since: build.ended_at().unwrap_or_default(), matter: self.begun.fetch_add(1, Ordering::Relaxed) };
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
        // The log ends here, so an open line is complete.
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
