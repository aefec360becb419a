//! One function an operational event: it writes the log line and counts the metric, so that the two cannot drift apart.

mod denial;
mod metric;
mod seldom;
mod start;

use std::{fmt::Display, time::Duration};

pub use metric::describe;
use metrics::{counter, gauge};
pub(crate) use seldom::Seldom;
pub(crate) use start::{Start, service_started};
use tracing::{
    Span, debug, error,
    field::{DisplayValue, display},
    info, info_span, warn,
};

/// So many problems of a rejected message are in its log line; all are in its event.
const REJECTED: usize = 3;

/// The name of the span of a job.
const JOB: &str = "job";

/// The span of one job's whole life.
pub(crate) fn job_span(id: &dyn Display, tenant: &dyn Display) -> Span {
    info_span!(JOB, job.id = %id, job.tenant = %tenant)
}

/// A job's id as a field, unless the line has it from the job's span: it is once a line.
fn once(job: &dyn Display) -> Option<DisplayValue<&dyn Display>> {
    let is_told = Span::current().metadata().is_some_and(|span| span.name() == JOB);
    (!is_told).then(|| display(job))
}

pub(crate) fn draining(jobs: usize, grace: Duration) {
    info!(
        jobs,
        grace_s = grace.as_secs(),
        "draining: what has not started is given back, and builds that end within the grace period are reported; a second signal leaves now"
    );
}

pub(crate) fn drained() {
    info!("drained: nothing is left");
}

pub(crate) fn grace_ran_out(jobs: usize) {
    warn!(jobs, "leaving before these jobs have ended: their messages go back to the queue, for whoever receives them next");
}

pub(crate) fn message_received(message_id: &str, receive_count: u32) {
    counter!("slipway_messages_received_total").increment(1);
    debug!(message.id = message_id, message.receives = receive_count, "received a message");
}

pub(crate) fn last_receive(message_id: &str, receive_count: u32) {
    counter!("slipway_messages_last_receive_total").increment(1);
    warn!(
        message.id = message_id,
        message.receives = receive_count,
        "a message was received as often as the queue allows: if this daemon dies before the job's end, it goes to the dead-letter queue"
    );
}

/// The problems name places and rules, and nothing of the message but names in it, with what is invisible written out.
pub(crate) fn message_rejected<P: Display>(message_id: &str, job_id: Option<&str>, problems: &[P]) {
    counter!("slipway_messages_rejected_total").increment(1);
    let told = problems.iter().take(REJECTED).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let more = match problems.len().saturating_sub(REJECTED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    info!(message.id = message_id, job.id = job_id, problems = problems.len(), "rejected: {told}{more}");
}

pub(crate) fn dead_letter_failed(message_id: &str, error: &dyn Display) {
    warn!(message.id = message_id, %error, "could not move a message to the dead-letter queue yet");
}

pub(crate) fn dead_letter_told(message_id: &str) {
    counter!("slipway_dead_letters_told_total").increment(1);
    warn!(message.id = message_id, "told of a message that SQS moved to the dead-letter queue");
}

/// `is_due`: as in [`publish_failed`].
pub(crate) fn dead_letter_refused(message_id: &str, error: &dyn Display, is_due: bool) {
    counter!("slipway_dead_letters_refused_total").increment(1);
    if is_due {
        error!(message.id = message_id, %error, "the dead-letter queue refuses a message; it is kept and tried again");
    }
}

pub(crate) fn dead_letter_redriven(message_id: &str, new_id: &str, queue: &str) {
    info!(message.id = message_id, message.new_id = new_id, queue, "moved a dead letter back to its jobs queue");
}

pub(crate) fn no_dead_letter_queue(queue: &str) {
    warn!(queue.url = queue, "the queue has no dead-letter queue: a rejected message is deleted once its event is published");
}

pub(crate) fn dead_letter_unknown(queue: &str, error: &dyn Display) {
    warn!(queue.url = queue, %error, "could not read which dead-letter queue the queue has");
}

pub(crate) fn jobs_waiting(count: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    gauge!("slipway_jobs_waiting").set(count as f64);
}

/// Counts a build as running as long as the answer lives.
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
    info!(job.id = once(job), "a message repeats a job that lives here; it gets the same end");
}

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
    warn!(build.id = build_id, %error, "could not look at a build: it is looked at again, and this is told every ten minutes at most");
}

pub(crate) fn stop_failed(build_id: &str, error: &dyn Display) {
    warn!(build.id = build_id, %error, "could not stop a build");
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
    warn!(job.id = %job, %error, "could not put a cancellation on the queue: should this process die before the job has ended, it comes back");
}

