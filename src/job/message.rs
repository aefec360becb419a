//! Reads a message from the queue. One pass finds everything that is wrong with it.

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
    /// Build this job.
    Job(Box<Job>),
    /// Cancel a job.
    Cancel(Cancel),
}

/// A request to cancel a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// Which job.
    pub id: JobId,
    /// The sender's reason.
    pub reason: Option<String>,
}

/// A message that is not accepted: everything that is wrong with it, and the parts that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The job's id, if it can be read. Always absent for a cancellation: that job is not rejected.
    pub id: Option<JobId>,
    /// The tenant, if the message names a valid one or has a source that implies one.
    pub tenant: Option<Tenant>,
    /// The profile, if the operator has defined it.
    pub profile: Option<String>,
    /// At least one. Bounded in number and size.
    pub problems: Vec<Problem>,
}

/// Reads the body of a message without its envelope (see [`unwrap`]). A job without an id gets `message_id`.
///
/// # Errors
/// The message is not a valid job or cancellation.
pub fn read(body: &str, message_id: &str, profiles: &BTreeMap<String, Profile>) -> Result<Message, Rejection> {
    let problems = Problems::default();
    let (message, request) = parse(body, message_id, Some(profiles), &problems);
    match message {
        Some(message) if problems.is_empty() => Ok(message),
        _ => Err(Rejection { id: request.id, tenant: request.tenant, profile: request.profile, problems: problems.into_list() }),
    }
}

/// Everything that is wrong with a message under any profile: what its sender can check before sending it.
pub fn check(body: &str) -> Vec<Problem> {
    let problems = Problems::default();
    // SQS chooses the message's id later. Any valid id will do here.
    parse(body, "message", None, &problems);
    problems.into_list()
}

/// Without `profiles` the result is only problems, and no job.
fn parse(body: &str, message_id: &str, profiles: Option<&BTreeMap<String, Profile>>, problems: &Problems) -> (Option<Message>, Request) {
    let mut request = Request::default();
    // JSON has no byte-order mark, but some programs write one.
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
