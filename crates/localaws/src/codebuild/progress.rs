//! How a runner tells CodeBuild what happens in a build.

use std::sync::Arc;

use super::build::{Build, Live};
use crate::{
    codebuild::phase::{Phase, PhaseStatus},
    journal::Held,
};

/// The reporting end of one build. Cheap to clone.
///
/// Once the build is over (stopped, out of time), phases no longer change; the log still takes what comes late, as on AWS.
#[derive(Debug, Clone)]
pub struct Progress {
    build: Arc<Build>,
}

impl Progress {
    pub(super) fn new(build: Arc<Build>) -> Self {
        Self { build }
    }

    /// A phase begins. Entering PROVISIONING makes the log stream's name known.
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

    /// The phase that was entered last ends. `context` is `(status code, message)`.
    pub fn leave(&self, status: PhaseStatus, context: Option<(&str, &str)>) {
        let now = self.build.clock.millis();
        let mut live = self.build.live();
        live.transcript.flush(now);
        if !live.is_over() {
            live.close(now, status, context);
        }
        self.keep(live);
    }

    /// Appends to the log; each line (ending in a newline, or the rest) becomes one log event.
    pub fn log(&self, text: &str) {
        self.build.live().transcript.write(self.build.clock.millis(), text);
        self.build.journal.settle();
    }

    /// The commit that the source's version stands for.
    pub fn resolved(&self, version: &str) {
        let mut live = self.build.live();
        live.resolved = Some(version.to_owned());
        self.keep(live);
    }

    /// A variable that the buildspec exports.
    pub fn export(&self, name: &str, value: &str) {
        let mut live = self.build.live();
        match live.exported.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => live.exported.push((name.to_owned(), value.to_owned())),
        }
        self.keep(live);
    }

    /// Resolves when the build must end now: stopped, or out of time.
    pub async fn interrupted(&self) {
        self.build.interrupt.cancelled().await;
    }

    fn keep(&self, live: Held<'_, Live>) {
        self.build.keep(&live);
        drop(live);
        self.build.journal.settle();
    }
}