pub(crate) fn job_cancelled(job: &dyn Display, status: &str, reason: &str) {
    info!(job.cancelled = %job, status, reason, "the job ends before its time");
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

/// Nothing comes although there is something.
pub(crate) fn nothing_received(queue: &str, waiting: u64) {
    warn!(queue.url = queue, waiting, "messages wait on the queue, and none is received");
}

/// What a person was needed for is over.
pub(crate) fn mended(what: &str) {
    info!(what, "mended: this is over");
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

/// `is_due`: whether the log should tell it now. It counts anyway.
pub(crate) fn publish_failed(event_id: &str, error: &dyn Display, is_due: bool) {
    if is_due {
        warn!(event.id = event_id, %error, "could not publish an event: it is tried again, and this is told every ten minutes at most");
    }
}

/// `is_due`: as in [`publish_failed`].
pub(crate) fn publish_refused(event_id: &str, error: &dyn Display, is_due: bool) {
    counter!("slipway_publish_refused_total").increment(1);
    if is_due {
        error!(event.id = event_id, %error, "the topic refuses an event: its message is kept, and the publish tried again and again");
    }
}

pub(crate) fn topic_smaller(bytes: usize, error: &dyn Display) {
    warn!(%error, bytes, "the topic takes less than topic.max_bytes says; from now on events are made to fit what every topic takes");
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

pub(crate) fn lease_lost(message_id: &str, error: &dyn Display) {
    counter!("slipway_leases_lost_total").increment(1);
    warn!(message.id = message_id, %error, "lost the lease on a message; its job goes on");
}

pub(crate) fn lease_renewed(message_id: &str) {
    info!(message.id = message_id, "received a message again whose job lives here; the job goes on under the new lease");
}

pub(crate) fn lease_extension_failed(message_id: &str, error: &dyn Display) {
    warn!(message.id = message_id, %error, "could not extend a lease yet");
}

pub(crate) fn give_back_failed(message_id: &str, error: &dyn Display) {
    warn!(message.id = message_id, %error, "could not give a message back; it becomes visible when its lease ends");
}

pub(crate) fn delete_failed(message_id: &str, error: &dyn Display) {
    warn!(message.id = message_id, %error, "could not delete a message whose job has ended; should it come back it is recognised");
}

pub(crate) fn receive_failed(queue: &str, error: &dyn Display) {
    warn!(queue.url = queue, %error, "could not receive: it is tried again, and this is told every ten minutes at most");
}

pub(crate) fn aws_call(operation: &'static str, error: Option<&'static str>) {
    counter!("slipway_aws_calls_total", "operation" => operation, "result" => error.unwrap_or("ok")).increment(1);
    match error {
        Some("throttled") => counter!("slipway_aws_throttles_total", "operation" => operation).increment(1),
        // What a call's end means is told where it is known; that somebody must change a policy holds for each.
        Some("denied") if denial::is_due(operation) => {
            warn!(operation, "AWS denies a call: this is told every ten minutes at most for each operation");
        }
        _ => (),
    }
}

/// The count is the whole process's, from before there was a recorder too. The log can be told only later: [`log_lines_lost`].
pub(crate) fn log_line_dropped(total: u64) {
    counter!("slipway_log_lines_dropped_total").absolute(total);
}

pub(crate) fn log_lines_lost(lines: u64) {
    warn!(lines, "log lines were dropped: stderr could not take them");
}

pub(crate) fn panicked(reason: &str, location: &str) {
    error!(reason, location, "a panic: a fault of the program");
}

pub(crate) fn tokens_unread(key: &str, why: &str) {
    warn!(key, why, "could not read the API's tokens again; those that were read before hold on");
}

pub(crate) fn accept_failed(error: &dyn Display) {
    warn!(%error, "could not accept a connection on the daemon's port");
}

pub(crate) fn paused(scope: &dyn Display, reason: Option<&str>) {
    warn!(%scope, reason, "paused: what runs goes on, and nothing of it starts until it is resumed");
}

pub(crate) fn resumed(scope: &dyn Display) {
    info!(%scope, "resumed");
}

pub(crate) fn pauses(count: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    gauge!("slipway_pauses").set(count as f64);
}

pub(crate) fn pauses_unread(queue: &str, error: &dyn Display) {
    warn!(queue, %error, "could not read the queue's tags, which say what is paused: it stays as it was known");
}

pub(crate) fn pause_strange(queue: &str, key: &str) {
    warn!(queue, tag = key, "a tag of the queue looks like a pause and pauses nothing: is it misspelt?");
}

pub(crate) fn configuration_read_again(changed: &[String]) {
    if changed.is_empty() {
        info!("the configuration was read again, and says what it said");
    } else {
        info!(changed = changed.join(", "), "the configuration was read again, and holds for what is received from now on");
    }
}

pub(crate) fn configuration_refused(reason: &dyn Display) {
    error!(%reason, "the configuration was read again, and is refused as a whole: what held before goes on");
}

pub(crate) fn log_filter_fixed() {
    warn!("telemetry.log changes nothing: SLIPWAY_LOG or RUST_LOG says what is logged");
}

pub(crate) fn hangup_ignored() {
    info!("SIGHUP changes nothing here: no daemon runs, which would read its configuration again");
}

pub(crate) fn signal_ignored(signal: &str) {
    info!(signal, "a signal that has no meaning here");
}

#[cfg(feature = "local")]
pub(crate) fn local_builds_end(kept: bool) {
    if kept {
        warn!("local mode ends, and its running builds with it: at the next start with the same --data the daemon tries their jobs again");
    } else {
        warn!("local mode ends, and with it its running builds and all that waited: without --data nothing is kept");
    }
}
