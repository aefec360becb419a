//! The handle by which the API and the status page read the running daemon and change it.

mod cancel;
mod log;
mod notice;
mod record;
mod snapshot;
mod submit;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;

use self::snapshot::Taken;
pub use self::{
    cancel::Cancelling,
    log::LogReader,
    submit::{SubmitError, Submitted},
};
pub use super::tracker::{Change, Subscription, What};
use super::{index::Index, lease::Leases, notices::Notices, pause::Pauses, tracker::Tracker, worker::Worker};
use crate::{
    aws::{Clients, logs::Logs},
    config::Config,
    pulse::Pulses,
};

/// The handle. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Console {
    shared: Arc<Shared>,
}

/// What a console is made of.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) worker: Arc<Worker>,
    pub(super) index: Index,
    /// Paced: these reads count towards the same bound as the reads for events.
    pub(super) logs: Logs,
    pub(super) clients: Clients,
    pub(super) pulses: Pulses,
    pub(super) notices: Notices,
    pub(super) pauses: Pauses,
    /// Of every queue.
    pub(super) leases: Vec<Leases>,
}

#[derive(Debug)]
struct Shared {
    parts: Parts,
    started_at: Timestamp,
    taken: Mutex<Option<Taken>>,
}

impl Console {
    pub(super) fn new(parts: Parts) -> Self {
        let started_at = parts.worker.clock.now();
        Self { shared: Arc::new(Shared { parts, started_at, taken: Mutex::default() }) }
    }

    /// Every change from now on. With the id of a change: every change after that one.
    pub fn subscribe(&self, after: Option<u64>) -> Subscription {
        self.tracker().subscribe(after)
    }

    /// How far back builds are found whose jobs have left the history: the longest time that a build can run.
    pub fn reach(&self) -> Duration {
        self.parts().index.reach()
    }

    fn parts(&self) -> &Parts {
        &self.shared.parts
    }

    fn tracker(&self) -> &Tracker {
        &self.shared.parts.worker.tracker
    }

    fn config(&self) -> Arc<Config> {
        self.shared.parts.worker.current.now()
    }
}
