//! What happens to a job.

use std::fmt::Display;

use metrics::{counter, gauge};
use tracing::{
    Span, error,
    field::{DisplayValue, display},
    info, info_span, warn,
};

/// The name of the span of a job.
const JOB: &str = "job";

/// The span of one job, from its receive to its end.
pub(crate) fn job_span(id: &dyn Display, tenant: &dyn Display) -> Span {
    info_span!(JOB, job.id = %id, job.tenant = %tenant)
}

/// A job's id as a field, unless the job's span has it: each line has it once.
pub(super) fn once(job: &dyn Display) -> Option<DisplayValue<&dyn Display>> {
    let is_told = Span::current().metadata().is_some_and(|span| span.name() == JOB);
    (!is_told).then(|| display(job))
}

pub(crate) fn jobs_waiting(count: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    gauge!("slipway_jobs_waiting").set(count as f64);
}

/// Counts a build as running until the answer is dropped.
pub(crate) fn running() -> Running {
    gauge!("slipway_jobs_running").increment(1);
    Running
}

/// See [`running`].
pub(crate) struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        gauge!("slipway_jobs_running").decrement(1);
    }
}

pub(crate) fn job_repeated(job: &dyn Display) {
    info!(job.id = once(job), "a message repeats a job that is held here; it gets the same terminal event");
}

pub(crate) fn attempt_failed(job: &dyn Display, attempt: u32, reason: &str) {
    counter!("slipway_attempts_failed_total").increment(1);
    warn!(job.id = once(job), attempt, reason, "the platform failed an attempt; the job gets another");
}

pub(crate) fn job_waits(job: &dyn Display, why: &str) {
    info!(job.id = %job, "waits: {why}");
}

pub(crate) fn cancel_asked(job: &dyn Display) {
    info!(job.id = once(job), "asked to cancel a job");
}

pub(crate) fn cancel_not_sent(job: &dyn Display, error: &dyn Display) {
    warn!(job.id = %job, %error, "could not put a cancellation on the queue: if this process ends before the job, the job is not cancelled");
}

pub(crate) fn job_cancelled(job: &dyn Display, status: &str, reason: &str) {
    info!(job.cancelled = %job, status, reason, "the job is cancelled or superseded");
}

/// Why and after how long a job ended.
#[derive(Debug, Default)]
pub(crate) struct Ending<'a> {
    pub(crate) phase: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
    /// How long its build took.
    pub(crate) seconds: Option<f64>,
}

pub(crate) fn job_finished(job: &dyn Display, status: &'static str, ending: &Ending<'_>) {
    counter!("slipway_jobs_finished_total", "status" => status).increment(1);
    let &Ending { phase, code, seconds } = ending;
    let seconds = seconds.map(|seconds| (seconds * 1000.0).round() / 1000.0);
    let took = seconds.map(|seconds| format!("{seconds:.0} s"));
    let words: Vec<&str> = [Some(status), phase, code, took.as_deref()].into_iter().flatten().collect();
    let words = words.join(", ");
    let job = once(job);
    if status == "errored" {
        warn!(
            job.id = job,
            status,
            failure.phase = phase,
            failure.code = code,
            build_s = seconds,
            "ended: {words}: the platform failed a job"
        );
    } else {
        info!(job.id = job, status, failure.phase = phase, failure.code = code, build_s = seconds, "ended: {words}");
    }
}

pub(crate) fn job_panicked(name: &dyn Display, reason: &str) {
    counter!("slipway_jobs_panicked_total").increment(1);
    error!(message.id = %name, reason, "a job's task panicked; its message comes back");
}

pub(crate) fn log_unread(build_id: &str, error: &dyn Display) {
    warn!(build.id = build_id, %error, "could not read a build's log to its end");
}

pub(crate) fn result_malformed(job: &dyn Display) {
    warn!(job.id = once(job), "the build's SLIPWAY_RESULT cannot be read");
}
