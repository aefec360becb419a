//! A redrive of messages from a dead-letter queue.

/// A redrive that was done. Redrives are done at once.
#[derive(Debug)]
pub(crate) struct MoveTask {
    pub(crate) source_arn: String,
    pub(crate) destination_arn: Option<String>,
    pub(crate) rate: Option<i64>,
    pub(crate) moved: usize,
    /// How many messages there were.
    pub(crate) to_move: usize,
    pub(crate) started_ms: u64,
    /// Why it ended before all messages were moved.
    pub(crate) failure: Option<String>,
}
