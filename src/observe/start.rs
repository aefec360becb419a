//! The daemon's first log line.

use tracing::info;

/// The daemon and its resources, for readers of the log.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) version: &'a str,
    /// The source of the configuration.
    pub(crate) config: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    /// The identity of the caller, or why it is not known.
    pub(crate) identity: &'a str,
    /// The queues' URLs, the topic's ARN, and where HTTP is served.
    pub(crate) queues: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) http: &'a str,
    pub(crate) running: usize,
    pub(crate) per_tenant: usize,
    pub(crate) waiting: usize,
}

pub(crate) fn service_started(start: &Start<'_>) {
    info!(
        version = start.version,
        config = start.config,
        aws.region = start.region,
        aws.account = start.account,
        aws.identity = start.identity,
        queues = start.queues,
        topic = start.topic,
        http = start.http,
        limits.running = start.running,
        limits.per_tenant = start.per_tenant,
        limits.waiting = start.waiting,
        "the daemon is up"
    );
}
