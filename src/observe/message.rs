//! What happens to a message of a jobs queue: its receives, its rejection, its lease, its end.

use std::fmt::Display;

use metrics::counter;
use tracing::{debug, info, warn};

/// So many problems of a rejected message are in its log line; all are in its event.
const REJECTED: usize = 3;

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

/// Nothing comes although there is something.
pub(crate) fn nothing_received(queue: &str, waiting: u64) {
    warn!(queue.url = queue, waiting, "messages wait on the queue, and none is received");
}

pub(crate) fn lease_lost(message_id: &str, error: &dyn Display) {
    counter!("slipway_leases_lost_total").increment(1);
    warn!(message.id = message_id, %error, "lost the lease on a message; its job goes on");
}

pub(crate) fn lease_renewed(message_id: &str) {
    info!(message.id = message_id, "received a message again whose job is held here; the job goes on with the new lease");
}

pub(crate) fn lease_extension_failed(message_id: &str, error: &dyn Display) {
    warn!(message.id = message_id, %error, "could not extend a lease yet");
}

pub(crate) fn give_back_failed(message_id: &str, error: &dyn Display) {
    warn!(message.id = message_id, %error, "could not give a message back; it becomes visible when its lease ends");
}

pub(crate) fn delete_failed(message_id: &str, error: &dyn Display) {
    warn!(message.id = message_id, %error, "could not delete a message whose job has ended; if it is received again, it is recognised");
}

pub(crate) fn receive_failed(queue: &str, error: &dyn Display) {
    warn!(queue.url = queue, %error, "could not receive: it is tried again; logged at most every ten minutes");
}
