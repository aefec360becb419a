//! `GET limits`.

use axum::{Json, extract::State, http::Uri};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{console, no_parameters};
use crate::{
    http::{Pages, problem::Problem},
    job::standing::{Limits, Notice},
};

/// All limits, and what somebody should know of the daemon as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Limits")]
pub struct LimitsNow {
    /// The limits.
    #[serde(flatten)]
    pub limits: Limits,
    /// What needs a person, what is paused, and what CodeBuild does not take: the worst first.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

pub(super) async fn limits(State(pages): State<Pages>, uri: Uri) -> Result<Json<LimitsNow>, Problem> {
    no_parameters(&uri)?;
    let snapshot = console(&pages)?.snapshot();
    Ok(Json(LimitsNow { limits: snapshot.limits.clone(), notices: snapshot.notices.clone() }))
}
