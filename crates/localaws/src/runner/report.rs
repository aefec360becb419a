//! The receiver of a runner's reports: a build's [`Progress`], or a recorder in tests.

use std::{fmt, pin::Pin};

use crate::codebuild::{
    phase::{Phase, PhaseStatus},
    progress::Progress,
};

/// The functions of [`Progress`].
pub(super) trait Report: fmt::Debug + Send + Sync {
    fn enter(&self, phase: Phase);
    fn leave(&self, status: PhaseStatus, context: Option<(&str, &str)>);
    fn log(&self, text: &str);
    fn resolved(&self, version: &str);
    fn export(&self, name: &str, value: &str);
    fn interrupted(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

impl Report for Progress {
    fn enter(&self, phase: Phase) {
        Progress::enter(self, phase);
    }

    fn leave(&self, status: PhaseStatus, context: Option<(&str, &str)>) {
        Progress::leave(self, status, context);
    }

    fn log(&self, text: &str) {
        Progress::log(self, text);
    }

    fn resolved(&self, version: &str) {
        Progress::resolved(self, version);
    }

    fn export(&self, name: &str, value: &str) {
        Progress::export(self, name, value);
    }

    fn interrupted(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Progress::interrupted(self))
    }
}

#[cfg(test)]
pub(super) mod recorder;
