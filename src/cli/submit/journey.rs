//! Follows a job from the queue to its end: by its events and by each of its builds.

use std::{collections::BTreeSet, io, time::Duration};

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::ending::Ending;
use crate::{
    aws::{AwsError, builds::Builds, subscription::Subscription},
    backoff::Backoff,
    cli::{
        Exit,
        logs::{
            find::latest,
            follow::{Follower, patient},
            inquiry::{Inquiry, Known},
            record::Record,
        },
    },
    clock::Clock,
    job::{
        build::Build,
        event::{Event, EventKind},
        outcome::{Outcome, Status, Verdict, judge},
    },
};

/// One receive of events.
const WAIT: Duration = Duration::from_secs(5);
/// The time between two looks for the job's builds while events come: the event of a build's start may be missing.
const SAFETY: Duration = Duration::from_secs(15);
/// The same without events: the first pause and the longest.
const LOOKS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));
/// The longest wait after a build's end: for its event, or without events for the next attempt after a fault of the platform.
const PATIENCE: Duration = Duration::from_mins(5);
/// The most pages of a hundred builds of one look.
const PAGES: usize = 3;

/// A job that was sent.
#[derive(Debug)]
pub(super) struct Journey<'a> {
    /// The job's id.
    pub(super) job: String,
    /// The job's builds are not older than this: within the de-duplication window the same id is the same job.
    pub(super) since: Timestamp,
    pub(super) projects: &'a BTreeSet<String>,
    pub(super) builds: Builds,
    /// The job's events. `None`: the subscription was not possible.
    pub(super) events: Option<&'a Subscription>,
    /// The most attempts of the daemon.
    pub(super) attempts: u32,
    pub(super) follower: &'a mut Follower,
    /// The ids of builds that have been followed.
    pub(super) followed: Vec<String>,
    /// The last build that was followed, and when that ended.
    pub(super) last: Option<(Build, Instant)>,
    /// The job's end, if it is known while a build is still to be shown.
    pub(super) end: Option<Ending>,
    /// The message that was sent for the job. `None`: somebody else has sent it.
    pub(super) message: Option<String>,
    /// The build of an earlier message with the same job id.
    pub(super) earlier: Option<String>,
    /// Set for a job that somebody else has sent: its events may have been published before, so the daemon is asked.
    pub(super) inquiry: Option<Inquiry>,
}

/// What comes next.
enum Next {
    Build(Box<Build>),
    End(Box<Ending>),
}

