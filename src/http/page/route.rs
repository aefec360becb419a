//! The routes of the status page.

mod act;
mod letters;
mod log;
mod pause;
mod reply;

use axum::{
    Extension, Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use self::reply::{failed, html, missing, show, with};
use super::{asset::Assets, job, jobs, keys, limits, overview, query::Query, row};
use crate::{
    engine::Console,
    http::{Pages, access::Right},
    job::reference::{Reference, segment},
};

/// All routes of the status page.
pub(in crate::http) fn router() -> Router<Pages> {
    Router::new()
        .route("/", get(overview))
        .route("/jobs", get(jobs))
        .route("/jobs/new", get(act::submit_form).post(act::submit))
        .route("/jobs/{id}", get(job))
        .route("/jobs/{id}/log", get(log::whole))
        .route("/jobs/{id}/cancel", get(act::cancel_form).post(act::cancel))
        .route("/limits", get(limits))
        .route("/pause", get(pause::form).post(pause::pause))
        .route("/resume", post(pause::resume))
        .route("/dead-letters", get(letters::view))
        .route("/dead-letters/redrive", post(letters::redrive))
        .route("/dead-letters/delete", get(letters::delete_form).post(letters::delete))
        .route("/dead-letters/{id}/edit", get(letters::edit_form).post(letters::edit))
        .route("/keys", get(keys))
        .route("/assets/{name}", get(asset))
}

async fn overview(
    State(pages): State<Pages>,
    Extension(right): Extension<Right>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = Query::read(query.as_deref().unwrap_or_default());
    show(&pages, right, &headers, |scene| overview::view(scene, &query))
}

async fn jobs(State(pages): State<Pages>, Extension(right): Extension<Right>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = Query::read(query.as_deref().unwrap_or_default());
    // A query that is exactly a job's id leads to the job.
    if query.pairs.len() == 1 && !query.text().is_empty() {
        let wanted = query.text().trim();
        if let Some(id) = pages.vitals.console().and_then(|console| exactly(&console, wanted)) {
            return Redirect::to(&format!("/jobs/{}", segment(&id))).into_response();
        }
    }
    show(&pages, right, &headers, |scene| jobs::view(&query, scene))
}

/// The one job of this id, or of this build. A build that is not in memory is looked up in CodeBuild by the job's page.
fn exactly(console: &Console, wanted: &str) -> Option<String> {
    if console.snapshot().jobs.iter().any(|job| row::id(job) == wanted) {
        return Some(wanted.to_owned());
    }
    let name = Reference::parse(wanted).ok()?;
    let known = console.known(&name).map(|id| id.to_string());
    known.or_else(|| matches!(name, Reference::Build(_)).then(|| name.to_string()))
}

async fn job(
    State(pages): State<Pages>,
    Extension(right): Extension<Right>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(console) = pages.vitals.console() else { return reply::starting() };
    let name = Reference::parse(&id);
    let found = match &name {
        Ok(name) => console.named(name).await,
        Err(_) => Ok(None),
    };
    let id = name.map_or(id, |name| name.to_string());
    match found {
        Ok(Some(detail)) => show(&pages, right, &headers, |scene| job::view(&detail, scene)),
        Ok(None) if query.as_deref() == Some("sent") => {
            with(&pages, right, |scene| html(StatusCode::OK, &job::unreceived(&id, scene), scene))
        }
        Ok(None) => with(&pages, right, |scene| html(StatusCode::NOT_FOUND, &job::not_found(&id, console.reach(), scene), scene)),
        Err(error) => failed(&pages, right, "The job could not be looked up", &error, "/jobs"),
    }
}

async fn limits(State(pages): State<Pages>, Extension(right): Extension<Right>, headers: HeaderMap) -> Response {
    show(&pages, right, &headers, limits::view)
}

async fn keys(State(pages): State<Pages>, Extension(right): Extension<Right>, headers: HeaderMap) -> Response {
    show(&pages, right, &headers, |_| keys::view())
}

/// Style, script and icons. They are cached for ever, because other content has another address.
async fn asset(Path(name): Path<String>) -> Response {
    match Assets::get().find(&name) {
        Some(asset) => {
            let headers = [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, asset.content.as_str()).into_response()
        }
        None => missing(),
    }
}
