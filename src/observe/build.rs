//! What happens to a job's builds, and what CodeBuild has room for.

use std::fmt::Display;

use metrics::{counter, gauge};
use tracing::{debug, info, warn};

use super::job::once;

pub(crate) fn build_started(job: &dyn Display, build_id: &str, attempt: u32) {
    counter!("slipway_builds_started_total").increment(1);
    info!(job.id = once(job), build.id = build_id, attempt, "started a build");
}

pub(crate) fn build_adopted(job: &dyn Display, build_id: &str) {
    counter!("slipway_builds_adopted_total").increment(1);
    info!(job.id = once(job), build.id = build_id, "adopted the job's build");
}

pub(crate) fn start_delayed(job: &dyn Display, error: &dyn Display) {
    info!(job.id = once(job), %error, "the build cannot start yet");
}

pub(crate) fn capacity_learned(project: &str, limit: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    gauge!("slipway_builds_limit", "project" => project.to_owned()).set(limit as f64);
}

pub(crate) fn start_refused(project: &str, limit: usize) {
    counter!("slipway_starts_refused_total", "project" => project.to_owned()).increment(1);
    capacity_learned(project, limit);
    info!(project, limits.learned = limit, "CodeBuild has no capacity for another build");
}

pub(crate) fn starts_paced(per_second: f64) {
    gauge!("slipway_starts_per_second").set(per_second);
    info!(starts.per_second = per_second, "CodeBuild throttles starts: they go more slowly");
}

pub(crate) fn build_found_running(job: &dyn Display, build_id: &str) {
    info!(job.id = %job, build.id = build_id, "found a build running that an earlier process started");
}

pub(crate) fn recovery_failed(project: &str, error: &dyn Display) {
    warn!(project, %error, "could not count the builds that run already: until then nothing starts in this project");
}

pub(crate) fn lookup_failed(job: &dyn Display, error: &dyn Display) {
    warn!(job.id = once(job), %error, "could not look for the job's build yet");
}

pub(crate) fn index_read(project: &str, pages: u32, jobs: usize) {
    debug!(project, pages, jobs, "read the project's builds");
}

pub(crate) fn look_failed(build_id: &str, error: &dyn Display) {
    warn!(build.id = build_id, %error, "could not look at a build: it is looked at again; logged at most every ten minutes");
}

pub(crate) fn stop_failed(build_id: &str, error: &dyn Display) {
    warn!(build.id = build_id, %error, "could not stop a build");
}

pub(crate) fn push_not_understood(queue: &str, message_id: &str, first: bool) {
    counter!("slipway_push_not_understood_total").increment(1);
    if first {
        warn!(
            queue.url = queue,
            message.id = message_id,
            "a message on the queue of build events is none; it and all like it are left there: watch.events_queue_url needs a queue of its own"
        );
    }
}
