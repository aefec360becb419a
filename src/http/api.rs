//! The API under `/api/v1`: the console as JSON.

mod dead_letter;
mod event;
mod job;
mod limit;
mod list;
mod log;
pub mod openapi;
mod pause;
mod reload;
mod submit;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{OriginalUri, Request, State},
    http::Uri,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

pub use self::{
    dead_letter::{DeadLetterList, DeadLetterWish, Redrive},
    job::{Cancel, CancelState, Cancelled},
    limit::LimitsNow,
    list::{Counts, JobList},
    pause::{PauseWish, ResumeWish, Resumed},
    reload::Reloaded,
    submit::Accepted,
};
use super::{Pages, problem::Problem};
use crate::{
    engine::{Console, Controls},
    job::reference::Reference,
};

/// The root of all paths.
pub const ROOT: &str = "/api/v1";
/// The most concurrent streaming answers, such as logs and events: a quarter of the listener's connections.
const STREAMS: usize = 64;
/// The most concurrent requests that change something and may have a body.
const STEERS: usize = 16;
/// How long such a request may take, its body included.
const STEER_TIME: Duration = Duration::from_secs(30);

/// The requests in progress.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    streams: Arc<Semaphore>,
    steers: Arc<Semaphore>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { streams: Arc::new(Semaphore::new(STREAMS)), steers: Arc::new(Semaphore::new(STEERS)) }
    }
}

/// The API's routes, without the layers for access.
pub(super) fn router(pages: &Pages) -> Router<Pages> {
    let routes = Router::new()
        .route("/jobs", get(list::list).post(submit::submit))
        .route("/jobs/{id}", get(job::show))
        .route("/jobs/{id}/log", get(log::log))
        .route("/jobs/{id}/cancel", post(job::cancel))
        .route("/limits", get(limit::limits))
        .route("/pause", post(pause::pause))
        .route("/resume", post(pause::resume))
        .route("/reload", post(reload::reload))
        .route("/dead-letters", get(dead_letter::list))
        .route("/dead-letters/{id}", delete(dead_letter::delete))
        .route("/dead-letters/{id}/redrive", post(dead_letter::redrive))
        .route("/dead-letters/redrive", post(dead_letter::redrive_some))
        .route("/dead-letters/delete", post(dead_letter::delete_some))
        .route("/events", get(event::events))
        .route("/openapi.json", get(openapi::document))
        .fallback(nothing)
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(pages.clone(), bounded));
    Router::new().nest(ROOT, routes)
}

/// Bounds the concurrent requests that change something, and their time. Reads pass.
async fn bounded(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let Ok(_permit) = pages.bounds.steers.try_acquire() else {
        return Problem::busy(format!("{STEERS} requests that change something are under way")).into_response();
    };
    let late = |_| {
        let detail = format!("the request took longer than {} s", STEER_TIME.as_secs());
        Problem::new(axum::http::StatusCode::REQUEST_TIMEOUT, "too-slow", detail).into_response()
    };
    timeout(STEER_TIME, next.run(request)).await.unwrap_or_else(late)
}

/// A permit for a streaming answer.
fn stream_place(pages: &Pages) -> Result<OwnedSemaphorePermit, Problem> {
    let place = Arc::clone(&pages.bounds.streams).try_acquire_owned();
    place.map_err(|_| Problem::busy(format!("{STREAMS} logs and event streams are read already")))
}

fn console(pages: &Pages) -> Result<Console, Problem> {
    pages.vitals.console().ok_or_else(|| Problem::busy("the daemon is starting"))
}

fn controls(pages: &Pages) -> Result<Controls, Problem> {
    pages.vitals.controls().ok_or_else(|| Problem::busy("the daemon is starting"))
}

/// A job by its id or by a build of it.
fn job_name(text: &str) -> Result<Reference, Problem> {
    Reference::parse(text).map_err(|rule| Problem::bad_request("wrong-job-id", format!("a job's id {rule}")))
}

/// Refuses parameters on a path that takes none.
fn no_parameters(uri: &Uri) -> Result<(), Problem> {
    parameters(uri, &[]).map(drop)
}

/// The values of a query that has only these names, each at most once.
fn parameters(uri: &Uri, known: &[&str]) -> Result<Vec<(String, String)>, Problem> {
    let pairs: Vec<_> = super::filter::pairs(uri.query().unwrap_or_default()).collect();
    for (at, (name, _)) in pairs.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            return Err(if known.is_empty() {
                Problem::bad_request("unknown-parameter", "there are no parameters here")
            } else {
                super::filter::unknown(name, known.iter().copied())
            });
        }
        if pairs[..at].iter().any(|(other, _)| other == name) {
            return Err(super::filter::wrong(name, "must be given once"));
        }
    }
    Ok(pairs)
}

async fn nothing(OriginalUri(uri): OriginalUri) -> Problem {
    Problem::not_found(format!("there is nothing at {}: {ROOT}/openapi.json lists what there is", uri.path()))
}

async fn other_method() -> Problem {
    let detail = "this address takes other methods: see the header Allow";
    Problem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}
