//! A message from the queue: read in one pass that finds every fault.

use std::collections::BTreeMap;

use crate::config::Profile;

use super::{Job, JobId, Tenant, problem::Problem};

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

/// Reads a message's body. `message_id` is the job's id when the sender names none.
pub fn read(body: &str, message_id: &str, profiles: &BTreeMap<String, Profile>) -> Result<Message, Rejection> {
    todo!("{body} {message_id} {profiles:?}")
}
