//! What subscribers are told: CloudEvents 1.0 in structured JSON.

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

/// Where a job came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// SQS's id of the message.
    pub message_id: Arc<str>,
    /// The queue's name.
    pub queue: Arc<str>,
    /// When the sender enqueued it.
    pub enqueued_at: Option<Timestamp>,
    /// SQS would move the message to the dead-letter queue instead of delivering it again.
    pub last_receive: bool,
    /// The sender's trace, as W3C writes it.
    pub traceparent: Option<String>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The version of CloudEvents: `1.0`.
    pub specversion: String,
    /// Always the same for the same event: `JOB/finished`, `JOB/rejected`, `JOB/queued`, `JOB/ATTEMPT/started`.
    pub id: String,
    /// `urn:slipway:QUEUE`
    #[schemars(extend("format" = "uri-reference"))]
    pub source: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// The job's id, or the message's where no job id can be read.
    pub subject: String,
    /// When it happened: RFC 3339 in UTC with milliseconds.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// Of `data`: `application/json`.
    pub datacontenttype: String,
    /// The details.
    pub data: Data,
    /// The sender's trace; it travels as a message attribute.
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
    /// The job has ended, for good.
    #[serde(rename = "slipway.job.finished")]
    Finished,
    /// The message is not a valid job.
    #[serde(rename = "slipway.job.rejected")]
    Rejected,
}

impl EventKind {
    /// As it is written in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "slipway.job.queued",
            Self::Started => "slipway.job.started",
            Self::Finished => "slipway.job.finished",
            Self::Rejected => "slipway.job.rejected",
        }
    }

    /// What happened, in a word.
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
    /// Which job.
    pub job: JobSummary,
    /// Which attempt at the job, from 1; absent if no build was started.
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
    /// The variables that the build exported, but for Slipway's own and those whose names speak of secrets: at most 50, and 32 KiB in all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// What the build left behind, where its project keeps that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Artifacts")]
    pub artifacts: Option<Artifacts>,
    /// Why the job was cancelled or superseded: the words of whoever cancelled it, or else by which way it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reason: Option<String>,
    /// The id of the newer job of the group, of a job that was superseded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub superseded_by: Option<String>,
    /// Why the job did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Failure")]
    pub failure: Option<Failure>,
    /// What the build's log says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Log")]
    pub log: Option<Log>,
    /// Where the time went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Timings")]
    pub timings: Option<Timings>,
    /// What is wrong with a rejected message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// What a finished job's event is made of.
#[derive(Debug)]
pub struct Finished<'a> {
    pub job: &'a Job,
    pub origin: &'a Origin,
    /// From 1; 0 if no build was started.
    pub attempt: u32,
    pub build: Option<&'a Build>,
    pub outcome: &'a Outcome,
    pub log: Option<Log>,
    pub images: Vec<ImageResult>,
    /// Without secrets.
    pub outputs: BTreeMap<String, String>,
    /// Of a cancellation that came by Slipway, without secrets.
    pub reason: Option<String>,
    pub superseded_by: Option<JobId>,
    pub timings: Timings,
}

/// `slipway.job.queued`
pub fn queued(job: &Job, origin: &Origin, now: Timestamp) -> Event {
    event(EventKind::Queued, format!("{}/queued", job.id), origin, now, JobSummary::of(job, origin, None))
}

/// `slipway.job.started`
pub fn started(job: &Job, origin: &Origin, attempt: u32, build: &Build, now: Timestamp) -> Event {
    let mut event =
        event(EventKind::Started, format!("{}/{attempt}/started", job.id), origin, now, JobSummary::of(job, origin, Some(build)));
    event.data.attempt = Some(attempt);
    event.data.build = Some(Run::of(build));
    // CodeBuild names the commit when it has fetched it; a whole number of a commit is no news.
    if let Some(source) = &mut event.data.job.source {
        source.commit = source.commit.take().or_else(|| job.source.pinned_commit().map(str::to_owned));
    }
    event
}

/// The reason of a job whose build was stopped, and not by the process that followed it.
const STOPPED: &str = "its build was stopped in CodeBuild: by its console or API, or by another process of Slipway";

/// `slipway.job.finished`
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

/// `slipway.job.rejected`
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

/// RFC 3339 in UTC with milliseconds.
pub fn rfc3339(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests;
