//! What a job is, and every decision about it, as pure functions: no clock, no I/O, no SDK types.

mod agent;
pub mod as_built;
pub mod build;
pub mod capacity;
pub mod cause;
pub mod closing;
pub mod estimate;
pub mod event;
pub mod excerpt;
pub mod fault;
pub mod group;
pub mod id;
pub mod image;
pub mod message;
pub mod moment;
pub mod order;
pub mod outcome;
pub mod pause;
pub mod plain;
pub mod policy;
pub mod problem;
pub mod rate;
pub mod record;
pub mod redact;
pub mod reference;
pub mod rejoin;
pub mod rule;
pub mod schedule;
pub mod schema;
pub mod source;
pub mod standing;
mod step;
pub mod stored;
pub mod trace;
pub mod variable;

use std::collections::BTreeMap;

pub use group::{Group, OnConflict, Priority};
pub use id::{JobId, Tenant};
pub use image::{AwsCredentials, Image, Platform};
pub use source::{Source, SourceUrl};
pub use variable::{Variable, VariableKind};

/// A valid job with its defaults filled in.
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
    /// How long the build may take, in minutes. `None`: the profile's timeout.
    pub timeout_minutes: Option<u32>,
    /// The tenant whose limits it counts towards: the one that the sender named, else the source's host and owner.
    pub tenant: Tenant,
    /// Its priority over other waiting jobs of its tenant.
    pub priority: Priority,
    /// The group whose jobs run one at a time.
    pub group: Option<Group>,
    /// Copied into every event.
    pub labels: BTreeMap<String, String>,
}

impl Job {
    /// The values that the log must not show: those of variables and build arguments whose names are those of secrets, and those that
    /// images get as secrets. Only plain values are known here.
    pub fn secrets(&self) -> impl Iterator<Item = String> + '_ {
        let is_secret = |name: &String| variable::speaks_of_secrets(name) || self.images.iter().any(|image| image.secrets.contains(name));
        let plain = self.env.iter().filter(|variable| variable.kind == VariableKind::Plaintext);
        let env = plain.map(|variable| (&variable.name, &variable.value));
        let args = self.images.iter().flat_map(|image| &image.build_args);
        env.chain(args).filter(move |(name, _)| is_secret(name)).map(|(_, value)| value.clone())
    }
}
