//! The daemon's configuration: TOML ([`raw`]) with the environment's overrides is checked as a whole, every fault at once, into this
//! immutable [`Config`].

pub mod address;
mod central;
mod check;
mod client;
mod current;
pub mod default;
mod document;
mod expression;
mod fault;
mod load;
mod overrides;
pub mod raw;
mod reload;
mod shape;
#[cfg(test)]
mod tests;

pub use address::region;
pub use client::Client;
pub use current::Current;
pub use expression::Expression;
pub use fault::{Error, Fault, Faults, Origin};
pub use load::{load, parse};
pub use reload::{Reload, ReloadError};

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A checked configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where jobs come from; at least one.
    pub queues: Vec<Queue>,
    /// Where events go.
    pub topic: Topic,
    /// How much at once.
    pub limits: Limits,
    /// How builds are followed.
    pub watch: Watch,
    /// How a job is carried through faults of the platform.
    pub retry: Retry,
    /// What of a build's log goes into its event.
    pub log: LogExcerpt,
    /// The daemon's own log.
    pub telemetry: Telemetry,
    /// What jobs may ask for, by name; at least one.
    pub profiles: BTreeMap<String, Profile>,
    /// Health, metrics, status.
    pub http: Http,
    /// How the daemon leaves.
    pub shutdown: Shutdown,
}

impl Config {
    /// The region that the daemon must call: that of its queues, the topic and the rest. `None`: the queues are not AWS's.
    pub fn region(&self) -> Option<&str> {
        region(&self.queues.first()?.url)
    }
}

/// A job queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The queue's URL.
    pub url: String,
    /// Where rejected messages go. `None`: the queue's own redrive target, if it has one.
    pub dead_letter_url: Option<String>,
    /// How long a message stays ours without an extension; extended at a third of it.
    pub visibility: Duration,
    /// How long one receive waits for messages; at most 20 s (AWS's limit).
    pub wait: Duration,
    /// What messages come wrapped in. `None`: nothing.
    pub envelope: Option<Envelope>,
    /// Whether what SQS moved to the dead-letter queue is told.
    pub report_dead_letters: bool,
    /// The share of build time beside other queues; `None` in all of them: queues make no difference.
    pub weight: Option<u32>,
}

/// What a sender's message may come wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// A topic's, without raw message delivery.
    Sns,
    /// An event bus's, without an input path.
    EventBridge,
}

impl Queue {
    /// A queue of which nothing but the URL is known.
    pub fn of(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            dead_letter_url: None,
            visibility: Duration::from_mins(2),
            wait: Duration::from_secs(20),
            envelope: None,
            report_dead_letters: false,
            weight: None,
        }
    }

    /// The queue's name: the last part of its URL.
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or(&self.url)
    }
}

/// The topic, and which events it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one switch for each kind of event")]
pub struct Topic {
    /// The topic's ARN.
    pub arn: String,
    /// `slipway.job.queued`
    pub queued: bool,
    /// `slipway.job.started`
    pub started: bool,
    /// `slipway.job.finished`
    pub finished: bool,
    /// `slipway.job.rejected`
    pub rejected: bool,
    /// The largest message the topic takes, in bytes, attributes included.
    pub max_bytes: usize,
}

impl Topic {
    /// FIFO topics take a group and a deduplication id.
    #[expect(clippy::case_sensitive_file_extension_comparisons, reason = "a name's ending, which AWS takes in lower case only")]
    pub fn is_fifo(&self) -> bool {
        self.arn.ends_with(".fifo")
    }
}

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
    /// A job that has waited so long goes before all others of its tenant. A tenant whose oldest job has waited so long, or of which nothing
    /// was built for so long, goes before all other tenants, once in that time.
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

/// How builds are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The time between two looks at every running build.
    pub interval: Duration,
    /// A queue that EventBridge feeds with build state changes; they only make the next look sooner.
    pub events_queue_url: Option<String>,
}

/// How a job is carried through faults of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Attempts at a job altogether when the platform fails it; the sender's failures are never tried again.
    pub attempts: u32,
    /// Between a fault of the platform and the second attempt; each further pause is twice as long.
    pub pause: Duration,
    /// The longest of these pauses.
    pub longest_pause: Duration,
}

/// What of a build's log goes into its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogExcerpt {
    /// Lines at most.
    pub lines: usize,
    /// Bytes at most, as serialised in the event.
    pub bytes: usize,
    /// How long to wait for late lines after a build's end.
    pub settle: Duration,
    /// Reads of logs in one second, over all builds.
    pub reads_per_second: usize,
    /// What else is a secret.
    pub redact: Vec<Expression>,
}

/// The daemon's own log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telemetry {
    /// What is logged, as `SLIPWAY_LOG` says it, which wins over it.
    pub log: String,
}

