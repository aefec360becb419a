//! `GET limits`.

use axum::{Json, extract::State, http::Uri};

use super::{console, no_parameters};
use crate::{
    http::{Pages, problem::Problem},
    job::standing::Limits,
};

pub(super) async fn limits(State(pages): State<Pages>, uri: Uri) -> Result<Json<Limits>, Problem> {
    no_parameters(&uri)?;
    Ok(Json(console(&pages)?.limits()))
}
