//! Requests about dead letters. Forms carry ids, so that letters that came later are never included.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, RawForm, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html as markup};
use url::form_urlencoded;

use super::{
    act::{Sent, only_steering, parameter},
    reply::{html, refuse, starting, with},
};
use crate::{
    engine::dead_letter::{Admin, Done, Error, Look, Selection},
    http::{
        Pages,
        access::Right,
        page::{
            letters::{self, Wanted, read_kind},
            text::{boxed, counted},
        },
    },
    job::standing::DeadLetter,
};

const VIEW: &str = "/dead-letters";

fn admin(pages: &Pages) -> Option<Admin> {
    pages.vitals.controls().map(|controls| controls.dead_letters)
}

/// The page that says that nothing was done, and why.
fn failed(pages: &Pages, right: Right, error: &Error) -> Response {
    let status = match error {
        Error::Unknown(_) => StatusCode::NOT_FOUND,
        Error::Busy | Error::BrokenOff => StatusCode::SERVICE_UNAVAILABLE,
        Error::Aws(_) => StatusCode::BAD_GATEWAY,
    };
    refuse(pages, right, status, "The dead letters could not be reached", &error.to_string(), VIEW)
}

/// The view. The list is read when it opens; filters use the same list, and `look` reads it again.
pub(super) async fn view(State(pages): State<Pages>, Extension(right): Extension<Right>, RawQuery(query): RawQuery) -> Response {
    let Some(admin) = admin(&pages) else { return starting() };
    let query = query.unwrap_or_default();
    let wanted = Wanted { kind: read_kind(&parameter(Some(&query), "kind")), text: parameter(Some(&query), "q") };
    let look = match admin.last().filter(|_| !wanted.is_all()) {
        Some(look) => Ok(look),
        None => admin.look().await,
    };
    match look {
        Ok(_) if query == "look" => Redirect::to(VIEW).into_response(),
        Ok(look) => with(&pages, right, |scene| html(StatusCode::OK, &letters::view(&look, &wanted, None, scene), scene)),
        Err(error) => failed(&pages, right, &error),
    }
}

/// The letters of the last look with these ids.
fn among<'a>(look: Option<&'a Arc<Look>>, ids: &[String]) -> Vec<&'a DeadLetter> {
    look.map_or(&[][..], |look| look.letters.as_slice()).iter().filter(|letter| ids.contains(&letter.id)).collect()
}

pub(super) async fn delete_form(State(pages): State<Pages>, Extension(right): Extension<Right>, RawQuery(query): RawQuery) -> Response {
    if let Some(refused) = only_steering(&pages, right) {
        return refused;
    }
    let query = query.unwrap_or_default();
    let ids: Vec<_> = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "id").map(|(_, id)| id.into_owned()).collect();
    let look = admin(&pages).and_then(|admin| admin.last());
    let chosen = among(look.as_ref(), &ids);
    with(&pages, right, |scene| html(StatusCode::OK, &letters::confirm_delete(&chosen, scene), scene))
}

pub(super) async fn delete(State(pages): State<Pages>, Extension(right): Extension<Right>, RawForm(form): RawForm) -> Response {
    let sent = match Sent::read(&pages, right, &form) {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let Some(admin) = admin(&pages) else { return starting() };
    let Some(selection) = selection(&sent) else { return nothing(&pages, right) };
    match admin.delete(selection).await {
        Ok(done) => tell(&pages, right, &admin, &done, "deleted").await,
        Err(error) => failed(&pages, right, &error),
    }
}

pub(super) async fn redrive(State(pages): State<Pages>, Extension(right): Extension<Right>, RawForm(form): RawForm) -> Response {
    let sent = match Sent::read(&pages, right, &form) {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let Some(admin) = admin(&pages) else { return starting() };
    let Some(selection) = selection(&sent) else { return nothing(&pages, right) };
    match admin.redrive(selection).await {
        Ok(done) => tell(&pages, right, &admin, &done, "redriven").await,
        Err(error) => failed(&pages, right, &error),
    }
}

/// The selection of a form. `None`: nothing is selected, which must not mean all.
fn selection(sent: &Sent) -> Option<Selection> {
    let one = sent.fields("only");
    let ids = if one.is_empty() { sent.fields("id") } else { one };
    (!ids.is_empty()).then(|| Selection { ids, ..Selection::default() })
}

fn nothing(pages: &Pages, right: Right) -> Response {
    refuse(pages, right, StatusCode::UNPROCESSABLE_ENTITY, "Nothing is selected", "Select the messages first.", VIEW)
}

/// The view after an action: a new look, and above it what was done and why the rest was not.
async fn tell(pages: &Pages, right: Right, admin: &Admin, done: &Done, word: &str) -> Response {
    let told: Markup = markup! {
        b { (done.done.len()) " " (word) } "."
        @if !done.missing.is_empty() { " " (counted(done.missing.len(), "message")) " not found any more." }
        @for refused in &done.refused {
            br; "Message " (boxed(&refused.id)) " stays: "
            @for (index, problem) in refused.problems.iter().enumerate() { @if index > 0 { "; " } (boxed(&problem.to_string())) }
        }
    };
    let status = if done.refused.is_empty() && !done.done.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    match admin.look().await {
        Ok(look) => with(pages, right, |scene| html(status, &letters::view(&look, &Wanted::default(), Some(&told), scene), scene)),
        Err(error) => failed(pages, right, &error),
    }
}

pub(super) async fn edit_form(State(pages): State<Pages>, Extension(right): Extension<Right>, Path(id): Path<String>) -> Response {
    if let Some(refused) = only_steering(&pages, right) {
        return refused;
    }
    let look = admin(&pages).and_then(|admin| admin.last());
    match among(look.as_ref(), &[id]).first() {
        Some(letter) => {
            with(&pages, right, |scene| html(StatusCode::OK, &letters::edit(letter, &letter.body, &letter.problems, scene), scene))
        }
        None => refuse(&pages, right, StatusCode::NOT_FOUND, "Not found", "The last look did not find this message.", VIEW),
    }
}

pub(super) async fn edit(
    State(pages): State<Pages>,
    Extension(right): Extension<Right>,
    Path(id): Path<String>,
    RawForm(form): RawForm,
) -> Response {
    let sent = match Sent::read(&pages, right, &form) {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let Some(admin) = admin(&pages) else { return starting() };
    let body = sent.field("body").replace("\r\n", "\n");
    let look = admin.last();
    match admin.redrive_edited(&id, body.clone()).await {
        Ok(done) => match (done.refused.first(), among(look.as_ref(), &[id]).first()) {
            (Some(refused), Some(letter)) => with(&pages, right, |scene| {
                html(StatusCode::UNPROCESSABLE_ENTITY, &letters::edit(letter, &body, &refused.problems, scene), scene)
            }),
            _ => tell(&pages, right, &admin, &done, "sent").await,
        },
        Err(error) => failed(&pages, right, &error),
    }
}
