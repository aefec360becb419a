//! A build's log for people: whole, in order, and without secrets.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::Console;
use crate::{
    aws::{
        AwsError,
        logs::{Event, Logs},
        pace::{Lane, Rank},
    },
    engine::stream::Stream,
    job::{JobId, build::Build, closing::Closing, redact::Redactor, reference::Reference, rejoin::Rejoin},
};

/// The time between two reads of a log that still grows.
const PAUSE: Duration = Duration::from_secs(2);

/// Reads one log.
#[derive(Debug)]
pub struct LogReader {
    console: Console,
    build: Arc<Build>,
    stream: Option<Stream>,
    follow: bool,
    /// When to stop waiting for late lines. Set once the build has ended.
    deadline: Option<Instant>,
    rejoin: Rejoin,
    redactor: Redactor,
    done: bool,
}

impl Console {
    /// The log of a job's latest build, or of the named build, from its beginning. `None`: there is no such job, or it has no build.
    /// `follow`: until the build has ended.
    ///
    /// # Errors
    /// CodeBuild does not say which builds there are.
    pub async fn log(&self, name: &Reference, follow: bool) -> Result<Option<LogReader>, AwsError> {
        let latest = match name {
            Reference::Job(id) => self.latest(id).await?,
            Reference::Build(_) => None,
        };
        let build = match latest {
            Some(build) => Some(build),
            None => self.build(name).await?,
        };
        // A build that was not started for a job is not shown.
        let Some((build, id)) = build.and_then(|build| Some((Arc::clone(&build), build.job.clone()?))) else { return Ok(None) };
        let secrets = self.tracker().secrets(&id).unwrap_or_default();
        let secrets = secrets.into_iter().chain(build.secrets.iter().cloned());
        let config = self.config();
        let patterns = config.log.redact.iter().map(|expression| expression.regex().clone());
        Ok(Some(LogReader {
            console: self.clone(),
            stream: None,
            follow,
            deadline: None,
            rejoin: Rejoin::default(),
            redactor: Redactor::new(secrets).with(patterns),
            build,
            done: false,
        }))
    }

    async fn latest(&self, id: &JobId) -> Result<Option<Arc<Build>>, AwsError> {
        if let Some(build) = self.tracker().build(id) {
            return Ok(Some(build));
        }
        match self.tracker().detail(id, |_| {}) {
            // The job waits for its first build, or ended without one.
            Some(detail) => match detail.builds.into_iter().next_back() {
                Some(last) => self.parts().worker.starter.status(last.id.into()).await,
                None => Ok(None),
            },
            None => Ok(self.builds(id).await?.pop()),
        }
    }
}

impl LogReader {
    /// The next lines, as plain text and without secrets; at most one page of the log. `None`: the log has ended.
    ///
    /// # Errors
    /// CloudWatch or CodeBuild does not answer, or refuses.
    pub async fn next(&mut self) -> Result<Option<Vec<String>>, AwsError> {
        while !self.done {
            let (ended, closing) = (self.build.has_ended(), Closing::of(&self.build));
            let deadline = if ended { self.deadline() } else { Instant::now() };
            let read = match self.stream() {
                None => None,
                Some(stream) if ended => stream.rest(&closing, deadline).await?,
                Some(stream) => Some(stream.next().await?),
            };
            match read {
                Some(read) if !read.events.is_empty() => return Ok(Some(self.lines(&read.events))),
                Some(read) if !read.at_end => {}
                Some(_) if ended => {}
                _ if self.follow && !ended => {
                    sleep(PAUSE).await;
                    self.look().await?;
                }
                _ => self.done = true,
            }
        }
        let mut lines = Vec::new();
        let Self { rejoin, redactor, .. } = self;
        rejoin.finish(|line| lines.push(redactor.line(line).into_owned()));
        Ok(Some(lines).filter(|lines| !lines.is_empty()))
    }
}

impl LogReader {
    /// Where the log is read. `None`: the build has none yet.
    fn stream(&mut self) -> Option<&mut Stream> {
        if self.stream.is_none() {
            // Reads for events come first.
            let rank = Rank { since: Timestamp::MAX, matter: 0 };
            let logs: Logs = self.console.parts().logs.clone().ranked(Lane::Short, rank);
            self.stream = self.build.log.clone().map(|location| Stream::new(logs, location));
        }
        self.stream.as_mut()
    }

    fn deadline(&mut self) -> Instant {
        let settle = self.console.config().log.settle;
        let since_end = self.build.ended_at().and_then(|end| self.console.parts().worker.clock.now().duration_since(end).try_into().ok());
        *self.deadline.get_or_insert_with(|| Instant::now() + settle.saturating_sub(since_end.unwrap_or_default()))
    }

    fn lines(&mut self, events: &[Event]) -> Vec<String> {
        let mut lines = Vec::with_capacity(events.len());
        let Self { rejoin, redactor, .. } = self;
        for event in events {
            rejoin.push(&event.message, |line| lines.push(redactor.line(line).into_owned()));
        }
        lines
    }

    /// The build as it is now: as its job's task has seen it, else as CodeBuild says.
    async fn look(&mut self) -> Result<(), AwsError> {
        let held = self.build.job.as_ref().and_then(|job| self.console.tracker().build(job)).filter(|build| build.id == self.build.id);
        let now = match held {
            Some(build) => Some(build),
            None => self.console.parts().worker.starter.status(self.build.id.clone()).await?,
        };
        match now {
            Some(build) => self.build = build,
            None => self.done = true,
        }
        Ok(())
    }
}
