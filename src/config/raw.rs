//! The file as it is written: every key, its type and its default. Names are said here once; the reader, the overrides and
//! `slipway schema config` all follow the schema that is derived from these types.

mod limits;
mod profile;
mod schema;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use self::{
    limits::{Limits, RepositoryLimits, TenantLimits},
    profile::{Environment, Profile, Variable},
    schema::schema,
};
use super::default;

/// The configuration of the Slipway daemon. Durations are written "90s", "2m", "1h30m"; sizes "32KiB".
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Slipway configuration")]
pub struct Raw {
    /// Where jobs come from; at least one queue.
    #[schemars(required)]
    pub queues: Option<Vec<Queue>>,
    /// Where events go.
    #[schemars(required)]
    pub topic: Option<Topic>,
    /// How much at once.
    #[schemars(required)]
    pub limits: Option<Limits>,
    /// How builds are followed.
    pub watch: Option<Watch>,
    /// How a job is carried through faults of the platform.
    pub retry: Option<Retry>,
    /// What of a build's log goes into its event.
    pub log: Option<Log>,
    /// The daemon's own log.
    pub telemetry: Option<Telemetry>,
    /// What jobs may ask for, by name; at least one profile.
    #[schemars(required)]
    pub profiles: Option<BTreeMap<String, Profile>>,
    /// How sources are fetched, by their host; the first entry that fits counts.
    pub hosts: Option<Vec<Host>>,
    /// Health, metrics, status.
    pub http: Option<Http>,
    /// How the daemon leaves.
    pub shutdown: Option<Shutdown>,
}

/// A job queue.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The queue's URL.
    #[schemars(required)]
    pub url: Option<String>,
    /// Where rejected messages go. Left out: the queue's own redrive target, if it has one.
    pub dead_letter_url: Option<String>,
    /// How long a message stays the daemon's without an extension, 30s to 12h; it is extended at a third of it.
    #[schemars(extend("default" = default::VISIBILITY))]
    pub visibility: Option<String>,
    /// How long one receive waits for messages, 1s to 20s.
    #[schemars(extend("default" = default::WAIT))]
    pub wait: Option<String>,
    /// What senders' messages are wrapped in: "sns" or "eventbridge". Messages that are not wrapped are read as they are.
    pub envelope: Option<String>,
    /// Whether jobs that SQS moved to the dead-letter queue, as they were received too often, are told as errored.
    #[schemars(extend("default" = false))]
    pub report_dead_letters: Option<bool>,
    /// The share of build time of this queue's jobs beside other queues'. Left out everywhere: queues make no difference.
    pub weight: Option<i64>,
}

/// The topic, and which events it gets.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// The topic's ARN; a FIFO topic's ends in ".fifo".
    #[schemars(required)]
    pub arn: Option<String>,
    /// Which events are published: "queued", "started", "finished", "rejected".
    #[schemars(extend("default" = default::EVENTS))]
    pub events: Option<Vec<String>>,
    /// The largest message that the topic takes, attributes included.
    #[schemars(extend("default" = default::MAX_BYTES))]
    pub max_bytes: Option<String>,
}

/// How builds are followed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The time between two looks at every running build.
    #[schemars(extend("default" = default::INTERVAL))]
    pub interval: Option<String>,
    /// A queue that EventBridge feeds with "CodeBuild Build State Change"; such events only make the next look sooner.
    pub events_queue_url: Option<String>,
}

/// How a job is carried through faults of the platform.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts at a job altogether when the platform fails it; the sender's failures are never tried again.
    #[schemars(extend("default" = default::ATTEMPTS))]
    pub attempts: Option<i64>,
    /// Between a fault of the platform and the second attempt; each further pause is twice as long.
    #[schemars(extend("default" = default::PAUSE))]
    pub pause: Option<String>,
    /// The longest of these pauses.
    #[schemars(extend("default" = default::LONGEST_PAUSE))]
    pub longest_pause: Option<String>,
}

/// What of a build's log goes into its event.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Lines at most.
    #[schemars(extend("default" = default::LINES))]
    pub lines: Option<i64>,
    /// Bytes at most, as serialised in the event.
    #[schemars(extend("default" = default::BYTES))]
    pub bytes: Option<String>,
    /// How long to wait for late lines after a build's end.
    #[schemars(extend("default" = default::SETTLE))]
    pub settle: Option<String>,
    /// Reads of logs in one second, over all builds; CloudWatch throttles an account above 10 in some regions.
    #[schemars(extend("default" = default::READS_PER_SECOND))]
    pub reads_per_second: Option<i64>,
    /// Regular expressions of what else is a secret and is taken out, as the `regex` crate for Rust reads them.
    #[schemars(extend("default" = []))]
    pub redact: Option<Vec<String>>,
}

/// The daemon's own log.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// What is logged: "info", "debug", "info,slipway=debug", ... The variables `SLIPWAY_LOG` and `RUST_LOG` win over it.
    #[schemars(extend("default" = default::LOG))]
    pub log: Option<String>,
}

/// How sources of a host are fetched.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The host, or "*.example.com" for its subdomains.
    #[schemars(required)]
    pub host: Option<String>,
    /// CodeBuild's source type; `NO_SOURCE`: the central buildspec clones it. Left out: as the host's name says.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The ARN of a CodeConnections connection that opens it.
    pub connection: Option<String>,
    /// The secret in Secrets Manager that opens it, by its name or ARN.
    pub secret: Option<String>,
}

/// Health, metrics, status.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where the daemon listens: ADDRESS:PORT.
    #[schemars(extend("default" = default::LISTEN))]
    pub listen: Option<String>,
    /// Whether the API and the status page are served, beside health and metrics.
    #[schemars(extend("default" = true))]
    pub api: Option<bool>,
    /// Who may use them. Left out: whoever reaches a loopback address; on any other address tokens must be there.
    pub tokens: Option<Tokens>,
    /// Jobs that have ended and are remembered for the API and the status page.
    #[schemars(extend("default" = default::HISTORY))]
    pub history: Option<i64>,
    /// What the remembered jobs may take. When it is used up, or `history` is reached, the tenant with the most of it gives up its oldest.
    #[schemars(extend("default" = default::HISTORY_BYTES))]
    pub history_bytes: Option<String>,
}

/// Where the API's tokens are kept, each "<file:PATH>" or "env:NAME"; one a line, each of 20 characters or more.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Of those who may look.
    pub read: Option<String>,
    /// Of those who may also change what goes on.
    pub steer: Option<String>,
}

/// How the daemon leaves.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    /// How long running builds may still end and be reported after the first signal.
    #[schemars(extend("default" = default::GRACE))]
    pub grace: Option<String>,
}
