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
mod http;
mod limits;
mod load;
mod overrides;
mod profile;
mod queue;
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
pub use http::{Http, TokenSource, Tokens};
pub use limits::{Limits, RepositoryLimits, TenantLimits, WhenFull};
pub use load::{load, parse};
pub use profile::{Buildspec, Credential, Environment, OperatorVariable, Profile, SourceHost};
pub use queue::{Envelope, Queue};
pub use reload::{Reload, ReloadError};

use std::{collections::BTreeMap, time::Duration};

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

/// How the daemon leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shutdown {
    /// How long running builds may still end and be reported after the first signal.
    pub grace: Duration,
}
