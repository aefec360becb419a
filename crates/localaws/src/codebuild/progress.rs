//! The progress of a build, as its runner reports it.

use std::sync::Arc;

use super::model::{
    build::{Build, Live},
    phase::{Phase, PhaseStatus},
};
use crate::{journal::Held, logs::Logs};

/// Takes a runner's reports about one build. Cheap to clone.
///
/// Once the build has ended (stopped or timed out), its phases no longer change. The log still takes late lines, as on AWS.
#[derive(Debug, Clone)]
pub struct Progress {
    build: Arc<Build>,
    /// Where the build's output goes.
    logs: Arc<Logs>,
}

impl Progress {
    pub(super) fn new(build: Arc<Build>, logs: Arc<Logs>) -> Self {
        Self { build, logs }
    }

    /// Begins a phase. PROVISIONING reveals the name of the log stream.
    pub fn enter(&self, phase: Phase) {
        let now = self.build.clock.millis();
        let mut live = self.build.live();
        if live.is_over() {
            return;
        }
        live.open(now, phase);
        if phase == Phase::Provisioning {
            live.transcript.reveal();
        }
        self.keep(live);
    }

    /// Ends the phase that was entered last. `context`: status code and message.
    pub fn leave(&self, status: PhaseStatus, context: Option<(&str, &str)>) {
        let now = self.build.clock.millis();
        let mut live = self.build.live();
        let rest = live.transcript.flush(now);
        live.print(&self.logs, rest);
        if !live.is_over() {
            live.close(now, status, context);
        }
        self.keep(live);
    }

    /// Appends to the log. Each line, and a rest without a newline, becomes one event.
    pub fn log(&self, text: &str) {
        let mut live = self.build.live();
        let events = live.transcript.write(self.build.clock.millis(), text);
        live.print(&self.logs, events);
        drop(live);
        self.build.journal.settle();
    }

    /// Sets the commit of the source's version.
    pub fn resolved(&self, version: &str) {
        let mut live = self.build.live();
        live.resolved = Some(version.to_owned());
        self.keep(live);
    }

    /// Sets a variable that the buildspec exports.
    pub fn export(&self, name: &str, value: &str) {
        let mut live = self.build.live();
        match live.exported.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => live.exported.push((name.to_owned(), value.to_owned())),
        }
        self.keep(live);
    }

    /// Resolves when the build must end now: it was stopped, or timed out.
    pub async fn interrupted(&self) {
        self.build.interrupt.cancelled().await;
    }

    fn keep(&self, live: Held<'_, Live>) {
        self.build.keep(&live);
        drop(live);
        self.build.journal.settle();
    }
}
