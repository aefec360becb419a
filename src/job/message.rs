//! A message from the queue: read in one pass that finds every fault.

mod envelope;
mod json;
mod reader;
mod request;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
pub mod wire;

use std::collections::BTreeMap;

use crate::config::Profile;

pub use envelope::{is_own_event, unwrap};
use reader::{Field, Problems};
use request::Request;

use super::{Job, JobId, Tenant, problem::Problem, rule};

/// What a sender asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Build this.
    Job(Box<Job>),
    /// Stop that.
    Cancel(Cancel),
}

/// The wish to stop a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// Which job.
    pub id: JobId,
    /// Why, in the sender's words.
    pub reason: Option<String>,
}

/// A message that is not accepted: everything that is wrong with it, and what of it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The job's id, if one can be read; never for a cancellation, whose job it does not concern.
    pub id: Option<JobId>,
    /// The tenant, if the message names a valid one or its source gives one.
    pub tenant: Option<Tenant>,
    /// The profile, if it is one of the operator's.
    pub profile: Option<String>,
    /// At least one; bounded in number and size.
    pub problems: Vec<Problem>,
}

/// Reads a message's body, without its envelope ([`unwrap`]). `message_id` is the job's id when the sender names none.
pub fn read(body: &str, message_id: &str, profiles: &BTreeMap<String, Profile>) -> Result<Message, Rejection> {
    let problems = Problems::default();
    let (message, request) = parse(body, message_id, Some(profiles), &problems);
    match message {
        Some(message) if problems.is_empty() => Ok(message),
        _ => Err(Rejection { id: request.id, tenant: request.tenant, profile: request.profile, problems: problems.into_list() }),
    }
}

/// What is wrong with a message whatever the operator's profiles allow: what its sender can know before it is sent.
pub fn check(body: &str) -> Vec<Problem> {
    let problems = Problems::default();
    // Any id that SQS may give the message serves.
    parse(body, "message", None, &problems);
    problems.into_list()
}

/// `profiles`: `None` if they are not known, and then no job comes of it, only problems.
fn parse(body: &str, message_id: &str, profiles: Option<&BTreeMap<String, Profile>>, problems: &Problems) -> (Option<Message>, Request) {
    let mut request = Request::default();
    // A byte-order mark says nothing, and JSON has no place for it.
    let body = body.strip_prefix('\u{feff}').unwrap_or(body);
    let message = match json::parse(body, problems) {
        Ok(value) if let Some(mistake) = envelope::of_value(&value) => {
            problems.add(String::new, mistake);
            None
        }
        Ok(value) => {
            let root = Field::root(&value, problems);
            if value.get("cancel").is_some() {
                read_cancel(&root).map(Message::Cancel)
            } else {
                request = request::read(&root, message_id, profiles);
                request.job.take().map(Message::Job)
            }
        }
        Err(error) => {
            let mistake = envelope::of_text(body).map_or_else(|| format!("is not JSON: {error}"), str::to_owned);
            problems.add(String::new, mistake);
            None
        }
    };
    (message, request)
}

fn read_cancel(root: &Field<'_>) -> Option<Cancel> {
    let object = root.object(&["version", "cancel", "reason"])?;
    let version = object.required("version").and_then(|field| field.number(1..=1));
    let id = object.required("cancel").and_then(|field| field.parsed(JobId::parse));
    let reason = object.or("reason", None, |field| field.text(1_000, rule::one_line).map(|text| Some(text.to_owned())));
    version?;
    Some(Cancel { id: id?, reason: reason? })
}
