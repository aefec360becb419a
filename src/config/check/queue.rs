//! The rules of job queues.

use std::time::Duration;

use super::limits::{MOST_WEIGHT, whole};
use crate::config::{Envelope, Queue, address, default, document::Document, raw};

/// SQS's limit on a message's visibility timeout.
const LONGEST_VISIBILITY: Duration = Duration::from_hours(12);
/// The least visibility timeout. With less, one failed extension could lose the lease.
const SHORTEST_VISIBILITY: Duration = Duration::from_secs(30);
/// SQS's limit on a long poll.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// The queues. `None` for one with faults.
pub(super) fn queues(document: &mut Document, raw: Option<Vec<raw::Queue>>) -> Vec<Option<Queue>> {
    let raw = raw.unwrap_or_default();
    if raw.is_empty() {
        document.fault("queues", "must have at least one queue, as in [[queues]]");
        return vec![None];
    }
    raw.into_iter().enumerate().map(|(index, raw)| queue(document, index, raw)).collect()
}

fn queue(document: &mut Document, index: usize, raw: raw::Queue) -> Option<Queue> {
    let path = |key| format!("queues[{index}].{key}");
    let url = document.required(&path("url"), raw.url, address::queue);
    let dead_letter_url = document.optional(&path("dead_letter_url"), raw.dead_letter_url, address::queue);
    let visibility = raw.visibility.as_deref().unwrap_or(default::VISIBILITY);
    let visibility = document.whole_seconds(&path("visibility"), visibility, SHORTEST_VISIBILITY, LONGEST_VISIBILITY);
    let wait = raw.wait.as_deref().unwrap_or(default::WAIT);
    let wait = document.whole_seconds(&path("wait"), wait, Duration::from_secs(1), LONGEST_WAIT);
    let envelope = match raw.envelope.as_deref() {
        None => None,
        Some("sns") => Some(Envelope::Sns),
        Some("eventbridge") => Some(Envelope::EventBridge),
        Some(_) => {
            document.fault(&path("envelope"), "must be \"sns\" or \"eventbridge\"");
            None
        }
    };
    let report_dead_letters = raw.report_dead_letters.unwrap_or_default();
    if report_dead_letters && url.as_deref().is_some_and(|url| url.strip_suffix(".fifo").is_some()) {
        let rule = "cannot be on for a FIFO queue: what is told is replaced by a copy, which would come after the rest of its group";
        document.fault(&path("report_dead_letters"), rule);
    }
    let weight = raw.weight.map(|weight| document.number(&path("weight"), Some(weight), (1, MOST_WEIGHT)));
    let (url, visibility, wait) = (url?, visibility?, wait?);
    Some(Queue { url, dead_letter_url, visibility, wait, envelope, report_dead_letters, weight: whole(weight)? })
}
