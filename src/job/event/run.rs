//! A build as events show it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::build::{Build, Phase};

use super::rfc3339;

/// One build of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// `project:uuid`
    pub id: String,
    /// The build's ARN.
    pub arn: String,
    /// The build's number within its project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64")]
    pub number: Option<i64>,
    /// The CodeBuild project.
    pub project: String,
    /// RFC 3339 in UTC with milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started_at: Option<String>,
    /// RFC 3339 in UTC with milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub ended_at: Option<String>,
    /// The build's page in the AWS console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub console_url: Option<String>,
    /// The phases, in the order in which they ran.
    #[serde(default)]
    pub phases: Vec<RunPhase>,
}

/// One phase of a build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunPhase {
    /// CodeBuild's name, such as `DOWNLOAD_SOURCE`.
    pub name: String,
    /// Absent while the phase runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub status: Option<String>,
    /// How long it took, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub seconds: Option<f64>,
}

/// How long each part of a job's way took, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timings {
    /// From the send to the receive by the daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub queued_seconds: Option<f64>,
    /// From the receive to the start of the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub waiting_seconds: Option<f64>,
    /// From the start of the build until its source was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub provisioning_seconds: Option<f64>,
    /// From then to the end of the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub building_seconds: Option<f64>,
}

impl Run {
    /// A build as it is now.
    pub fn of(build: &Build) -> Self {
        let phase = |phase: &Phase| RunPhase {
            name: phase.name.to_string(),
            status: phase.status.as_ref().map(ToString::to_string),
            seconds: phase.seconds().map(to_millis),
        };
        Self {
            id: build.id.to_string(),
            arn: build.arn(),
            number: build.number,
            project: build.project.to_string(),
            started_at: build.started_at().map(rfc3339),
            ended_at: build.ended_at().map(rfc3339),
            console_url: console_url(&build.arn()),
            phases: build.phases.iter().map(phase).collect(),
        }
    }
}

impl Timings {
    /// Adds the times that are known from the build's phases.
    #[must_use]
    pub fn with_build(self, build: &Build) -> Self {
        let sum = |of_provisioning: bool| {
            let is_provisioning = |phase: &&Phase| matches!(&*phase.name, "SUBMITTED" | "QUEUED" | "PROVISIONING");
            let phases = build.phases.iter().filter(|phase| is_provisioning(phase) == of_provisioning);
            let seconds: Vec<_> = phases.filter_map(Phase::seconds).collect();
            (!seconds.is_empty()).then(|| to_millis(seconds.iter().sum()))
        };
        Self { provisioning_seconds: sum(true), building_seconds: sum(false), ..self }
    }
}

/// Rounded to milliseconds: sums of decimal fractions are not exact.
fn to_millis(seconds: f64) -> f64 {
    (seconds * 1_000.0).round() / 1_000.0
}

/// The build's page in the console, from `arn:PARTITION:codebuild:REGION:ACCOUNT:build/PROJECT:UUID`.
fn console_url(arn: &str) -> Option<String> {
    let mut parts = arn.splitn(6, ':');
    let (_arn, partition, _service, region, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let id = parts.next()?.strip_prefix("build/")?;
    let (project, uuid) = id.split_once(':')?;
    let domain = match partition {
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    Some(format!("https://{region}.{domain}/codesuite/codebuild/{account}/projects/{project}/build/{project}%3A{uuid}/?region={region}"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::job::moment::Moment;

    #[test]
    fn the_console_url_is_made_from_the_arn() {
        for (arn, expected) in [
            (
                "arn:aws:codebuild:eu-west-1:123456789012:build/flex:5fea-77",
                Some(
                    "https://eu-west-1.console.aws.amazon.com/codesuite/codebuild/123456789012/projects/flex/build/flex%3A5fea-77/?region=eu-west-1",
                ),
            ),
            (
                "arn:aws-cn:codebuild:cn-north-1:1:build/p:u",
                Some("https://cn-north-1.console.amazonaws.cn/codesuite/codebuild/1/projects/p/build/p%3Au/?region=cn-north-1"),
            ),
            ("", None),
            ("flex:5fea", None),
            ("arn:aws:codebuild:eu-west-1:1:project/flex", None),
        ] {
            assert_eq!(console_url(arn).as_deref(), expected);
        }
    }

    #[test]
    fn timings_are_computed_from_the_phases() {
        let phase = |name: &'static str, end| {
            let ended = Timestamp::from_millisecond(end).ok().map(Moment::from);
            Phase { name: name.into(), started: Some(Moment::from(Timestamp::UNIX_EPOCH)), ended, ..Phase::default() }
        };
        let running = Phase { ended: None, ..phase("COMPLETED", 0) };
        let phases = vec![phase("QUEUED", 100), phase("PROVISIONING", 200), phase("BUILD", 71_500), running];
        let timings = Timings { queued_seconds: Some(1.0), ..Timings::default() }.with_build(&Build { phases, ..Build::default() });
        let expected =
            Timings { queued_seconds: Some(1.0), waiting_seconds: None, provisioning_seconds: Some(0.3), building_seconds: Some(71.5) };
        assert_eq!(timings, expected);
        assert_eq!(Timings::default().with_build(&Build::default()), Timings::default());
    }
}