impl Journey<'_> {
    /// Notes that the job's id is not new: the builds that follow are not for the message that was sent.
    pub(super) fn earlier(&mut self, build: Option<Build>) -> io::Result<()> {
        let Some(build) = build else { return Ok(()) };
        let ago = |end: Timestamp| u64::try_from(Clock::system().now().duration_since(end).as_secs()).unwrap_or_default();
        self.follower.output.tell(&Record::Repeat { job: &self.job, build: &build.id, seconds_ago: build.ended_at().map(ago) })?;
        self.earlier = Some(build.id.to_string());
        Ok(())
    }

    /// Follows the job to its end.
    pub(super) async fn follow(&mut self) -> anyhow::Result<Exit> {
        self.follower.output.flush()?;
        loop {
            match self.next().await? {
                Next::Build(build) => {
                    self.followed.push(build.id.to_string());
                    let build = self.follower.follow(*build, true).await?.build;
                    self.last = Some((build, Instant::now()));
                }
                Next::End(end) => {
                    end.tell(&self.job, self.is_repeat(&end), &mut self.follower.output)?;
                    return Ok(end.exit());
                }
            }
        }
    }

    async fn next(&mut self) -> anyhow::Result<Next> {
        let mut pauses = Backoff::new(LOOKS.0, LOOKS.1);
        // A failure that lasts is reported once.
        let (mut unheard, mut unseen) = (String::new(), String::new());
        let mut next_look = Instant::now() + if self.events.is_some() { SAFETY } else { Duration::ZERO };
        loop {
            if let Some(end) = self.end.take().or_else(|| self.judged()) {
                return Ok(Next::End(Box::new(end)));
            }
            match self.events {
                Some(events) => match patient(&mut self.follower.output, events.receive(WAIT)).await? {
                    Ok(bodies) => {
                        if let Some(build) = self.hear(&bodies).await? {
                            return Ok(Next::Build(Box::new(build)));
                        }
                    }
                    Err(error) => {
                        self.follower.tell_once(&mut unheard, format!("could not hear of the job yet: {error}"))?;
                        sleep(pauses.pause()).await;
                    }
                },
                None => sleep(pauses.pause()).await,
            }
            if Instant::now() >= next_look {
                next_look = Instant::now() + if self.events.is_some() { SAFETY } else { Duration::ZERO };
                if let Some(next) = self.inquire().await? {
                    return Ok(next);
                }
                match self.latest().await {
                    Ok(Some(build)) => return Ok(Next::Build(Box::new(build))),
                    Ok(None) => {}
                    Err(error) => self.follower.tell_once(&mut unseen, format!("could not look for the job's build yet: {error}"))?,
                }
            }
        }
    }

    /// Asks the daemon about a job that has had no build.
    async fn inquire(&mut self) -> anyhow::Result<Option<Next>> {
        let Some(inquiry) = self.inquiry.as_mut().filter(|_| self.followed.is_empty()) else { return Ok(None) };
        let known = inquiry.ask().await;
        if let Some(news) = inquiry.heard(&known)? {
            self.follower.output.note(&news)?;
        }
        Ok(match known {
            Known::Built(id) => Some(Next::Build(Box::new(self.follower.look(&id).await?))),
            known => Ending::known(known).map(|end| Next::End(Box::new(end))),
        })
    }

    /// Takes events, in any order and with repeats. The answer is a build that was not followed yet.
    async fn hear(&mut self, bodies: &[String]) -> anyhow::Result<Option<Build>> {
        let mut heard = None;
        for event in bodies.iter().filter_map(|body| serde_json::from_str::<Event>(body).ok()).filter(|event| event.subject == self.job) {
            let build = event.data.build.as_ref().map(|build| build.id.clone());
            if matches!(event.kind, EventKind::Finished | EventKind::Rejected) {
                self.end.get_or_insert_with(|| Ending::of(event));
            }
            // Attempts do not overlap: an earlier one without an event has ended.
            heard = build.filter(|id| !self.followed.contains(id)).or(heard);
        }
        match heard {
            Some(id) => Ok(Some(self.follower.look(&id).await?)),
            None => Ok(None),
        }
    }

    /// Whether an end belongs to an earlier message with the same job id.
    fn is_repeat(&self, end: &Ending) -> bool {
        let is_others = self.message.as_ref().zip(end.message.as_ref()).is_some_and(|(sent, ended)| sent != ended);
        is_others || (end.build.is_some() && end.build == self.earlier)
    }

    /// The job's latest build, unless it was followed.
    pub(super) async fn latest(&self) -> Result<Option<Build>, AwsError> {
        let mut found = None::<Build>;
        for project in self.projects {
            let build = latest(&self.builds, project, &self.job, self.since, PAGES).await?;
            found = found.into_iter().chain(build).max_by_key(Build::started_at);
        }
        Ok(found.filter(|build| !self.followed.iter().any(|id| **id == *build.id)))
    }

    /// The job's end by its last build, if no event has come (in time).
    fn judged(&self) -> Option<Ending> {
        let (build, since) = self.last.as_ref()?;
        let waited = since.elapsed() >= PATIENCE;
        let outcome = match judge(build) {
            Verdict::Ended(outcome) if self.events.is_none() || waited => outcome,
            Verdict::PlatformFault(failure) if self.events.is_none() && (waited || build.attempt.unwrap_or(1) >= self.attempts) => {
                Outcome { status: Status::Errored, failure: Some(failure) }
            }
            _ => return None,
        };
        Some(Ending::of_build(build, outcome))
    }
}
