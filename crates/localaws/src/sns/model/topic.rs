//! A topic.

use std::collections::BTreeMap;

use crate::deduplication::Deduplication;

/// A topic.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) arn: String,
    pub(crate) fifo: bool,
    /// The attributes as they were given.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) tags: BTreeMap<String, String>,
    /// The answers: message ids and sequence numbers.
    pub(crate) deduplication: Deduplication<(String, String)>,
    pub(crate) last_sequence: u64,
}

impl Topic {
    pub(crate) fn new(arn: String, attributes: BTreeMap<String, String>, tags: BTreeMap<String, String>) -> Self {
        Self { fifo: arn.strip_suffix(".fifo").is_some(), arn, attributes, tags, deduplication: Deduplication::default(), last_sequence: 0 }
    }

    pub(crate) fn content_based(&self) -> bool {
        self.attributes.get("ContentBasedDeduplication").is_some_and(|value| value == "true")
    }
}
