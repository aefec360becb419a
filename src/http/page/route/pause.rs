//! Requests that pause and resume.
#![expect(clippy::result_large_err, reason = "the error is the answer that is sent")]

use axum::{
    Extension,
    extract::{RawForm, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    act::{Sent, only_steering, parameter},
    reply::{html, refuse, starting, with},
};
use crate::{
    engine::pause::{Error, Pauses},
    http::{
        Pages,
        access::Right,
        page::{form, scope::read_scope},
    },
    job::standing::PauseScope,
};

fn pauses(pages: &Pages) -> Option<Pauses> {
    pages.vitals.controls().map(|controls| controls.pauses)
}

pub(super) async fn form(State(pages): State<Pages>, Extension(right): Extension<Right>, RawQuery(query): RawQuery) -> Response {
    if let Some(refused) = only_steering(&pages, right) {
        return refused;
    }
    let wanted = read_scope(&parameter(query.as_deref(), "scope"), &parameter(query.as_deref(), "name"));
    let paused = pauses(&pages).map(|pauses| pauses.now()).unwrap_or_default();
    let pause = wanted.as_ref().and_then(|wanted| paused.iter().find(|pause| pause.scope == *wanted));
    with(&pages, right, |scene| html(StatusCode::OK, &form::pause(wanted.as_ref(), pause, scene), scene))
}

/// The scope of a form, or the answer with its problem.
fn scope(pages: &Pages, right: Right, sent: &Sent) -> Result<PauseScope, Response> {
    read_scope(sent.field("scope"), sent.field("name")).ok_or_else(|| {
        refuse(pages, right, StatusCode::UNPROCESSABLE_ENTITY, "Nothing was paused", "Name the tenant, profile or queue.", "/pause")
    })
}

fn failed(pages: &Pages, right: Right, error: &Error) -> Response {
    let status = match error {
        Error::Unknown(_) | Error::Reason(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Aws(_) => StatusCode::BAD_GATEWAY,
    };
    refuse(pages, right, status, "Nothing was changed", &error.to_string(), "/pause")
}

pub(super) async fn pause(State(pages): State<Pages>, Extension(right): Extension<Right>, RawForm(form): RawForm) -> Response {
    let (sent, scope) = match Sent::read(&pages, right, &form).and_then(|sent| scope(&pages, right, &sent).map(|scope| (sent, scope))) {
        Ok(read) => read,
        Err(response) => return response,
    };
    let Some(pauses) = pauses(&pages) else { return starting() };
    match pauses.pause(scope, sent.reason()).await {
        Ok(_) => Redirect::to("/limits").into_response(),
        Err(error) => failed(&pages, right, &error),
    }
}

pub(super) async fn resume(State(pages): State<Pages>, Extension(right): Extension<Right>, RawForm(form): RawForm) -> Response {
    let scope = match Sent::read(&pages, right, &form).and_then(|sent| scope(&pages, right, &sent)) {
        Ok(scope) => scope,
        Err(response) => return response,
    };
    let Some(pauses) = pauses(&pages) else { return starting() };
    match pauses.resume(&scope).await {
        Ok(_) => Redirect::to("/limits").into_response(),
        Err(error) => failed(&pages, right, &error),
    }
}
