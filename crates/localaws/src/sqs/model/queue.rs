//! One queue.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::Notify;

use crate::{
    deduplication::Deduplication,
    journal::Journal,
    sqs::model::{backlog::Backlog, setting::Settings},
};

/// What a send was answered, for its repetitions.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) sequence: Option<String>,
}

/// A queue. Whoever looks at it settles it first, so that time has had its effect.
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
    /// Wakes waiting receives whenever something may have become visible, or will sooner than they thought.
    pub(crate) wake: Arc<Notify>,
    pub(crate) backlog: Backlog,
    /// Of this queue's changes.
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

    /// The next sequence number of a FIFO queue: 20 digits, as SQS has it.
    pub(crate) fn next_sequence(&self) -> Option<String> {
        self.settings.fifo.then(|| format!("{:020}", self.backlog.last_place() + 1))
    }
}
