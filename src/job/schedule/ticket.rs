//! The properties of a job that decide its place.

use std::sync::Arc;

use crate::job::{JobId, Priority, Tenant};

/// The properties of a job that decide its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub job: JobId,
    /// The name of the queue that it came from.
    pub queue: Arc<str>,
    pub profile: String,
    /// The CodeBuild project that builds it.
    pub project: String,
    pub tenant: Tenant,
    /// The source's host, owner and name.
    pub repository: Arc<str>,
    pub priority: Priority,
    /// The key of its group.
    pub group: Option<String>,
    pub age: Age,
    /// Increases with each job in this process.
    pub arrival: u64,
}

/// When a job's message was sent; between equals by the message's id. A message that is received again keeps its age.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age {
    /// Milliseconds since 1970.
    pub enqueued_ms: i64,
    pub message_id: Arc<str>,
}
