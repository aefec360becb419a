//! A build's log as CodeBuild writes it, kept in step with the phases that are reported.

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
    /// FAILED where the build is to blame, FAULT where this machine is.
    pub(super) status: PhaseStatus,
    /// The context's status code, such as `YAML_FILE_ERROR`.
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Mishap {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: PhaseStatus::Failed, code, message: message.into() }
    }

    /// This machine could not do its part: it wants descriptors, processes, memory or space. The same build may succeed elsewhere or later.
    pub(super) fn fault(doing: impl Display, error: &io::Error) -> Self {
        Self { status: PhaseStatus::Fault, code: "INTERNAL_SERVICE_ERROR", message: format!("{doing}: {error}") }
    }

    pub(super) fn is_fault(&self) -> bool {
        self.status == PhaseStatus::Fault
    }

    /// A command, masked, that ended with another status than 0.
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

    /// Keeps these values out of the log and the phases' contexts from now on. A build has one set of them.
    pub(super) fn hide<'a>(&self, values: impl IntoIterator<Item = &'a str>) {
        self.mask.get_or_init(|| Mask::new(values));
    }

    pub(super) fn mask(&self) -> &Mask {
        static NO_VALUES: LazyLock<Mask> = LazyLock::new(|| Mask::new([]));
        self.mask.get().unwrap_or(&NO_VALUES)
    }

    /// A line of CodeBuild's own. Its words stay whatever the values are: by them readers know how the build went. What it repeats of a
    /// build is masked by whoever repeats it.
    pub(super) fn say(&self, text: impl Display) {
        self.report.log(&line(self.clock.now(), text));
    }

    /// What a command printed, as it came.
    pub(super) fn print(&self, text: &str) {
        self.report.log(&self.mask().text(text));
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.report.enter(phase);
        if is_logged(phase) && phase != Phase::DownloadSource && phase != Phase::UploadArtifacts {
            self.say(format_args!("Entering phase {}", phase.name()));
        }
    }

    /// The phase that was entered last ends: well, or as the mishap says.
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

    /// What the container says before it fetches the source.
    pub(super) fn waiting(&self) {
        self.say("Waiting for agent ping");
        self.say("Waiting for DOWNLOAD_SOURCE");
    }

    /// What the container says once it has the source.
    pub(super) fn downloaded(&self, source_directory: impl Display) {
        self.say("Phase is DOWNLOAD_SOURCE");
        self.say(format_args!("CODEBUILD_SRC_DIR={source_directory}"));
    }

    /// The phases of the buildspec with their numbers of commands.
    pub(super) fn registered(&self, phases: &[(Phase, usize)]) {
        self.say("Registering with agent");
        self.say(format_args!("Phases found in YAML: {}", phases.len()));
        for (phase, commands) in phases {
            self.say(format_args!(" {}: {commands} commands", phase.name()));
        }
    }

    /// The command is masked.
    pub(super) fn running(&self, command: &str) {
        self.say(format_args!("Running command {command}"));
    }

    /// A failed phase begins again; CodeBuild's own words for it are not known.
    pub(super) fn retrying(&self, phase: Phase, retry: u32) {
        self.say(format_args!("Phase {} failed and is tried again: retry {retry}", phase.name()));
    }

    /// The command is masked.
    pub(super) fn unsuccessful(&self, command: &str, reason: &str) {
        self.say(format_args!("Command did not exit successfully {command} {reason}"));
    }
}

/// PROVISIONING has no container yet that could log, and FINALIZING none any more.
fn is_logged(phase: Phase) -> bool {
    (Phase::DownloadSource..=Phase::UploadArtifacts).contains(&phase)
}

/// `[Container] 2026/01/28 20:47:36.367057 TEXT` and a newline; `now` counts from the Unix epoch, the time shown is UTC.
fn line(now: Duration, text: impl Display) -> String {
    let micros = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
    let time = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
    format!("[Container] {} {text}\n", time.strftime("%Y/%m/%d %H:%M:%S%.6f"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_carries_the_time_as_codebuild_writes_it() {
        let now = Duration::from_micros(1_769_633_256_367_057);
        assert_eq!(line(now, "Entering phase BUILD"), "[Container] 2026/01/28 20:47:36.367057 Entering phase BUILD\n");
        assert_eq!(line(Duration::from_secs(0), "x"), "[Container] 1970/01/01 00:00:00.000000 x\n");
    }
}
