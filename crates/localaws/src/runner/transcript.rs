//! The log of a build in CodeBuild's form, in step with the reported phases.

use std::{
    fmt::Display,
    io,
    sync::{Arc, LazyLock, OnceLock},
    time::Duration,
};

use jiff::Timestamp;

use super::{mask::Mask, report::Report};
use crate::{
    clock::Clock,
    codebuild::phase::{Phase, PhaseStatus},
};

/// Why a phase did not succeed, in CodeBuild's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mishap {
    /// FAILED if the build is the reason, FAULT if this machine is.
    pub(super) status: PhaseStatus,
    /// The context's status code, such as `YAML_FILE_ERROR`.
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Mishap {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: PhaseStatus::Failed, code, message: message.into() }
    }

    /// This machine lacks descriptors, processes, memory or disk space. The same build may succeed elsewhere or later.
    pub(super) fn fault(doing: impl Display, error: &io::Error) -> Self {
        Self { status: PhaseStatus::Fault, code: "INTERNAL_SERVICE_ERROR", message: format!("{doing}: {error}") }
    }

    pub(super) fn is_fault(&self) -> bool {
        self.status == PhaseStatus::Fault
    }

    /// A command that ended with a status other than 0. The command must be masked already.
    pub(super) fn command(command: &str, reason: &str) -> Self {
        Self::new("COMMAND_EXECUTION_ERROR", format!("Error while executing command: {command}. Reason: {reason}"))
    }
}

/// Writes the log of one build and reports its phases.
#[derive(Debug, Clone)]
pub(super) struct Transcript {
    report: Arc<dyn Report>,
    clock: Clock,
    mask: Arc<OnceLock<Mask>>,
}

impl Transcript {
    pub(super) fn new(report: Arc<dyn Report>, clock: Clock) -> Self {
        Self { report, clock, mask: Arc::default() }
    }

    /// Masks these values in the log and in the contexts of phases from now on. To be called once for a build.
    pub(super) fn hide<'a>(&self, values: impl IntoIterator<Item = &'a str>) {
        self.mask.get_or_init(|| Mask::new(values));
    }

    pub(super) fn mask(&self) -> &Mask {
        static NO_VALUES: LazyLock<Mask> = LazyLock::new(|| Mask::new([]));
        self.mask.get().unwrap_or(&NO_VALUES)
    }

    /// Logs a line of CodeBuild's own. It is never masked, because readers recognise the course of the build by its words. A text of the
    /// build in it must be masked already.
    pub(super) fn say(&self, text: impl Display) {
        self.report.log(&line(self.clock.now(), text));
    }

    /// Logs the output of a command, unchanged.
    pub(super) fn print(&self, text: &str) {
        self.report.log(&self.mask().text(text));
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.report.enter(phase);
        if is_logged(phase) && phase != Phase::DownloadSource && phase != Phase::UploadArtifacts {
            self.say(format_args!("Entering phase {}", phase.name()));
        }
    }

    /// Ends the phase that was entered last, with success or with the mishap.
    pub(super) fn leave(&self, phase: Phase, mishap: Option<&Mishap>) {
        let (status, code, message) = match mishap {
            None => (PhaseStatus::Succeeded, "", ""),
            Some(mishap) => (mishap.status, mishap.code, mishap.message.as_str()),
        };
        if is_logged(phase) {
            let state = if status == PhaseStatus::Succeeded { "SUCCEEDED" } else { "FAILED" };
            self.say(format_args!("Phase complete: {} State: {state}", phase.name()));
            self.say(format_args!("Phase context status code: {code} Message: {message}"));
        }
        self.report.leave(status, mishap.map(|_| (code, message)));
    }

    /// Logs the container's lines before the source is fetched.
    pub(super) fn waiting(&self) {
        self.say("Waiting for agent ping");
        self.say("Waiting for DOWNLOAD_SOURCE");
    }

    /// Logs the container's lines after the source is fetched.
    pub(super) fn downloaded(&self, source_directory: impl Display) {
        self.say("Phase is DOWNLOAD_SOURCE");
        self.say(format_args!("CODEBUILD_SRC_DIR={source_directory}"));
    }

    /// Logs the phases of the buildspec with their numbers of commands.
    pub(super) fn registered(&self, phases: &[(Phase, usize)]) {
        self.say("Registering with agent");
        self.say(format_args!("Phases found in YAML: {}", phases.len()));
        for (phase, commands) in phases {
            self.say(format_args!(" {}: {commands} commands", phase.name()));
        }
    }

    /// The command must be masked already.
    pub(super) fn running(&self, command: &str) {
        self.say(format_args!("Running command {command}"));
    }

    /// Logs that a failed phase runs again. CodeBuild's own text for it is not known.
    pub(super) fn retrying(&self, phase: Phase, retry: u32) {
        self.say(format_args!("Phase {} failed and is tried again: retry {retry}", phase.name()));
    }

    /// The command must be masked already.
    pub(super) fn unsuccessful(&self, command: &str, reason: &str) {
        self.say(format_args!("Command did not exit successfully {command} {reason}"));
    }
}

/// In PROVISIONING there is no container yet that could log, and in FINALIZING no longer one.
fn is_logged(phase: Phase) -> bool {
    (Phase::DownloadSource..=Phase::UploadArtifacts).contains(&phase)
}

/// `[Container] 2026/01/28 20:47:36.367057 TEXT` and a newline. `now`: the time since the Unix epoch, shown in UTC.
fn line(now: Duration, text: impl Display) -> String {
    let micros = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
    let time = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
    format!("[Container] {} {text}\n", time.strftime("%Y/%m/%d %H:%M:%S%.6f"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_time_in_the_form_of_codebuild() {
        let now = Duration::from_micros(1_769_633_256_367_057);
        assert_eq!(line(now, "Entering phase BUILD"), "[Container] 2026/01/28 20:47:36.367057 Entering phase BUILD\n");
        assert_eq!(line(Duration::from_secs(0), "x"), "[Container] 1970/01/01 00:00:00.000000 x\n");
    }
}
