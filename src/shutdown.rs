//! The two steps of a shutdown: drain, and leave.

use tokio_util::sync::CancellationToken;

/// The signals of a shutdown. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Cancelled to drain: receive nothing more, give back jobs that have not started, report builds that end within the grace period.
    pub drain: CancellationToken,
    /// Cancelled to leave at once.
    pub leave: CancellationToken,
}
