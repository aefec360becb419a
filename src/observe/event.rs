//! Events that the topic does not take.

use std::fmt::Display;

use metrics::counter;
use tracing::{error, warn};

/// `is_due`: whether the log should tell it now. It counts anyway.
pub(crate) fn publish_failed(event_id: &str, error: &dyn Display, is_due: bool) {
    if is_due {
        warn!(event.id = event_id, %error, "could not publish an event: it is tried again; logged at most every ten minutes");
    }
}

/// `is_due`: as above.
pub(crate) fn publish_refused(event_id: &str, error: &dyn Display, is_due: bool) {
    counter!("slipway_publish_refused_total").increment(1);
    if is_due {
        error!(event.id = event_id, %error, "the topic refuses an event: its message is kept, and the publish tried again and again");
    }
}

pub(crate) fn topic_smaller(bytes: usize, error: &dyn Display) {
    warn!(%error, bytes, "the topic's limit is below topic.max_bytes; from now on events are made to fit the limit that every topic has by default");
}
