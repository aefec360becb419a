//! `[limits]`, and its entries for tenants and repositories.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::default;

/// How much at once.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Builds at once.
    #[schemars(required)]
    pub running: Option<i64>,
    /// Builds at once for one tenant. Left out: as many as `running`.
    pub per_tenant: Option<i64>,
    /// Builds at once of one repository. Left out: no limit of its own.
    pub per_repository: Option<i64>,
    /// A job that has waited so long goes before all others of its tenant. A tenant whose oldest job has waited so long, or of which nothing
    /// was built for so long, goes before all other tenants, once in that time.
    #[schemars(extend("default" = default::AGING))]
    pub aging: Option<String>,
    /// Of build time that lies back so far, half counts in a tenant's share.
    #[schemars(extend("default" = default::HALF_LIFE))]
    pub half_life: Option<String>,
    /// Tenants that differ; the first entry that fits counts.
    pub tenants: Option<Vec<TenantLimits>>,
    /// Repositories that differ; the first entry that fits counts.
    pub repositories: Option<Vec<RepositoryLimits>>,
    /// Jobs held that could start and wait for their turn. What waits for its own tenant, profile or group is not counted.
    #[schemars(extend("default" = default::WAITING))]
    pub waiting: Option<i64>,
    /// What all messages that are held may take: an ordinary job takes about 3 KiB.
    #[schemars(extend("default" = default::WAITING_BYTES))]
    pub waiting_bytes: Option<String>,
    /// Within this time the same job id is the same job.
    #[schemars(extend("default" = default::DEDUPLICATION))]
    pub deduplication: Option<String>,
}

/// What holds for some tenants.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantLimits {
    /// The tenants, "*" for any characters.
    #[serde(rename = "match")]
    #[schemars(required)]
    pub pattern: Option<String>,
    /// Builds at once. Left out: as `limits.per_tenant` says.
    pub running: Option<i64>,
    /// Builds at once while nobody else waits. Left out: no more than `running`.
    pub burst: Option<i64>,
    /// The share of build time beside other tenants, 1 to 1000.
    #[schemars(extend("default" = default::WEIGHT))]
    pub weight: Option<i64>,
    /// Jobs that may wait. Left out: any number.
    pub waiting: Option<i64>,
    /// What becomes of further ones: "wait" or "reject".
    #[schemars(extend("default" = default::WHEN_FULL))]
    pub when_full: Option<String>,
}

/// What holds for some repositories.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryLimits {
    /// The repositories, by host, owner and name, "*" for any characters.
    #[serde(rename = "match")]
    #[schemars(required)]
    pub pattern: Option<String>,
    /// Builds at once.
    #[schemars(required)]
    pub running: Option<i64>,
}