/// What the operator allows under one name. A job can name a profile, and set nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The profile's name.
    pub name: String,
    /// The CodeBuild project.
    pub project: String,
    /// The registry that images are pushed to.
    pub registry: Option<String>,
    /// Patterns of source URLs that are allowed; `*` stands for any characters.
    pub sources: Vec<String>,
    /// Tenants that may use the profile; empty: every tenant.
    pub tenants: Vec<String>,
    /// For these tenants, the patterns that hold instead of [`Profile::sources`].
    pub tenant_sources: BTreeMap<String, Vec<String>>,
    /// Patterns of revisions that are allowed; empty: all but those of pull and merge requests on git hosts.
    pub revisions: Vec<String>,
    /// Patterns of secrets that jobs may name.
    pub secrets: Vec<String>,
    /// Patterns of parameters that jobs may name, without a slash at their beginning.
    pub parameters: Vec<String>,
    /// The longest that a build may take, and what it gets when the job names no time, in minutes.
    pub timeout_minutes: u32,
    /// How long a build may wait in CodeBuild's own queue, in minutes; `None`: the project's time.
    pub queued_timeout_minutes: Option<u32>,
    /// Builds of the profile at once; `None`: as many as [`Limits::running`].
    pub running: Option<usize>,
    /// Platforms of images that jobs may ask for.
    pub platforms: Vec<String>,
    /// Where builds run.
    pub environment: Environment,
    /// Where builds of images for `linux/arm64` run, if that is elsewhere.
    pub arm: Option<Environment>,
    /// Whether builds may use Docker; `None`: as the project says.
    pub privileged: Option<bool>,
    /// What builds of jobs without images run.
    pub buildspec: Buildspec,
    /// What builds of jobs with images run.
    pub images_buildspec: Buildspec,
    /// The CloudWatch log group; `None`: the project's.
    pub log_group: Option<String>,
    /// The operator's variables for every build of the profile.
    pub env: Vec<OperatorVariable>,
    /// How sources are fetched, by their host; the first that fits.
    pub hosts: Arc<[SourceHost]>,
}

/// What a build runs, and who wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buildspec {
    /// Its text, or its path in the source; `None`: the project's, and `buildspec.yml` in the source where the project has none.
    pub spec: Option<String>,
    /// Whether the operator wrote it. A job's variables then come as data, and under their own names only where the repository's runs.
    pub is_operators: bool,
}

/// A build environment; what is `None` is the project's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Such as `aws/codebuild/standard:7.0`.
    pub image: Option<String>,
    /// Such as `BUILD_GENERAL1_SMALL`.
    pub compute_type: Option<String>,
    /// Such as `LINUX_CONTAINER`.
    pub environment_type: Option<String>,
}

impl Environment {
    /// Whether builds run on Lambda, which takes no timeouts and has no privileged mode. Not known where the types are the project's.
    pub fn is_lambda(&self) -> bool {
        [&self.compute_type, &self.environment_type].into_iter().flatten().any(|name| name.contains("LAMBDA"))
    }
}

/// A variable that the operator gives to builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorVariable {
    pub name: String,
    /// The value, or the name of the parameter or secret.
    pub value: String,
    /// `PLAINTEXT`, `PARAMETER_STORE` or `SECRETS_MANAGER`.
    pub kind: String,
}

/// How sources of a host are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHost {
    /// The host, `*.example.com` for its subdomains.
    pub host: String,
    /// CodeBuild's source type, `NO_SOURCE` for `git clone` in the build; `None`: as the host's name says.
    pub source_type: Option<String>,
    /// What opens the door.
    pub credential: Credential,
}

/// What opens a source's door.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Credential {
    /// The project's own, or none.
    #[default]
    Project,
    /// The ARN of a CodeConnections connection.
    Connection(String),
    /// The id or ARN of a secret in Secrets Manager.
    Secret(String),
}

/// Health, metrics, status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where the daemon listens.
    pub listen: SocketAddr,
    /// Whether the API and the status page are served, beside health and metrics.
    pub api: bool,
    /// Who may use them. `None`: whoever reaches a loopback address.
    pub tokens: Option<Tokens>,
    /// Jobs that have ended and are remembered.
    pub history: usize,
    /// What they may take, in bytes.
    pub history_bytes: usize,
}

/// Where the tokens of the API are kept; at least one is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Of those who may look.
    pub read: Option<TokenSource>,
    /// Of those who may also change what goes on.
    pub steer: Option<TokenSource>,
}

/// Where tokens are kept, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// In a file.
    File(PathBuf),
    /// In a variable of the environment, by its name.
    Variable(String),
}

/// How the daemon leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shutdown {
    /// How long running builds may still end and be reported after the first signal.
    pub grace: Duration,
}
