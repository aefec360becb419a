//! How many builds run at once and how many jobs are held: for all, and for each tenant and repository.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// The most builds at once.
    pub running: usize,
    /// The most builds at once of one tenant.
    pub per_tenant: usize,
    /// The most builds at once of one repository; `None`: no limit of its own.
    pub per_repository: Option<usize>,
    /// Limits of single tenants. The first entry that matches counts.
    pub tenants: Vec<TenantLimits>,
    /// Limits of single repositories. The first entry that matches counts.
    pub repositories: Vec<RepositoryLimits>,
    /// A job that has waited so long goes before all others of its tenant. A tenant whose oldest job has waited so long, or of which
    /// nothing was built for so long, goes before all other tenants, once in that time.
    pub aging: Duration,
    /// After this time a build counts half in its tenant's share.
    pub half_life: Duration,
    /// The most jobs that are held, could start, and wait for their turn.
    pub waiting: usize,
    /// The most memory of all messages that are held, in bytes.
    pub waiting_bytes: usize,
    /// Within this time the same job id is the same job.
    pub deduplication: Duration,
}

/// The limits of some tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantLimits {
    /// A pattern of tenants, with `*` for any characters.
    pub pattern: String,
    /// The most builds at once; `None`: [`Limits::per_tenant`].
    pub running: Option<usize>,
    /// The most builds at once while nobody else waits; `None`: no more than `running`.
    pub burst: Option<usize>,
    /// The weight of the tenant's share of build time.
    pub weight: u32,
    /// The most waiting jobs; `None`: any number.
    pub waiting: Option<usize>,
    /// What to do with further jobs.
    pub when_full: WhenFull,
}

/// What becomes of a job whose tenant has as many waiting as it may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// It waits, and takes no place from others.
    #[default]
    Wait,
    /// It is rejected.
    Reject,
}

impl WhenFull {
    /// As the configuration has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Reject => "reject",
        }
    }
}

/// The limit of some repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryLimits {
    /// A pattern of repositories, by host, owner and name, with `*` for any characters.
    pub pattern: String,
    /// Builds at once.
    pub running: usize,
}
