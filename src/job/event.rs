//! The events that subscribers get: CloudEvents 1.0 in structured JSON.

pub mod image;
pub mod log;
pub mod made;
pub mod publication;
pub mod run;
pub mod summary;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use image::ImageResult;
pub use log::Log;
pub use made::Artifacts;
pub use publication::Publication;
pub use run::{Run, RunPhase, Timings};
pub use summary::{JobSummary, SourceSummary};

use super::{
    Job, JobId,
    build::Build,
    message::Rejection,
    outcome::{Failure, Outcome, Status},
    problem::Problem,
};

/// The message that a job came with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// SQS's id of the message.
    pub message_id: Arc<str>,
    /// The queue's name.
    pub queue: Arc<str>,
    /// When the sender enqueued it.
    pub enqueued_at: Option<Timestamp>,
    /// Whether this was the last receive: SQS would move the message to the dead-letter queue instead of delivering it again.
    pub last_receive: bool,
    /// The sender's trace, as a W3C `traceparent`.
    pub traceparent: Option<String>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The version of CloudEvents: `1.0`.
    pub specversion: String,
    /// The same for every copy of an event: `JOB/finished`, `JOB/rejected`, `JOB/queued`, `JOB/ATTEMPT/started`.
    pub id: String,
    /// `urn:slipway:QUEUE`
    #[schemars(extend("format" = "uri-reference"))]
    pub source: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// The job's id, or the message's id if no job id can be read.
    pub subject: String,
    /// When the event was made: RFC 3339 in UTC with milliseconds.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// The content type of `data`: `application/json`.
    pub datacontenttype: String,
    /// The details.
    pub data: Data,
    /// The sender's trace, a W3C `traceparent`. It is sent as a message attribute.
    #[serde(skip)]
    pub traceparent: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum EventKind {
    /// The job was accepted and waits for its turn.
    #[serde(rename = "slipway.job.queued")]
    Queued,
    /// A build was started.
    #[serde(rename = "slipway.job.started")]
    Started,
    /// The job has ended.
    #[serde(rename = "slipway.job.finished")]
    Finished,
    /// The message is not a valid job.
    #[serde(rename = "slipway.job.rejected")]
    Rejected,
}

impl EventKind {
    /// The type as events have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "slipway.job.queued",
            Self::Started => "slipway.job.started",
            Self::Finished => "slipway.job.finished",
            Self::Rejected => "slipway.job.rejected",
        }
    }

    /// The last part of the type.
    fn word(self) -> &'static str {
        self.as_str().rsplit('.').next().unwrap_or_default()
    }
}

/// An event's details.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Data {
    /// The version of this shape: 1.
    pub version: u32,
    /// How the job ended; only in `finished`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Status")]
    pub status: Option<Status>,
    /// The job.
    pub job: JobSummary,
    /// The number of the attempt, from 1; absent if no build was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pub attempt: Option<u32>,
    /// The build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Run")]
    pub build: Option<Run>,
    /// The images that were pushed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageResult>,
    /// The variables that the build exported, without Slipway's own and without those whose names are those of secrets: at most 50
    /// variables and 32 KiB.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// The files that the build uploaded, if its project keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Artifacts")]
    pub artifacts: Option<Artifacts>,
    /// Why the job was cancelled or superseded: the text of whoever cancelled it, or else the way by which it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reason: Option<String>,
    /// If the job was superseded: the id of the newer job of its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub superseded_by: Option<String>,
    /// Why the job did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Failure")]
    pub failure: Option<Failure>,
    /// The part of the build's log that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Log")]
    pub log: Option<Log>,
    /// How long each part of the job's way took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Timings")]
    pub timings: Option<Timings>,
    /// Everything that is wrong with a rejected message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// The contents of a finished job's event.
