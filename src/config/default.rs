//! The defaults of keys that the file does not set, as they would be written there.

/// `[[queues]].visibility`
pub const VISIBILITY: &str = "2m";
/// `[[queues]].wait`: AWS's longest poll.
pub const WAIT: &str = "20s";
/// `[topic].events`
pub const EVENTS: [&str; 3] = ["started", "finished", "rejected"];
/// `[topic].max_bytes`: what every SNS topic takes, attributes included.
pub const MAX_BYTES: &str = "256KiB";
/// `[limits].waiting`
pub const WAITING: i64 = 1000;
/// `[limits].waiting_bytes`: some 20,000 ordinary jobs.
pub const WAITING_BYTES: &str = "64MiB";
/// `[limits].aging`
pub const AGING: &str = "15m";
/// `[limits].half_life`
pub const HALF_LIFE: &str = "1h";
/// `[[limits.tenants]].weight`
pub const WEIGHT: i64 = 1;
/// `[[limits.tenants]].when_full`
pub const WHEN_FULL: &str = "wait";
/// `[limits].deduplication`
pub const DEDUPLICATION: &str = "1h";
/// `[watch].interval`
pub const INTERVAL: &str = "10s";
/// `[retry].attempts`
pub const ATTEMPTS: i64 = 3;
/// `[retry].pause`
pub const PAUSE: &str = "5s";
/// `[retry].longest_pause`
pub const LONGEST_PAUSE: &str = "2m";
/// `[log].lines`
pub const LINES: i64 = 40;
/// `[log].bytes`
pub const BYTES: &str = "32KiB";
/// `[log].settle`
pub const SETTLE: &str = "10s";
/// `[log].reads_per_second`: below the 10 calls a second that an account has in some regions, so that others may read logs too.
pub const READS_PER_SECOND: i64 = 8;
/// `[telemetry].log`
pub const LOG: &str = "info";
/// `[profiles.*].images_buildspec`
pub const IMAGES_BUILDSPEC: &str = "central";
/// `[profiles.*].timeout_minutes`: CodeBuild's own default.
pub const TIMEOUT_MINUTES: i64 = 60;
/// `[[profiles.*.env]].type`: CodeBuild's own default.
pub const VARIABLE_TYPE: &str = "PLAINTEXT";
/// `[http].listen`
pub const LISTEN: &str = "127.0.0.1:9090";
/// `[http].history`
pub const HISTORY: i64 = 1000;
/// `[http].history_bytes`: room for some 1,000 failed jobs with excerpts of 6 KiB.
pub const HISTORY_BYTES: &str = "16MiB";
/// `[shutdown].grace`: under the 30 s that container schedulers leave between SIGTERM and SIGKILL.
pub const GRACE: &str = "25s";
