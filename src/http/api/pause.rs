//! `POST pause`, `POST resume`.

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, Uri},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{controls, no_parameters};
use crate::{
    engine::pause::Error,
    http::{Pages, body, problem::Problem},
    job::standing::{Pause, PauseScope},
};

/// What is to start no more, until it is resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseWish {
    /// What.
    pub scope: PauseScope,
    /// Why, in words on one line.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What may start again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeWish {
    /// What.
    pub scope: PauseScope,
}

/// What became of the wish to resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resumed {
    /// Whether it was paused.
    pub was_paused: bool,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Unknown(detail) => Self::not_found(detail),
            Error::Reason(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-body", error.to_string()),
            Error::Aws(error) => error.into(),
        }
    }
}

pub(super) async fn pause(State(pages): State<Pages>, uri: Uri, request: Request) -> Result<Json<Pause>, Problem> {
    no_parameters(&uri)?;
    let PauseWish { scope, reason } = body::required(request).await?;
    Ok(Json(controls(&pages)?.pauses.pause(scope, reason).await?))
}

pub(super) async fn resume(State(pages): State<Pages>, uri: Uri, request: Request) -> Result<Json<Resumed>, Problem> {
    no_parameters(&uri)?;
    let ResumeWish { scope } = body::required(request).await?;
    let was_paused = controls(&pages)?.pauses.resume(&scope).await?;
    Ok(Json(Resumed { was_paused }))
}
