//! What holds for the running daemon: its configuration, its pauses, its tokens.

use std::fmt::Display;

use metrics::gauge;
use tracing::{error, info, warn};

pub(crate) fn tokens_unread(key: &str, why: &str) {
    warn!(key, why, "could not read the API's tokens again; the tokens that were read before stay valid");
}

pub(crate) fn paused(scope: &dyn Display, reason: Option<&str>) {
    warn!(%scope, reason, "paused: running builds go on, and no others start until it is resumed");
}

pub(crate) fn resumed(scope: &dyn Display) {
    info!(%scope, "resumed");
}

pub(crate) fn pauses(count: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    gauge!("slipway_pauses").set(count as f64);
}

pub(crate) fn pauses_unread(queue: &str, error: &dyn Display) {
    warn!(queue, %error, "could not read the queue's tags, which say what is paused: the known pauses stay");
}

pub(crate) fn pause_strange(queue: &str, key: &str) {
    warn!(queue, tag = key, "a tag of the queue looks like a pause and pauses nothing: is it misspelt?");
}

pub(crate) fn configuration_read_again(changed: &[String]) {
    if changed.is_empty() {
        info!("the configuration was read again: nothing changed");
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
