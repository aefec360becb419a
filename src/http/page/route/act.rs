//! Forms, and the requests that they send.
#![expect(clippy::result_large_err, reason = "the error is the answer that is sent")]

use axum::{
    Extension,
    extract::{Path, RawForm, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde_json::Value;
use url::form_urlencoded;

use super::reply::{failed, html, refuse, starting, with};
use crate::{
    engine::{Cancelling, SubmitError},
    http::{Pages, access::Right, page::form},
    job::{
        reference::{Reference, segment},
        standing::JobDetail,
    },
};

/// The most fields of a form.
const FIELDS: usize = 1_000;

/// The fields that a form has sent.
pub(super) struct Sent {
    fields: Vec<(String, String)>,
}

impl Sent {
    /// Reads the fields of the page's own form: they must have the token, which a page of another site cannot read. This is the only place
    /// that checks it.
    pub(super) fn read(pages: &Pages, right: Right, form: &[u8]) -> Result<Self, Response> {
        let fields: Vec<_> =
            form_urlencoded::parse(form).take(FIELDS).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let sent = Self { fields };
        if right >= Right::Steer && pages.site.is_token(sent.field("token")) {
            return Ok(sent);
        }
        let why = "This form is not from this daemon, or from before its last start. Go back, load the page again, and send it once more.";
        Err(refuse(pages, right, StatusCode::FORBIDDEN, "Nothing was done", why, "/"))
    }

    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    pub(super) fn fields(&self, name: &str) -> Vec<String> {
        self.fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.clone()).collect()
    }

    pub(super) fn reason(&self) -> Option<String> {
        Some(self.field("reason").trim().to_owned()).filter(|reason| !reason.is_empty())
    }
}

/// A parameter of an address.
pub(super) fn parameter(query: Option<&str>, name: &str) -> String {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(other, _)| other == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// Shows a form to a viewer who may change something.
pub(super) fn only_steering(pages: &Pages, right: Right) -> Option<Response> {
    let why = "This token may read; to change something takes one for steering.";
    (right < Right::Steer).then(|| refuse(pages, right, StatusCode::FORBIDDEN, "You may look, not steer", why, "/"))
}

async fn detail(pages: &Pages, right: Right, id: &str) -> Result<JobDetail, Response> {
    let Some(console) = pages.vitals.console() else { return Err(starting()) };
    let found = match Reference::parse(id) {
        Ok(name) => console.named(&name).await,
        Err(_) => Ok(None),
    };
    match found {
        Ok(Some(detail)) => Ok(detail),
        Ok(None) => Err(refuse(pages, right, StatusCode::NOT_FOUND, "Not found", "Nobody here knows this job.", "/jobs")),
        Err(error) => Err(failed(pages, right, "The job could not be looked up", &error, "/jobs")),
    }
}

pub(super) async fn cancel_form(State(pages): State<Pages>, Extension(right): Extension<Right>, Path(id): Path<String>) -> Response {
    if let Some(refused) = only_steering(&pages, right) {
        return refused;
    }
    match detail(&pages, right, &id).await {
        Ok(detail) => with(&pages, right, |scene| html(StatusCode::OK, &form::cancel(&detail.standing, scene), scene)),
        Err(response) => response,
    }
}

pub(super) async fn cancel(
    State(pages): State<Pages>,
    Extension(right): Extension<Right>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Response {
    let sent = match Sent::read(&pages, right, &body) {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let Some(console) = pages.vitals.console() else { return starting() };
    let found = match Reference::parse(&id) {
        Ok(name) => console.cancellable(&name).await,
        Err(_) => Ok(None),
    };
    let job = match found {
        Ok(Some(job)) => job,
        Ok(None) => return refuse(&pages, right, StatusCode::NOT_FOUND, "Not found", "This is no job's id.", "/jobs"),
        Err(error) => return failed(&pages, right, "It could not be cancelled", &error, "/jobs"),
    };
    let back = format!("/jobs/{}", segment(job.as_str()));
    match console.cancel(&job, sent.reason(), "cancelled on the status page").await {
        Ok(Cancelling::Here | Cancelling::Asked) => Redirect::to(&back).into_response(),
        Ok(Cancelling::Ended(status)) => {
            let why = format!("It has ended already: {}.", status.as_str().replace('_', " "));
            refuse(&pages, right, StatusCode::CONFLICT, "Nothing to cancel", &why, &back)
        }
        Err(error) => failed(&pages, right, "It could not be cancelled", &error, &back),
    }
}

/// The message of an earlier job as a draft, without its id: the same id would be the same job.
pub(super) async fn submit_form(State(pages): State<Pages>, Extension(right): Extension<Right>, RawQuery(query): RawQuery) -> Response {
    if let Some(refused) = only_steering(&pages, right) {
        return refused;
    }
    let from = parameter(query.as_deref(), "from");
    let (body, without_values) = if from.is_empty() {
        ("{ \"version\": 1, \"source\": { \"url\": \"https://\" } }".to_owned(), false)
    } else {
        match detail(&pages, right, &from).await {
            Ok(detail) => again(detail.message),
            Err(response) => return response,
        }
    };
    with(&pages, right, |scene| html(StatusCode::OK, &form::submit(&body, without_values, &[], scene), scene))
}

/// A message to send again, and whether values of its variables are missing.
fn again(mut message: Value) -> (String, bool) {
    let mut without_values = false;
    if let Value::Object(fields) = &mut message {
        fields.remove("id");
        for variable in fields.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
            without_values |= variable.insert("value".to_owned(), "".into()).is_none();
        }
    }
    (serde_json::to_string_pretty(&message).unwrap_or_default(), without_values)
}

pub(super) async fn submit(State(pages): State<Pages>, Extension(right): Extension<Right>, RawForm(form): RawForm) -> Response {
    let sent = match Sent::read(&pages, right, &form) {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let Some(console) = pages.vitals.console() else { return starting() };
    let body = sent.field("body");
    match console.submit(body, None).await {
        Ok(submitted) => Redirect::to(&format!("/jobs/{}?sent", segment(&submitted.id))).into_response(),
        Err(SubmitError::Rejected(problems) | SubmitError::Full(problems)) => {
            with(&pages, right, |scene| html(StatusCode::UNPROCESSABLE_ENTITY, &form::submit(body, false, &problems, scene), scene))
        }
        Err(SubmitError::NotSent(error)) => failed(&pages, right, "It was not sent", &error, "/jobs/new"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_is_sent_again_as_another_job() {
        let (body, without_values) = again(json!({ "version": 1, "id": "app-1", "env": [{ "name": "MODE", "type": "PLAINTEXT" }] }));
        assert!(without_values && !body.contains("app-1") && body.contains("\"value\": \"\""), "{body}");
        assert!(!again(json!({ "version": 1, "env": [] })).1);
    }
}
