//! `GET dead-letters`, and what may be done with them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{StatusCode, Uri},
};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{console, controls, no_parameters, parameters};
use crate::{
    engine::dead_letter::{Admin, Done, Error, Look, Selection},
    http::{Pages, body, filter::wrong, problem::Problem},
    job::{
        event::rfc3339,
        standing::{DeadLetter, DeadLetterKind},
    },
};

/// A look that is as old is no new one: each counts one receive more for every message.
const FRESH: SignedDuration = SignedDuration::from_secs(10);
/// Letters of one wish at most: as many as a look finds.
const MOST: usize = 1_000;
/// The longest id and text of a wish, in characters.
const LONGEST: usize = 256;

/// What a look at the dead letters has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterList {
    /// When it was made: RFC 3339 in UTC with milliseconds.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// Whether these are all.
    pub complete: bool,
    /// The oldest first.
    pub letters: Vec<DeadLetter>,
}

/// How one dead letter is moved back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redrive {
    /// Another body in the message's place.
    #[serde(default)]
    pub body: Option<String>,
    /// Even where it would be rejected again.
    #[serde(default)]
    pub force: bool,
}

/// Which dead letters are meant. Everything that is said must fit; what is left out says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetterWish {
    /// SQS's ids of the messages; empty: whatever else is said.
    #[serde(default)]
    #[schemars(length(max = 1000), inner(length(max = 256)))]
    pub ids: Vec<String>,
    /// Why they are there.
    #[serde(default)]
    pub kind: Option<DeadLetterKind>,
    /// A part of one of their problems, or of the path of one.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub problem: Option<String>,
    /// The name of the dead-letter queue, or of a jobs queue that it belongs to.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub queue: Option<String>,
    /// All are meant. Must be said where nothing else is: an empty list that a script has made deletes nothing.
    #[serde(default)]
    pub all: bool,
    /// To be moved back even where they would be rejected again.
    #[serde(default)]
    pub force: bool,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Unknown(detail) => Self::not_found(detail),
            Error::Busy | Error::BrokenOff => Self { retry_after: Some(60), ..Self::busy(error.to_string()) },
            Error::Aws(error) => error.into(),
        }
    }
}

impl TryFrom<DeadLetterWish> for Selection {
    type Error = Problem;

    fn try_from(wish: DeadLetterWish) -> Result<Self, Problem> {
        let DeadLetterWish { ids, kind, problem, queue, all, force } = wish;
        if ids.is_empty() && kind.is_none() && problem.is_none() && queue.is_none() && !all {
            let detail = "which dead letters? name their ids, or a kind, a problem or a queue, or say \"all\": true";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-body", detail));
        }
        let is_long = |text: &String| text.chars().nth(LONGEST).is_some();
        if ids.len() > MOST || ids.iter().chain(&problem).chain(&queue).any(is_long) {
            let detail = format!("there may be {MOST} ids at most, and {LONGEST} characters in each text");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-body", detail));
        }
        Ok(Self { ids, kind, problem, queue, all, force })
    }
}

pub(super) async fn list(State(pages): State<Pages>, uri: Uri) -> Result<Json<DeadLetterList>, Problem> {
    let look = match parameters(&uri, &["look"])?.first().map(|(_, value)| value.as_str()) {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(wrong("look", "must be true or false")),
    };
    let admin = controls(&pages)?.dead_letters;
    let now: Option<Timestamp> = console(&pages)?.snapshot().time.parse().ok();
    let is_fresh = |last: &Arc<Look>| now.is_some_and(|now| now.duration_since(last.time) < FRESH);
    let found = match admin.last() {
        Some(last) if !look || is_fresh(&last) => last,
        _ if look => admin.look().await?,
        _ => return Err(Problem::not_found("nobody has looked at the dead letters yet: leave look=false out")),
    };
    Ok(Json(DeadLetterList { time: rfc3339(found.time), complete: found.complete, letters: found.letters.clone() }))
}

pub(super) async fn redrive(State(pages): State<Pages>, Path(id): Path<String>, uri: Uri, request: Request) -> Result<Json<Done>, Problem> {
    no_parameters(&uri)?;
    let Redrive { body, force } = body::optional(request).await?.unwrap_or_default();
    let admin = controls(&pages)?.dead_letters;
    one(match body {
        Some(body) => admin.redrive_edited(&id, body).await?,
        None => admin.redrive(Selection { force, ..Selection::of(&id) }).await?,
    })
}

pub(super) async fn delete(State(pages): State<Pages>, Path(id): Path<String>, uri: Uri) -> Result<Json<Done>, Problem> {
    no_parameters(&uri)?;
    one(controls(&pages)?.dead_letters.delete(Selection::of(&id)).await?)
}

pub(super) async fn redrive_some(State(pages): State<Pages>, uri: Uri, request: Request) -> Result<Json<Done>, Problem> {
    let (admin, selection) = some(&pages, &uri, request).await?;
    Ok(Json(admin.redrive(selection).await?))
}

pub(super) async fn delete_some(State(pages): State<Pages>, uri: Uri, request: Request) -> Result<Json<Done>, Problem> {
    let (admin, selection) = some(&pages, &uri, request).await?;
    Ok(Json(admin.delete(selection).await?))
}

async fn some(pages: &Pages, uri: &Uri, request: Request) -> Result<(Admin, Selection), Problem> {
    no_parameters(uri)?;
    let wish: DeadLetterWish = body::required(request).await?;
    Ok((controls(pages)?.dead_letters, wish.try_into()?))
}

/// One that was meant and is not there, in a queue that was seen as a whole, is a wrong address.
fn one(done: Done) -> Result<Json<Done>, Problem> {
    if done.complete && done.done.is_empty() && done.refused.is_empty() {
        return Err(Problem::not_found("there is no such dead letter: it may have been handled already"));
    }
    if let Some(refused) = done.refused.first() {
        let detail = "the dead letter stays where it is: `problems` says why";
        return Err(Problem::new(StatusCode::CONFLICT, "dead-letter-refused", detail).with(refused.problems.clone()));
    }
    Ok(Json(done))
}
