//! The state of CodeBuild, and how the changes of a build are recorded.

pub(super) mod capacity;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    model::{
        build::{Build, Live},
        project::Project,
        token::Tokens,
    },
    row,
};
use crate::logs::Logs;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) projects: BTreeMap<String, Project>,
    pub(super) builds: HashMap<String, Arc<Build>>,
    /// The builds in the order of the starts.
    pub(super) order: BTreeMap<u64, Arc<Build>>,
    /// The sequence number of the next build.
    pub(super) next: u64,
    pub(super) tokens: Tokens,
}

impl State {
    /// Adds a build. The caller adds it to its project.
    pub(super) fn add(&mut self, build: Arc<Build>) {
        self.next = self.next.max(build.sequence + 1);
        self.order.insert(build.sequence, Arc::clone(&build));
        self.builds.insert(build.id.clone(), build);
    }

    pub(super) fn forget(&mut self, build: &Build) {
        self.builds.remove(&build.id);
        self.order.remove(&build.sequence);
        if let Some(project) = self.projects.get_mut(&build.project) {
            project.builds.remove(&build.sequence);
        }
    }
}

impl Build {
    /// Records the state of the build.
    pub(super) fn keep(&self, live: &Live) {
        self.journal.record(|| row::progress(self.sequence, live));
    }
}

impl Live {
    /// Appends events to the build's log.
    pub(super) fn print(&self, logs: &Logs, events: Vec<(u64, String)>) {
        if let Some((group, stream)) = self.transcript.target()
            && !events.is_empty()
        {
            logs.append(group, stream, events);
        }
    }
}
