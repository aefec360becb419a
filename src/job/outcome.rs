//! How a build ended, and whose fault it is.

mod download;
mod images;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    build::{Build, Context, Phase},
    redact::Redactor,
};

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The build succeeded.
    Succeeded,
    /// The build failed because of what the sender sent: source, image or variables.
    Failed,
    /// The build took longer than its timeout.
    TimedOut,
    /// The job was cancelled.
    Cancelled,
    /// The job was cancelled because a newer job of its group arrived.
    Superseded,
    /// The platform failed the job in every attempt.
    Errored,
}

impl Status {
    /// The status as events have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
            Self::Errored => "errored",
        }
    }
}

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The sender has to act.
    Build,
    /// The platform or the operator has to act.
    Platform,
    /// The build took longer than its timeout.
    Timeout,
}

/// Why a job did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureKind,
    /// The phase that failed, such as `BUILD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub phase: Option<String>,
    /// The known cause, such as `DOCKER_HUB_RATE_LIMIT`; otherwise CodeBuild's code, such as `COMMAND_EXECUTION_ERROR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub code: Option<String>,
    /// The reason for people: the log's decisive line or else CodeBuild's message, and advice if the cause is known.
    pub message: String,
    /// The command that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub command: Option<String>,
}

/// How a job ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub status: Status,
    /// Always present for `failed`, `timed_out` and `errored`.
    pub failure: Option<Failure>,
}

impl Outcome {
    /// Removes secrets from the failure's texts; the redactor counts them.
    pub fn redact(&mut self, redactor: &mut Redactor) {
        let Some(failure) = &mut self.failure else { return };
        for text in [Some(&mut failure.message), failure.command.as_mut()].into_iter().flatten() {
            *text = redactor.text(text);
        }
    }
}

/// What an ended build means for its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The job has ended.
    Ended(Outcome),
    /// The platform failed the build, and the job may have another attempt.
    PlatformFault(Failure),
}

/// Judges a build that has ended. A build with the status `FAILED` may have timed out: its phases say so. A build with the status
/// `SUCCEEDED` has failed if it does not report all images that it was started for.
pub fn judge(build: &Build) -> Verdict {
    let failed = build.phases.iter().find(|phase| phase.status.as_deref().is_some_and(|status| status != "SUCCEEDED"));
    let before_source = failed.is_some_and(|phase| matches!(&*phase.name, "SUBMITTED" | "QUEUED" | "PROVISIONING"));
    let network = failed.is_some_and(|phase| {
        let says_so = |context: &Context| context.code != "YAML_FILE_ERROR" && download::is_networks_fault(&context.message);
        &*phase.name == "DOWNLOAD_SOURCE" && phase.contexts.iter().any(says_so)
    });
    let has_phase = |status: &str| build.phases.iter().any(|phase| phase.status.as_deref() == Some(status));
    let ended = |status, kind| Verdict::Ended(Outcome { status, failure: Some(failure(build, failed, kind)) });
    let fault = || Verdict::PlatformFault(failure(build, failed, FailureKind::Platform));
    match &*build.status {
        "SUCCEEDED" => Verdict::Ended(match images::missing(build) {
            None => Outcome { status: Status::Succeeded, failure: None },
            failure => Outcome { status: Status::Failed, failure },
        }),
        "STOPPED" => Verdict::Ended(Outcome { status: Status::Cancelled, failure: None }),
        // If no machine came, or none became ready, the platform is at fault.
        "FAILED" | "TIMED_OUT" | "CLIENT_ERROR" if before_source => fault(),
        "FAILED" | "CLIENT_ERROR" if network => fault(),
        "TIMED_OUT" => ended(Status::TimedOut, FailureKind::Timeout),
        "FAILED" if has_phase("TIMED_OUT") || has_code(build, "BUILD_TIMED_OUT") => ended(Status::TimedOut, FailureKind::Timeout),
        "FAILED" if has_phase("FAULT") || has_phase("VPC_CLIENT_ERROR") => fault(),
        "FAILED" => ended(Status::Failed, FailureKind::Build),
        "CLIENT_ERROR" if failed.is_some() => ended(Status::Failed, FailureKind::Build),
        // FAULT, VPC_CLIENT_ERROR, and statuses that are not known yet.
        _ => fault(),
    }
}

fn has_code(build: &Build, code: &str) -> bool {
    build.phases.iter().flat_map(|phase| &phase.contexts).any(|context| context.code == code)
}

fn failure(build: &Build, phase: Option<&Phase>, kind: FailureKind) -> Failure {
    let says_something = |context: &&Context| !context.code.trim().is_empty() || !context.message.trim().is_empty();
    let context = phase.and_then(|phase| phase.contexts.iter().find(says_something));
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let name = phase.map(|phase| phase.name.to_string());
    let message = context.and_then(|context| text(&context.message)).unwrap_or_else(|| {
        match (&name, phase.and_then(|phase| phase.status.as_deref())) {
            (Some(name), Some(status)) => format!("phase {name} ended with status {status}"),
            _ => format!("the build ended with status {}", build.status),
        }
    });
    Failure { kind, phase: name, code: context.and_then(|context| text(&context.code)), command: command(&message), message }
}

