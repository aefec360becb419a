//! CodeBuild: projects, and builds that a [`Runner`] runs.

mod error;
#[cfg(feature = "data")]
mod load;
mod model;
mod operation;
pub mod progress;
mod row;
pub mod runner;
mod state;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

pub use self::model::phase;
use self::{
    model::build::Build,
    runner::Runner,
    state::{State, capacity::Capacity},
};
use crate::{
    clock::Clock,
    journal::{Held, Journal},
    logs::Logs,
};

/// Gets each event of a state change, as JSON text.
pub type Events = Arc<dyn Fn(String) + Send + Sync>;

/// What CodeBuild needs.
#[derive(Clone)]
pub struct Settings {
    pub clock: Clock,
    /// The region's name, such as `us-east-1`.
    pub region: String,
    /// The account's twelve digits.
    pub account: String,
    /// Where the output of builds goes.
    pub logs: Arc<Logs>,
    /// Runs the builds.
    pub runner: Arc<dyn Runner>,
    /// How many builds run at once in the account; further ones wait in the queue. `None`: no limit.
    pub account_limit: Option<usize>,
    /// How many builds may wait; further starts are refused.
    pub queue_limit: usize,
    /// The length of a minute in the timeouts of builds.
    pub minute: Duration,
    /// Gets the EventBridge events "CodeBuild Build State Change".
    pub events: Option<Events>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("region", &self.region)
            .field("account", &self.account)
            .field("runner", &self.runner)
            .field("account_limit", &self.account_limit)
            .field("queue_limit", &self.queue_limit)
            .field("minute", &self.minute)
            .field("events", &self.events.is_some())
            .finish_non_exhaustive()
    }
}

/// The service.
#[derive(Debug)]
pub struct CodeBuild {
    settings: Settings,
    capacity: Capacity,
    state: Mutex<State>,
    /// Records changes of the state. Each build has its own journal.
    journal: Journal,
}

/// A build, for observers in the same process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildView {
    /// `project:uuid`.
    pub id: String,
    pub project: String,
    /// CodeBuild's status, such as `IN_PROGRESS`.
    pub status: &'static str,
    /// CodeBuild's phase, such as `QUEUED`.
    pub phase: &'static str,
    /// The variables of the project, replaced by those of the start.
    pub variables: BTreeMap<String, String>,
    /// Milliseconds since the Unix epoch.
    pub start_ms: u64,
    /// Milliseconds since the Unix epoch.
    pub end_ms: Option<u64>,
}

impl CodeBuild {
    pub fn new(settings: Settings) -> Self {
        let capacity = Capacity::new(settings.account_limit, settings.queue_limit);
        Self { settings, capacity, state: Mutex::default(), journal: Journal::default() }
    }

    /// The same service, with its changes recorded in `journal`.
    pub(crate) fn kept_by(self, journal: &Journal) -> Self {
        Self { journal: journal.fork(), ..self }
    }

    /// Changes how many builds run at once in the account. Queued builds start if there is room now.
    pub fn set_account_limit(&self, limit: Option<usize>) {
        self.capacity.set_limit(limit);
    }

    /// Changes how many builds may wait.
    pub fn set_queue_limit(&self, limit: usize) {
        self.capacity.set_queue_limit(limit);
    }

    /// Every build, in the order of the starts.
    pub fn builds(&self) -> Vec<BuildView> {
        let builds: Vec<_> = self.state().order.values().cloned().collect();
        builds.iter().map(|build| build.summary()).collect()
    }

    fn state(&self) -> Held<'_, State> {
        Held::new(&self.state, &self.journal)
    }
}

impl Build {
    fn summary(&self) -> BuildView {
        let variables = self.variables();
        let live = self.live();
        BuildView {
            id: self.id.clone(),
            project: self.project.clone(),
            status: live.status.name(),
            phase: live.current_phase().name(),
            variables,
            start_ms: live.phases.first().map_or(0, |record| record.start_ms),
            end_ms: live.end_ms,
        }
    }
}
