//! Reports: reads the excerpt of the log, makes the event, and publishes it until the topic has accepted it.

mod complaint;

use std::{sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};

use self::complaint::Complaints;
use super::{
    deduplication::Cancelled,
    notices::Notices,
    transcript::{End, Piece, Transcripts, Wanted},
};
use crate::{
    aws::{
        AwsError, Class,
        batch::{Batch, Batcher},
        logs::Logs,
        topic::{Publishes, Room},
    },
    backoff::Backoff,
    clock::Clock,
    config::Current,
    job::{
        Job,
        build::{Build, LogLocation},
        cause::Search,
        event::{self, Data, Event, Finished, Log, Origin, Publication, Timings, image::image_results, made},
        excerpt::{Budget, Excerpter},
        fault::{self, Fault},
        message::Rejection,
        outcome::{Outcome, Status},
        redact::Redactor,
    },
    observe,
};

/// How long an event is tried that the job does not depend on.
const TRY: Duration = Duration::from_secs(5);
/// The excerpt of a log that could not be read.
const NO_LOG: &str = "… the build has no log …";

/// Reports on jobs. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Reporter {
    transcripts: Arc<Transcripts>,
    publishes: Batcher<Publishes>,
    room: Room,
    complaints: Complaints,
    current: Current,
    clock: Clock,
}

/// A job that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) build: Option<Arc<Build>>,
    /// From 1; 0 if no build was started.
    pub(crate) attempt: u32,
    pub(crate) outcome: Outcome,
    /// Set if the job was cancelled or superseded.
    pub(crate) cancelled: Option<Cancelled>,
    pub(crate) timings: Timings,
}

impl Reporter {
    /// `logs`: with the bound on reads in a second.
    pub(crate) fn new(logs: Logs, publishes: Batcher<Publishes>, room: Room, notices: Notices, current: Current, clock: Clock) -> Self {
        let config = current.now();
        let transcripts = Arc::new(Transcripts::new(logs, config.log.settle));
        let complaints = Complaints::new(notices, clock, &config.topic.arn);
        Self { transcripts, publishes, room, complaints, current, clock }
    }

    /// Publishes `queued`: the job waits for its turn. This event is best effort.
    pub(crate) async fn queued(&self, job: &Job, origin: &Origin) {
        if self.current.now().topic.queued {
            self.try_once(&event::queued(job, origin, self.clock.now())).await;
        }
    }

    /// Publishes `started`: a build of the job runs. This event is best effort.
    pub(crate) async fn started(&self, job: &Job, origin: &Origin, attempt: u32, build: &Build) {
        if self.current.now().topic.started {
            self.try_once(&event::started(job, origin, attempt, build, self.clock.now())).await;
        }
    }

    /// Publishes the job's terminal event, and returns when the topic has accepted it. `show` gets the event before it is published.
    pub(crate) async fn finished(&self, job: &Job, origin: &Origin, mut ended: Ended, show: impl FnOnce(&Data)) -> Arc<Publication> {
        let mut redactor =
            Redactor::new(job.secrets()).with(self.current.now().log.redact.iter().map(|expression| expression.regex().clone()));
        let mut search = Search::new(&ended.outcome);
        let mut fault = Fault::new(&ended.outcome, ended.build.as_deref());
        let log = match &ended.build {
            Some(build) => {
                Some(self.excerpt(build, ended.outcome.status != Status::Succeeded, &mut redactor, &mut search, &mut fault).await)
            }
            None => None,
        };
        let (log, decisive) = log.unzip();
        // A line of the central buildspec itself is no reason: `fault` puts it before the log's own reason.
        let highlights = log.iter().flat_map(|log: &Log| &log.highlights).map(|highlight| highlight.text.as_str());
        let decisive = decisive.flatten();
        let decisive = decisive.as_deref().into_iter().chain(highlights).find(|line| !fault::is_own(line));
        search.explain(&mut ended.outcome, decisive);
        fault.explain(&mut ended.outcome);
        ended.outcome.redact(&mut redactor);
        let outputs = ended.build.as_deref().map(|build| made::outputs(job, build, &mut redactor)).unwrap_or_default();
        let reason = ended.cancelled.as_ref().map(|why| redactor.text(&why.reason)).filter(|reason| !reason.is_empty());
        let images = ended.build.as_deref().map(image_results).unwrap_or_default();
        if images.malformed {
            observe::result_malformed(&job.id);
        }
        let finished = Finished {
            job,
            origin,
            attempt: ended.attempt,
            build: ended.build.as_deref(),
            outcome: &ended.outcome,
            log: log.map(|log| log.redacted(&redactor)),
            images: images.images,
            outputs,
            reason,
            superseded_by: ended.cancelled.and_then(|why| why.by),
            timings: ended.timings,
        };
        let event = event::finished(finished, self.clock.now());
        show(&event.data);
        if self.current.now().topic.finished {
            self.publish(|bytes| publication(&event, bytes)).await
        } else {
            publication(&event, self.room.bytes())
        }
    }