#[derive(Debug)]
pub struct Finished<'a> {
    pub job: &'a Job,
    pub origin: &'a Origin,
    /// The number of the last attempt, from 1; 0 if no build was started.
    pub attempt: u32,
    pub build: Option<&'a Build>,
    pub outcome: &'a Outcome,
    pub log: Option<Log>,
    pub images: Vec<ImageResult>,
    /// The exported variables, already without secrets.
    pub outputs: BTreeMap<String, String>,
    /// The reason of a cancellation that came through Slipway, already without secrets.
    pub reason: Option<String>,
    pub superseded_by: Option<JobId>,
    pub timings: Timings,
}

/// The event `slipway.job.queued`.
pub fn queued(job: &Job, origin: &Origin, now: Timestamp) -> Event {
    event(EventKind::Queued, format!("{}/queued", job.id), origin, now, JobSummary::of(job, origin, None))
}

/// The event `slipway.job.started`.
pub fn started(job: &Job, origin: &Origin, attempt: u32, build: &Build, now: Timestamp) -> Event {
    let mut event =
        event(EventKind::Started, format!("{}/{attempt}/started", job.id), origin, now, JobSummary::of(job, origin, Some(build)));
    event.data.attempt = Some(attempt);
    event.data.build = Some(Run::of(build));
    // CodeBuild names the commit only once it has fetched it. A revision that is a whole commit names it at once.
    if let Some(source) = &mut event.data.job.source {
        source.commit = source.commit.take().or_else(|| job.source.pinned_commit().map(str::to_owned));
    }
    event
}

/// The reason of a job whose build was stopped by somebody else than the process that followed it.
const STOPPED: &str = "its build was stopped in CodeBuild: by its console or API, or by another process of Slipway";

/// The event `slipway.job.finished`.
pub fn finished(finished: Finished<'_>, now: Timestamp) -> Event {
    let Finished { job, origin, attempt, build, outcome, log, images, outputs, reason, superseded_by, timings } = finished;
    let mut event = event(EventKind::Finished, format!("{}/finished", job.id), origin, now, JobSummary::of(job, origin, build));
    event.data = Data {
        status: Some(outcome.status),
        attempt: Some(attempt).filter(|&attempt| attempt > 0),
        build: build.map(Run::of),
        images,
        outputs,
        artifacts: build.and_then(Artifacts::of),
        reason: reason.or_else(|| (outcome.status == Status::Cancelled).then(|| STOPPED.to_owned())),
        superseded_by: superseded_by.map(|id| id.to_string()),
        failure: outcome.failure.clone(),
        log,
        timings: Some(timings),
        ..event.data
    };
    event
}

/// The event `slipway.job.rejected`.
pub fn rejected(rejection: &Rejection, origin: &Origin, now: Timestamp) -> Event {
    let id = rejection.id.as_ref().map(ToString::to_string);
    let name = id.as_deref().unwrap_or(&origin.message_id);
    let summary =
        JobSummary { tenant: rejection.tenant.clone(), profile: rejection.profile.clone(), ..JobSummary::nothing_but(id.clone(), origin) };
    let mut event = event(EventKind::Rejected, format!("{name}/rejected"), origin, now, summary);
    event.data.problems = rejection.problems.iter().map(Problem::escaped).collect();
    event
}

fn event(kind: EventKind, id: String, origin: &Origin, now: Timestamp, job: JobSummary) -> Event {
    Event {
        specversion: "1.0".into(),
        id,
        source: format!("urn:slipway:{}", origin.queue),
        kind,
        subject: job.id.clone().unwrap_or_else(|| origin.message_id.to_string()),
        time: rfc3339(now),
        datacontenttype: "application/json".into(),
        data: Data {
            version: 1,
            status: None,
            job,
            attempt: None,
            build: None,
            images: Vec::new(),
            outputs: BTreeMap::new(),
            artifacts: None,
            reason: None,
            superseded_by: None,
            failure: None,
            log: None,
            timings: None,
            problems: Vec::new(),
        },
        traceparent: origin.traceparent.clone(),
    }
}

/// The time as RFC 3339 in UTC with milliseconds.
pub fn rfc3339(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests;
