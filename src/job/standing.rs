//! Where jobs and limits stand: what the API, the status page and the commands show. Shapes only; the engine fills them in.

mod dead_letter;
mod held;
mod job;
mod limit;
mod message;
mod notice;
mod pause;
mod reason;
mod record;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{
    dead_letter::{DeadLetter, DeadLetterKind},
    held::Held,
    job::{HistoryEntry, JobDetail, JobStanding, State, Wait},
    limit::{LimitStanding, Limits},
    notice::{Notice, Severity},
    pause::{Pause, PauseScope},
    reason::{Cause, Reason},
};

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// When it was taken: RFC 3339 in UTC with milliseconds.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// When this daemon started: RFC 3339 in UTC.
    #[schemars(extend("format" = "date-time"))]
    pub started_at: String,
    /// Every job that is held or remembered: those that wait in the order of their turn, then those that run, the oldest first, then those
    /// that have ended, the newest first.
    pub jobs: Vec<Arc<JobStanding>>,
    /// All limits and pauses.
    pub limits: Limits,
    /// What somebody should know of, the worst first.
    pub notices: Vec<Notice>,
}
