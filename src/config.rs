//! The daemon's configuration. TOML ([`raw`]) with the environment's overrides is checked as a whole and becomes this immutable [`Config`].
//! All faults are reported at once.

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
    /// The job queues; at least one.
    pub queues: Vec<Queue>,
    /// The topic that gets the events.
    pub topic: Topic,
    /// How many builds run at once, and how many jobs are held.
    pub limits: Limits,
    /// How builds are followed.
    pub watch: Watch,
    /// What to do after a fault of the platform.
    pub retry: Retry,
    /// How much of a build's log goes into its event.
    pub log: LogExcerpt,
    /// The daemon's own log.
    pub telemetry: Telemetry,
    /// What jobs may ask for, by name; at least one.
    pub profiles: BTreeMap<String, Profile>,
    /// Health, metrics, status.
    pub http: Http,
    /// How the daemon shuts down.
    pub shutdown: Shutdown,
}

impl Config {
    /// The region of the queues, the topic and the rest. `None`: the queues are not at AWS.
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
    /// Whether it is a FIFO topic, whose messages need a group and a deduplication id.
    #[expect(clippy::case_sensitive_file_extension_comparisons, reason = "a name's ending, which AWS takes in lower case only")]
    pub fn is_fifo(&self) -> bool {
        self.arn.ends_with(".fifo")
    }
}

/// How builds are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The time between two reads of every running build's status.
    pub interval: Duration,
    /// The URL of a queue that EventBridge feeds with build state changes. They only make the next read sooner.
    pub events_queue_url: Option<String>,
}

/// What to do after a fault of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The most attempts of a job if the platform fails it. A failure of the sender's is not tried again.
    pub attempts: u32,
    /// The pause between a fault of the platform and the second attempt. Each further pause is twice as long.
    pub pause: Duration,
    /// The longest of these pauses.
    pub longest_pause: Duration,
}

/// How much of a build's log goes into its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogExcerpt {
    /// The most lines.
    pub lines: usize,
    /// The most bytes, as serialised in the event.
    pub bytes: usize,
    /// How long to wait for late lines after a build's end.
    pub settle: Duration,
    /// The most reads of logs in one second, over all builds.
    pub reads_per_second: usize,
    /// The operator's own patterns of secrets.
    pub redact: Vec<Expression>,
}

/// The daemon's own log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telemetry {
    /// The filter of the log, as in `SLIPWAY_LOG`, which wins over it.
    pub log: String,
}

/// How the daemon shuts down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shutdown {
    /// How long after the first signal running builds may still end and be reported.
    pub grace: Duration,
}
