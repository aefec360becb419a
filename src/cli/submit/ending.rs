//! How a followed job ended: by its event, by its last build, or by the daemon.

use std::io;

use crate::{
    cli::{
        Exit,
        logs::{
            inquiry::Known,
            output::Output,
            record::{End, Record},
        },
    },
    job::{
        build::Build,
        event::{Event, ImageResult, image::image_results},
        excerpt::Highlight,
        outcome::{Failure, Outcome, Status},
        problem::Problem,
        standing::{DeadLetter, JobDetail},
    },
};

/// The end of a job.
#[derive(Debug, Default)]
pub(in crate::cli) struct Ending {
    status: String,
    pub(super) build: Option<String>,
    reason: Option<String>,
    superseded_by: Option<String>,
    failure: Option<Failure>,
    highlights: Vec<Highlight>,
    images: Vec<ImageResult>,
    problems: Vec<Problem>,
    /// The id of the job's message.
    pub(super) message: Option<String>,
    /// A note for the user who looks for the log.
    hint: Option<String>,
}

impl Ending {
    pub(super) fn of(event: Event) -> Self {
        let data = event.data;
        Self {
            status: data.status.map_or("rejected", Status::as_str).to_owned(),
            build: data.build.map(|build| build.id),
            reason: data.reason,
            superseded_by: data.superseded_by,
            failure: data.failure,
            highlights: data.log.map(|log| log.highlights).unwrap_or_default(),
            images: data.images,
            problems: data.problems,
            message: Some(data.job.message_id.to_string()),
            hint: None,
        }
    }

    /// The end by the job's last build.
    pub(super) fn of_build(build: &Build, outcome: Outcome) -> Self {
        Self {
            status: outcome.status.as_str().to_owned(),
            build: Some(build.id.to_string()),
            failure: outcome.failure,
            images: image_results(build).images,
            ..Self::default()
        }
    }

    /// The end by the daemon. `None`: the job has not ended, or it has a build, which says more.
    pub(in crate::cli) fn known(known: Known) -> Option<Self> {
        match known {
            Known::Ended(detail) => Some(Self::of_detail(*detail)),
            Known::Rejected(letter) => Some(Self::of_letter(*letter)),
            Known::Built(_) | Known::Waits(_) | Known::Unknown(_) => None,
        }
    }

    fn of_detail(detail: JobDetail) -> Self {
        let job = detail.standing;
        Self {
            status: job.status.map_or("ended", Status::as_str).to_owned(),
            reason: job.cancel_reason.as_deref().map(str::to_owned),
            superseded_by: job.superseded_by.as_deref().map(str::to_owned),
            failure: detail.failure,
            message: Some(job.job.message_id.to_string()),
            hint: Some("it ended before it had a build, so there is no log".to_owned()),
            ..Self::default()
        }
    }

    fn of_letter(letter: DeadLetter) -> Self {
        let hint = format!("its message is among the dead letters: slipway dlq show {}", letter.id);
        Self { status: "rejected".to_owned(), problems: letter.problems, hint: Some(hint), ..Self::default() }
    }

    pub(in crate::cli) fn tell(&self, job: &str, repeat: bool, output: &mut Output) -> io::Result<()> {
        output.tell(&Record::End(End {
            job: Some(job),
            build: self.build.as_deref(),
            status: self.status.clone(),
            complete: None,
            reason: self.reason.as_deref(),
            superseded_by: self.superseded_by.as_deref(),
            failure: self.failure.as_ref(),
            highlights: &self.highlights,
            images: &self.images,
            problems: &self.problems,
            repeat,
        }))?;
        if let Some(hint) = &self.hint {
            output.note(&format!("  {hint}"))?;
        }
        output.flush()
    }

    pub(in crate::cli) fn exit(&self) -> Exit {
        match self.status.as_str() {
            "succeeded" => Exit::Done,
            "rejected" => Exit::Rejected,
            _ => Exit::Failed,
        }
    }
}
