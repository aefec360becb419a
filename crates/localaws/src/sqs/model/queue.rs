//! One queue.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::Notify;

use crate::{
    deduplication::Deduplication,
    journal::Journal,
    sqs::model::{backlog::Backlog, setting::Settings},
};

/// The answer to a send, for repeated sends.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) sequence: Option<String>,
}

/// A queue. Its state is up to date only after [`Queue::settle`].
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) settings: Settings,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created_s: u64,
    pub(crate) modified_s: u64,
    pub(crate) purged_ms: Option<u64>,
    pub(crate) deduplication: Deduplication<Sent>,
    /// Notified when a message may have become visible, or will become visible earlier than expected.
    pub(crate) wake: Arc<Notify>,
    pub(crate) backlog: Backlog,
    /// Records changes of this queue.
    pub(crate) journal: Journal,
}

impl Queue {
    pub(crate) fn new(name: String, arn: String, settings: Settings, tags: BTreeMap<String, String>, now_s: u64, journal: Journal) -> Self {
        Self {
            name,
            arn,
            backlog: Backlog::new(settings.fifo),
            settings,
            tags,
            created_s: now_s,
            modified_s: now_s,
            purged_ms: None,
            deduplication: Deduplication::default(),
            wake: Arc::default(),
            journal,
        }
    }

    /// The next sequence number of a FIFO queue: 20 digits, as in SQS.
    pub(crate) fn next_sequence(&self) -> Option<String> {
        self.settings.fifo.then(|| format!("{:020}", self.backlog.last_place() + 1))
    }
}
