//! A move of messages out of a dead-letter queue.

/// A move that was done. Moves are done at once.
#[derive(Debug)]
pub(crate) struct MoveTask {
    pub(crate) source_arn: String,
    pub(crate) destination_arn: Option<String>,
    pub(crate) rate: Option<i64>,
    pub(crate) moved: usize,
    /// How many there were.
    pub(crate) to_move: usize,
    pub(crate) started_ms: u64,
    /// Why it ended before all were moved.
    pub(crate) failure: Option<String>,
}