/// The command in `Error while executing command: COMMAND. Reason: exit status N`. A command may have several lines, and dots.
fn command(message: &str) -> Option<String> {
    let rest = message.strip_prefix("Error while executing command: ")?;
    let command = rest.rsplit_once(". Reason: ").map_or(rest, |(command, _)| command).trim();
    Some(command.to_owned()).filter(|command| !command.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(status: &str, phases: &[(&str, &str, &str, &str)]) -> Build {
        let phase = |&(name, status, code, message): &(&str, &str, &str, &str)| Phase {
            name: name.into(),
            status: Some(status).filter(|status| !status.is_empty()).map(Into::into),
            contexts: [Context { code: code.into(), message: message.into() }].into(),
            ..Phase::default()
        };
        Build { status: status.into(), complete: true, phases: phases.iter().map(phase).collect(), ..Build::default() }
    }

    /// A verdict in one line: the status or "again", with the kind, the phase and the code.
    fn word(verdict: &Verdict) -> String {
        let failure = |failure: &Failure| {
            format!("{:?}/{}/{}", failure.kind, failure.phase.as_deref().unwrap_or("-"), failure.code.as_deref().unwrap_or("-"))
        };
        match verdict {
            Verdict::Ended(Outcome { status, failure: Some(why) }) => format!("{} {}", status.as_str(), failure(why)),
            Verdict::Ended(Outcome { status, failure: None }) => status.as_str().to_owned(),
            Verdict::PlatformFault(why) => format!("again {}", failure(why)),
        }
    }

    #[test]
    fn the_verdict_follows_from_the_status_and_the_phases() {
        type Row<'a> = (&'a str, &'a [(&'a str, &'a str, &'a str, &'a str)], &'a str);
        let rows: &[Row<'_>] = &[
            ("SUCCEEDED", &[("BUILD", "SUCCEEDED", "", "")], "succeeded"),
            ("STOPPED", &[("BUILD", "STOPPED", "", "")], "cancelled"),
            (
                "FAILED",
                &[("BUILD", "FAILED", "COMMAND_EXECUTION_ERROR", "x"), ("POST_BUILD", "SUCCEEDED", "", ""), ("COMPLETED", "", "", "")],
                "failed Build/BUILD/COMMAND_EXECUTION_ERROR",
            ),
            (
                "FAILED",
                &[("DOWNLOAD_SOURCE", "FAILED", "CLIENT_ERROR", "reference not found")],
                "failed Build/DOWNLOAD_SOURCE/CLIENT_ERROR",
            ),
            (
                "FAILED",
                &[("DOWNLOAD_SOURCE", "FAILED", "CLIENT_ERROR", "dial tcp 140.82.112.4:443: i/o timeout")],
                "again Platform/DOWNLOAD_SOURCE/CLIENT_ERROR",
            ),
            ("FAILED", &[("BUILD", "FAILED", "X", "dial tcp 140.82.112.4:443: i/o timeout")], "failed Build/BUILD/X"),
            ("FAILED", &[("BUILD", "TIMED_OUT", "BUILD_TIMED_OUT", "")], "timed_out Timeout/BUILD/BUILD_TIMED_OUT"),
            ("FAILED", &[("BUILD", "FAILED", "BUILD_TIMED_OUT", "Build has timed out.")], "timed_out Timeout/BUILD/BUILD_TIMED_OUT"),
            ("TIMED_OUT", &[("BUILD", "TIMED_OUT", "", "")], "timed_out Timeout/BUILD/-"),
            ("TIMED_OUT", &[], "timed_out Timeout/-/-"),
            ("TIMED_OUT", &[("QUEUED", "TIMED_OUT", "", "")], "again Platform/QUEUED/-"),
            ("FAILED", &[], "failed Build/-/-"),
            ("FAULT", &[("BUILD", "FAULT", "INTERNAL_ERROR", "x")], "again Platform/BUILD/INTERNAL_ERROR"),
            ("FAILED", &[("BUILD", "FAULT", "", "")], "again Platform/BUILD/-"),
            (
                "FAILED",
                &[("PROVISIONING", "FAILED", "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", "x")],
                "again Platform/PROVISIONING/BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE",
            ),
            ("FAILED", &[("QUEUED", "CLIENT_ERROR", "CLIENT_ERROR", "x")], "again Platform/QUEUED/CLIENT_ERROR"),
            ("CLIENT_ERROR", &[], "again Platform/-/-"),
            ("CLIENT_ERROR", &[("DOWNLOAD_SOURCE", "CLIENT_ERROR", "X", "")], "failed Build/DOWNLOAD_SOURCE/X"),
            ("VPC_CLIENT_ERROR", &[("BUILD", "VPC_CLIENT_ERROR", "", "")], "again Platform/BUILD/-"),
            ("SOMETHING_NEW", &[], "again Platform/-/-"),
        ];
        for (status, phases, expected) in rows {
            assert_eq!(word(&judge(&build(status, phases))), *expected, "{status} {phases:?}");
        }
    }

    #[test]
    fn the_failed_command_is_read_from_the_context() {
        for (message, expected) in [
            ("Error while executing command: docker build -t \"$IMAGE\" .. Reason: exit status 1", Some("docker build -t \"$IMAGE\" .")),
            (
                "Error while executing command: set -e\ncat <<E\nx. Reason: y\nE\n. Reason: exit status 2",
                Some("set -e\ncat <<E\nx. Reason: y\nE"),
            ),
            ("Error while executing command: make", Some("make")),
            ("Error while executing command: . Reason: exit status 1", None),
            ("authentication required for primary source", None),
        ] {
            assert_eq!(command(message).as_deref(), expected, "{message}");
        }
    }

    #[test]
    fn a_failure_always_has_a_message() {
        for (build, expected) in [
            (build("FAILED", &[("BUILD", "FAILED", "", " ")]), "phase BUILD ended with status FAILED"),
            (build("FAILED", &[]), "the build ended with status FAILED"),
            (build("FAILED", &[("BUILD", "FAILED", "X", "as CodeBuild says")]), "as CodeBuild says"),
        ] {
            let Verdict::Ended(Outcome { failure: Some(failure), .. }) = judge(&build) else { panic!("{build:?}") };
            assert_eq!(failure.message, expected);
        }
    }
}
