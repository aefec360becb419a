//! Why a request about dead letters fails.

use crate::aws::AwsError;

/// Why a request about dead letters fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such dead-letter queue.
    #[error("{0}")]
    Unknown(String),
    /// Another request took too long.
    #[error("another request is looking at the dead letters: try again in a minute")]
    Busy,
    /// The process ends, or the request has panicked.
    #[error("the look was broken off: what it hid is visible again within a minute")]
    BrokenOff,
    /// A call to SQS failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
}
