//! The two steps of leaving.

use tokio_util::sync::CancellationToken;

/// Told from outside when to leave. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Stop taking work, give back what has not started, report what ends within the grace period.
    pub drain: CancellationToken,
    /// Leave now.
    pub leave: CancellationToken,
}
