//! The EventBridge event "CodeBuild Build State Change".

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::view::{INITIATOR, artifacts, contexts, deep_link};
use crate::codebuild::{
    CodeBuild,
    model::{
        build::{Build, Live, Record},
        merge::text,
    },
};

impl CodeBuild {
    /// Sends the event of a status change. Must not be called with a lock held.
    pub(super) fn announce(&self, build: &Build) {
        if let Some(events) = &self.settings.events {
            events(build.state_change(&self.settings.region, &self.settings.account));
        }
    }
}

impl Build {
    /// The event as EventBridge delivers it to its targets, as JSON text.
    fn state_change(&self, region: &str, account: &str) -> String {
        let live = self.live();
        let now = self.clock.millis();
        let start = live.phases.first().map_or(now, |record| record.start_ms);
        let member = |name: &str| self.settings.get(name).unwrap_or(&Value::Null);
        let minutes = |name: &str| member(name).as_f64().unwrap_or_default();
        let mut details = json!({
            "build-complete": live.is_over(),
            "build-number": number(self.number),
            "initiator": INITIATOR,
            "build-start-time": locale_time(start),
            "timeout-in-minutes": minutes("timeoutInMinutes"),
            "queued-timeout-in-minutes": minutes("queuedTimeoutInMinutes"),
            "cache": {"type": member("cache")["type"]},
            "source": source(member("source")),
            "environment": environment(member("environment")),
            "artifact": artifacts(member("artifacts")),
            "logs": logs(&live, region),
            "phases": live.phases.iter().map(phase).collect::<Vec<_>>(),
        });
        if let Some(version) = self.settings.get("sourceVersion") {
            details["source-version"] = version.clone();
        }
        let event = json!({
            "version": "0",
            "id": crate::random::uuid().to_string(),
            "detail-type": "CodeBuild Build State Change",
            "source": "aws.codebuild",
            "account": account,
            "time": at(now).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": region,
            "resources": [self.arn],
            "detail": {
                "build-status": live.status.name(),
                "project-name": self.project,
                "build-id": self.arn,
                "additional-information": details,
                "current-phase": live.current_phase().name(),
                "current-phase-context": "[]",
                "version": "1",
            },
        });
        event.to_string()
    }
}

/// The given members of a shape in the API, under their names in the event.
fn renamed(value: &Value, names: &[(&str, &str)]) -> Value {
    let there = names.iter().filter_map(|(from, to)| Some(((*to).to_owned(), value.get(*from)?.clone())));
    Value::Object(there.collect::<Map<_, _>>())
}

fn source(source: &Value) -> Value {
    renamed(source, &[("type", "type"), ("location", "location"), ("buildspec", "buildspec"), ("gitCloneDepth", "git-clone-depth")])
}

fn environment(environment: &Value) -> Value {
    let mut renamed = renamed(
        environment,
        &[
            ("type", "type"),
            ("image", "image"),
            ("computeType", "compute-type"),
            ("privilegedMode", "privileged-mode"),
            ("imagePullCredentialsType", "image-pull-credentials-type"),
            ("environmentVariables", "environment-variables"),
        ],
    );
    if text(&renamed, "image-pull-credentials-type").is_empty() {
        renamed["image-pull-credentials-type"] = json!("CODEBUILD");
    }
    renamed
}

/// The names are left out until they are known.
fn logs(live: &Live, region: &str) -> Value {
    let mut logs = json!({"deep-link": deep_link(live, region)});
    if let Some((group, stream)) = live.transcript.names() {
        logs["group-name"] = json!(group);
        logs["stream-name"] = json!(stream);
    }
    logs
}

fn phase(record: &Record) -> Value {
    let context: Vec<_> = contexts(record).into_iter().map(|(code, message)| format!("{code}: {message}")).collect();
    let mut phase = json!({"phase-type": record.phase, "start-time": locale_time(record.start_ms)});
    if let Some((end, status)) = record.end {
        phase["phase-context"] = json!(context);
        phase["phase-status"] = json!(status);
        phase["end-time"] = json!(locale_time(end));
        phase["duration-in-seconds"] = number(end.saturating_sub(record.start_ms) / 1000);
    }
    phase
}

/// EventBridge has CodeBuild's numbers with a fraction: `60.0`.
fn number(value: u64) -> Value {
    json!(std::time::Duration::from_secs(value).as_secs_f64())
}

/// US-locale time without a zone, such as `Nov 22, 2026 10:22:00 AM`.
fn locale_time(millis: u64) -> String {
    at(millis).strftime("%b %-d, %Y %-I:%M:%S %p").to_string()
}

fn at(millis: u64) -> jiff::Zoned {
    let time = i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    time.unwrap_or_default().to_zoned(TimeZone::UTC)
}
