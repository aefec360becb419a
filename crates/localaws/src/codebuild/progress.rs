//! How a runner tells CodeBuild what happens in a build.

use crate::codebuild::phase::{Phase, PhaseStatus};

/// The reporting end of one build. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Progress {
    // B: fields
}

impl Progress {
    /// A phase begins. Entering PROVISIONING makes the log stream's name known.
    pub fn enter(&self, phase: Phase) {}

    /// The phase that was entered last ends. `context` is `(status code, message)`.
    pub fn leave(&self, status: PhaseStatus, context: Option<(&str, &str)>) {}

    /// Appends to the log; each line (ending in a newline, or the rest) becomes one log event.
    pub fn log(&self, text: &str) {}

    /// The commit that the source's version stands for.
    pub fn resolved(&self, version: &str) {}

    /// A variable that the buildspec exports.
    pub fn export(&self, name: &str, value: &str) {}

    /// Resolves when the build must end now: stopped, or out of time.
    pub async fn interrupted(&self) {}
}
