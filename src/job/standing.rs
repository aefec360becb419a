//! The state of jobs and limits, as the API, the status page and the commands show it. These are only shapes; the engine fills them in.

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

/// The state of the daemon at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The time of this state: RFC 3339 in UTC with milliseconds.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// When this daemon started: RFC 3339 in UTC.
    #[schemars(extend("format" = "date-time"))]
    pub started_at: String,
    /// Every job that is held or remembered: waiting jobs in the order of their turn, then running jobs, the oldest first, then ended jobs,
    /// the newest first.
    pub jobs: Vec<Arc<JobStanding>>,
    /// All limits and pauses.
    pub limits: Limits,
    /// States that an operator should know of, the worst first.
    pub notices: Vec<Notice>,
}
