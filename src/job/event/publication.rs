//! An event as an SNS message that fits.

use std::collections::BTreeMap;

use super::Event;

/// What SNS is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The event's id; on FIFO topics the deduplication id.
    pub id: String,
    /// The job's id; on FIFO topics the group.
    pub group: String,
    /// One line of ASCII, under 100 characters.
    pub subject: String,
    /// The event as JSON.
    pub body: String,
    /// For filter policies; no value is empty.
    pub attributes: BTreeMap<String, String>,
}

impl Event {
    /// The event as a message of at most `max_bytes`, attributes included. The log's excerpt gives way first.
    pub fn publication(&self, max_bytes: usize) -> Publication {
        todo!("{max_bytes}")
    }
}
