//! One function an operational event: it writes the log line and counts the metric, so that the two cannot drift apart. The daemon's own
//! events are here; those of jobs, builds and messages are in the files beside.

mod build;
mod dead_letter;
mod denial;
mod event;
mod job;
mod message;
mod metric;
mod seldom;
mod setting;
mod start;

use std::{fmt::Display, time::Duration};

pub use metric::describe;
use metrics::counter;
pub(crate) use seldom::Seldom;
pub(crate) use start::{Start, service_started};
use tracing::{error, info, warn};

pub(crate) use self::{build::*, dead_letter::*, event::*, job::*, message::*, setting::*};

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

/// A state that needed an operator has ended.
pub(crate) fn mended(what: &str) {
    info!(what, "the problem is over");
}

pub(crate) fn aws_call(operation: &'static str, error: Option<&'static str>) {
    counter!("slipway_aws_calls_total", "operation" => operation, "result" => error.unwrap_or("ok")).increment(1);
    match error {
        Some("throttled") => counter!("slipway_aws_throttles_total", "operation" => operation).increment(1),
        // The caller logs what a failed call means. That a policy must be changed is true for each denied call.
        Some("denied") if denial::is_due(operation) => {
            warn!(operation, "AWS denies a call; logged at most every ten minutes for each operation");
        }
        _ => (),
    }
}

/// `total`: of the whole process, also from before the recorder was installed. It is logged later, by [`log_lines_lost`].
pub(crate) fn log_line_dropped(total: u64) {
    counter!("slipway_log_lines_dropped_total").absolute(total);
}

pub(crate) fn log_lines_lost(lines: u64) {
    warn!(lines, "log lines were dropped: stderr could not take them");
}

pub(crate) fn panicked(reason: &str, location: &str) {
    error!(reason, location, "a panic: a fault of the program");
}

pub(crate) fn accept_failed(error: &dyn Display) {
    warn!(%error, "could not accept a connection on the daemon's port");
}

pub(crate) fn hangup_ignored() {
    info!("SIGHUP changes nothing here: no daemon runs, which would read its configuration again");
}

pub(crate) fn signal_ignored(signal: &str) {
    info!(signal, "ignored a signal");
}

#[cfg(feature = "local")]
pub(crate) fn local_builds_end(kept: bool) {
    if kept {
        warn!("local mode ends, and its running builds with it: at the next start with the same --data the daemon tries their jobs again");
    } else {
        warn!("local mode ends, and with it its running builds and all that waited: without --data nothing is kept");
    }
}
