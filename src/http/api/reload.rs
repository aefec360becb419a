//! `POST reload`: reads the configuration again.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, Uri},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::no_parameters;
use crate::http::{Pages, problem::Problem};

/// What a reload has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reloaded {
    /// The keys that have changed, such as `limits.running`; none: the configuration is as it was.
    pub changed: Vec<String>,
}

pub(super) async fn reload(State(pages): State<Pages>, uri: Uri) -> Result<Json<Reloaded>, Problem> {
    no_parameters(&uri)?;
    let Some(reload) = pages.reload else {
        let detail = "this daemon was started without a configuration that can be read again";
        return Err(Problem::new(StatusCode::CONFLICT, "nothing-to-reload", detail));
    };
    // Files are read, which may take its time.
    let reloaded = tokio::task::spawn_blocking(move || reload.reload()).await;
    let reloaded = reloaded.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", error.to_string()))?;
    let refused =
        |error: crate::config::ReloadError| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-configuration", error.to_string());
    Ok(Json(Reloaded { changed: reloaded.map_err(refused)? }))
}
