//! The vocabulary: what a job is and every decision about it, as functions of their arguments. No clock, no I/O, no SDK types.

pub mod build;
pub mod event;
pub mod excerpt;
pub mod id;
pub mod line;
pub mod message;
pub mod order;
pub mod outcome;
pub mod policy;
pub mod problem;
pub mod redact;

use std::collections::BTreeMap;

pub use id::{JobId, Tenant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A valid job, its defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The job's id: the sender's, or the SQS message's.
    pub id: JobId,
    /// What to build.
    pub source: Source,
    /// Which images to build from it.
    pub images: Vec<Image>,
    /// The operator's profile.
    pub profile: String,
    /// Variables for the build.
    pub env: Vec<Variable>,
    /// How long the build may take; `None`: the profile's time.
    pub timeout_minutes: Option<u32>,
    /// On whose account it is limited: the sender's word, or the source's host and owner.
    pub tenant: Tenant,
    /// Who goes first.
    pub priority: Priority,
    /// Jobs that must not run at the same time.
    pub group: Option<Group>,
    /// Echoed in every event.
    pub labels: BTreeMap<String, String>,
}
