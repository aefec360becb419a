//! What HTTP and the command line may read and change of the running daemon.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::{console::Console, dead_letter, notices::Notices, pause};
use crate::{pulse::Pulses, supervise::Panics};

/// What changes the running daemon, besides signals. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Controls {
    /// What is paused.
    pub pauses: pause::Pauses,
    /// The dead letters: messages that were rejected, or received too often.
    pub dead_letters: dead_letter::Admin,
}

/// What others may read of the running daemon. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Vitals {
    /// The progress of each loop, for health.
    pub pulses: Pulses,
    /// Jobs whose task has panicked, which is a fault of the daemon.
    pub panics: Panics,
    /// States that need an operator.
    pub notices: Notices,
    pub(super) ready: Arc<watch::Sender<bool>>,
    pub(super) console: Arc<OnceLock<Console>>,
    pub(super) controls: Arc<OnceLock<Controls>>,
}

impl Vitals {
    /// Whether every queue has answered and the daemon takes work.
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// The handle of the API and the status page. `None`: the daemon has not started yet.
    pub fn console(&self) -> Option<Console> {
        self.console.get().cloned()
    }

    /// The pauses and the dead letters. `None`: the daemon has not started yet.
    pub fn controls(&self) -> Option<Controls> {
        self.controls.get().cloned()
    }

    /// Resolves when the daemon takes work.
    pub async fn ready(&self) {
        // The sender lives in `self`: waiting cannot fail.
        self.ready.subscribe().wait_for(|ready| *ready).await.map(drop).unwrap_or_default();
    }
}