    /// Publishes the event of a rejected message, and returns when the topic has accepted it.
    pub(crate) async fn rejected(&self, rejection: &Rejection, origin: &Origin) {
        if self.current.now().topic.rejected {
            let event = event::rejected(rejection, origin, self.clock.now());
            self.publish(|bytes| publication(&event, bytes)).await;
        }
    }

    /// Publishes a terminal event once more.
    pub(crate) async fn repeat(&self, publication: &Arc<Publication>) {
        if self.current.now().topic.finished {
            self.publish(|_| Arc::clone(publication)).await;
        }
    }

    async fn try_once(&self, event: &Event) {
        let publication = publication(event, self.room.bytes());
        let late = |_| Err(AwsError::local(Class::Unreachable, Publishes::NAME, format!("no answer within {} s", TRY.as_secs())));
        match timeout(TRY, self.publishes.call(Arc::clone(&publication))).await.unwrap_or_else(late) {
            Ok(()) => self.complaints.accepted(),
            Err(error) => self.complaints.failed(&publication.id, &error),
        }
    }

    /// Publishes until the topic accepts the event. The job's message is held meanwhile, so nothing is lost.
    /// `publication`: makes the SNS message in at most so many bytes.
    async fn publish(&self, publication: impl Fn(usize) -> Arc<Publication>) -> Arc<Publication> {
        let (mut backoff, mut untold) = (Backoff::patient(), None);
        loop {
            let room = self.room.bytes();
            let publication = publication(room);
            let Err(error) = self.publishes.call(Arc::clone(&publication)).await else {
                drop(untold);
                self.complaints.accepted();
                return publication;
            };
            if error.is_too_long() && room > Room::EVERY_TOPIC {
                if self.room.shrink() {
                    observe::topic_smaller(Room::EVERY_TOPIC, &error);
                }
                continue;
            }
            if error.class.is_refusal() {
                untold.get_or_insert_with(|| self.complaints.untold());
            }
            self.complaints.failed(&publication.id, &error);
            sleep(backoff.pause()).await;
        }
    }

    /// The excerpt of the log, and its decisive line.
    async fn excerpt(
        &self,
        build: &Build,
        failed: bool,
        redactor: &mut Redactor,
        search: &mut Search,
        fault: &mut Fault,
    ) -> (Log, Option<String>) {
        let Some(location) = &build.log else { return (no_log(None), None) };
        let config = self.current.now();
        let budget = Budget { lines: config.log.lines, bytes: config.log.bytes };
        let wanted = if failed { Wanted::Failure } else { Wanted::Close { lines: budget.lines } };
        let mut excerpter = Excerpter::new(budget, failed);
        let take = |piece: Piece<'_>| match piece {
            Piece::Line(line) => {
                let line = redactor.line(line);
                if failed {
                    search.push(&line);
                    fault.push(&line);
                }
                excerpter.push(&line);
            }
            Piece::Gap => excerpter.gap(),
        };
        let complete = match self.transcripts.read(build, location, wanted, take).await {
            Ok(End::NoStream) => return (no_log(Some(location)), None),
            Ok(end) => end == End::Seen,
            Err(error) => {
                observe::log_unread(&build.id, &error);
                false
            }
        };
        let excerpt = excerpter.finish();
        let log = Log {
            excerpt: excerpt.text,
            group: location.group.to_string(),
            stream: location.stream.clone(),
            url: location.url.clone(),
            lines: excerpt.lines,
            truncated: excerpt.truncated,
            complete,
            highlights: excerpt.highlights,
            ..Log::default()
        };
        (log, excerpt.decisive)
    }
}

fn publication(event: &Event, max_bytes: usize) -> Arc<Publication> {
    Arc::new(event.publication(max_bytes))
}

/// The log of a build that ended before it had one.
fn no_log(location: Option<&LogLocation>) -> Log {
    let LogLocation { group, stream, url } = location.cloned().unwrap_or_default();
    Log { excerpt: NO_LOG.to_owned(), group: group.to_string(), stream, url, ..Log::default() }
}
