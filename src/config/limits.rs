//! How much is built at once and held, for all and for each tenant and repository.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Builds at once.
    pub running: usize,
    /// Builds at once for one tenant.
    pub per_tenant: usize,
    /// Builds at once of one repository; `None`: no limit of its own.
    pub per_repository: Option<usize>,
    /// Tenants that differ; the first that fits.
    pub tenants: Vec<TenantLimits>,
    /// Repositories that differ; the first that fits.
    pub repositories: Vec<RepositoryLimits>,
    /// A job that has waited so long goes before all others of its tenant. A tenant whose oldest job has waited so long, or of which
    /// nothing was built for so long, goes before all other tenants, once in that time.
    pub aging: Duration,
    /// After this time a build counts half in its tenant's share.
    pub half_life: Duration,
    /// Jobs held that could start and wait for their turn.
    pub waiting: usize,
    /// What all messages that are held may take, in bytes.
    pub waiting_bytes: usize,
    /// Within this time the same job id is the same job.
    pub deduplication: Duration,
}

/// What holds for some tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantLimits {
    /// The tenants, `*` for any characters.
    pub pattern: String,
    /// Builds at once; `None`: [`Limits::per_tenant`].
    pub running: Option<usize>,
    /// Builds at once while nobody else waits; `None`: no more than `running`.
    pub burst: Option<usize>,
    /// The share of build time beside other tenants.
    pub weight: u32,
    /// Jobs that may wait; `None`: any number.
    pub waiting: Option<usize>,
    /// What becomes of further ones.
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

/// What holds for some repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryLimits {
    /// The repositories, by host, owner and name, `*` for any characters.
    pub pattern: String,
    /// Builds at once.
    pub running: usize,
}
