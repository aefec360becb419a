//! `GET jobs/{id}`, and `POST jobs/{id}/cancel`.

use std::fmt::Display;

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{StatusCode, Uri},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{console, job_name, no_parameters};
use crate::{
    engine::{Cancelling, Console},
    http::{Pages, body, problem::Problem},
    job::{rule, standing::JobDetail},
};

/// The longest reason, in characters: as in a message that cancels.
const LONGEST_REASON: usize = 1_000;

/// Why a job is cancelled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// In words, on one line; they come back in the job's event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000), regex(pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$"))]
    pub reason: Option<String>,
}

/// What became of the wish to cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancelled {
    /// The job's id.
    pub id: String,
    /// Where the wish stands.
    pub state: CancelState,
}

/// Where a wish to cancel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelState {
    /// The job is held here, and is ending.
    Cancelling,
    /// The job is not held here. The wish is on the queue, for whoever has the job, or will receive it.
    Asked,
}

pub(super) async fn show(State(pages): State<Pages>, Path(id): Path<String>, uri: Uri) -> Result<Json<JobDetail>, Problem> {
    no_parameters(&uri)?;
    let (console, name) = (console(&pages)?, job_name(&id)?);
    let detail = console.named(&name).await?;
    detail.map(Json).ok_or_else(|| unknown(&console, &name))
}

pub(super) async fn cancel(
    State(pages): State<Pages>,
    Path(id): Path<String>,
    uri: Uri,
    request: Request,
) -> Result<(StatusCode, Json<Cancelled>), Problem> {
    no_parameters(&uri)?;
    let (console, name) = (console(&pages)?, job_name(&id)?);
    let Cancel { reason } = body::optional(request).await?.unwrap_or_default();
    if let Some(reason) = &reason {
        let wrong = |rule: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-body", format!("the reason {rule}"));
        rule::one_line(reason).map_err(wrong)?;
        if reason.chars().nth(LONGEST_REASON).is_some() {
            return Err(wrong(&format!("must be at most {LONGEST_REASON} characters")));
        }
    }
    let Some(id) = console.cancellable(&name).await? else {
        return Err(Problem::not_found(format!("{name} is no build of a job that is here, nor one that runs")));
    };
    let state = match console.cancel(&id, reason, "cancelled by the daemon's API").await? {
        Cancelling::Here => CancelState::Cancelling,
        Cancelling::Asked => CancelState::Asked,
        Cancelling::Ended(status) => {
            let detail = format!("the job {id} has ended already: {}", status.as_str());
            return Err(Problem::new(StatusCode::CONFLICT, "job-has-ended", detail));
        }
    };
    Ok((StatusCode::ACCEPTED, Json(Cancelled { id: id.to_string(), state })))
}

/// Where was looked, and how far back.
pub(super) fn unknown(console: &Console, id: &impl Display) -> Problem {
    let hours = console.reach().as_secs() / 3_600;
    Problem::not_found(format!(
        "there is no job {id} among those that are held or remembered here, and no build of it among CodeBuild's of the last {hours} h; \
         it may still be on the queue, or was rejected: see the dead letters (slipway dlq ls)"
    ))
}
