//! What happens to dead letters, and to the queues that they go to.

use std::fmt::Display;

use metrics::counter;
use tracing::{error, info, warn};

pub(crate) fn dead_letter_failed(message_id: &str, error: &dyn Display) {
    warn!(message.id = message_id, %error, "could not move a message to the dead-letter queue yet");
}

pub(crate) fn dead_letter_told(message_id: &str) {
    counter!("slipway_dead_letters_told_total").increment(1);
    warn!(message.id = message_id, "reported a message that SQS moved to the dead-letter queue");
}

/// `is_due`: whether the log should tell it now. It counts anyway.
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
