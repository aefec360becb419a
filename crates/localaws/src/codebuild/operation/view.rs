//! Projects and builds in the API's shapes.

use serde_json::{Map, Value, json};
use tokio::time::Duration;

use crate::codebuild::{
    CodeBuild,
    model::{
        build::{Build, Live, Record},
        merge::text,
        phase::Phase,
        project::Project,
    },
};

/// The project's members that a build shows unchanged.
const SHOWN: &[&str] = &[
    "sourceVersion",
    "source",
    "secondarySources",
    "secondarySourceVersions",
    "cache",
    "environment",
    "serviceRole",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "encryptionKey",
    "vpcConfig",
];

/// The initiator of all builds: the endpoint accepts any credentials and knows no users.
pub(super) const INITIATOR: &str = "root";

impl CodeBuild {
    pub(super) fn view(&self, build: &Build) -> Value {
        build.view(&self.settings.region, &self.settings.account)
    }
}

impl Project {
    /// The model's `Project`.
    pub(super) fn view(&self, name: &str, arn: &str) -> Value {
        let mut view = self.members.clone();
        let badge = view.remove("badgeEnabled").unwrap_or(Value::Bool(false));
        view.insert("badge".to_owned(), json!({ "badgeEnabled": badge }));
        view.insert("name".to_owned(), json!(name));
        view.insert("arn".to_owned(), json!(arn));
        view.insert("created".to_owned(), seconds(self.created_ms));
        view.insert("lastModified".to_owned(), seconds(self.modified_ms));
        view.insert("projectVisibility".to_owned(), json!("PRIVATE"));
        Value::Object(view)
    }
}

impl Build {
    /// The model's `Build`.
    fn view(&self, region: &str, account: &str) -> Value {
        let live = self.live();
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| {
            view.insert(name.to_owned(), value);
        };
        for &name in SHOWN {
            if let Some(value) = self.settings.get(name) {
                put(name, value.clone());
            }
        }
        put("id", json!(self.id));
        put("arn", json!(self.arn));
        put("buildNumber", json!(self.number));
        put("projectName", json!(self.project));
        put("initiator", json!(INITIATOR));
        put("currentPhase", json!(live.current_phase().name()));
        put("buildStatus", json!(live.status.name()));
        put("buildComplete", json!(live.is_over()));
        put("phases", live.phases.iter().map(phase).collect());
        put("artifacts", artifacts(self.settings.get("artifacts").unwrap_or(&Value::Null)));
        put("logs", logs(&live, self.settings.get("logsConfig"), region, account));
        if let Some(first) = live.phases.first() {
            put("startTime", seconds(first.start_ms));
        }
        if let Some(end) = live.end_ms {
            put("endTime", seconds(end));
            let exported = live.exported.iter().map(|(name, value)| json!({"name": name, "value": value}));
            put("exportedEnvironmentVariables", exported.collect());
        }
        if let Some(version) = &live.resolved {
            put("resolvedSourceVersion", json!(version));
        }
        let mut retry = json!({"autoRetryLimit": self.retry.limit, "autoRetryNumber": self.retry.number});
        for (name, arn) in [("nextAutoRetry", &live.next_retry), ("previousAutoRetry", &self.retry.previous)] {
            if let Some(arn) = arn {
                retry[name] = json!(arn);
            }
        }
        put("autoRetryConfig", retry);
        Value::Object(view)
    }
}

/// A time in the JSON protocol: seconds since the Unix epoch, with milliseconds as the fraction.
fn seconds(millis: u64) -> Value {
    json!(Duration::from_millis(millis).as_secs_f64())
}

/// The phases of the container always have a context. Its parts are empty if nothing happened.
pub(super) fn contexts(record: &Record) -> Vec<(&str, &str)> {
    match &record.context {
        Some((code, message)) => vec![(code, message)],
        None if record.end.is_some() && record.phase >= Phase::Provisioning => vec![("", "")],
        None => Vec::new(),
    }
}

fn phase(record: &Record) -> Value {
    let mut view = json!({"phaseType": record.phase, "startTime": seconds(record.start_ms)});
    if let Some((end, status)) = record.end {
        view["phaseStatus"] = json!(status);
        view["endTime"] = seconds(end);
        view["durationInSeconds"] = json!(end.saturating_sub(record.start_ms) / 1000);
    }
    let contexts = contexts(record);
    if !contexts.is_empty() {
        view["contexts"] = contexts.iter().map(|(code, message)| json!({"statusCode": code, "message": message})).collect();
    }
    view
}

/// The destination of the artifacts: the ARN of a bucket with a path, or an empty text.
pub(super) fn artifacts(settings: &Value) -> Value {
    let parts = ["location", "path", "name"].map(|part| text(settings, part).trim_matches('/'));
    let path = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    let location = if text(settings, "type") == "S3" { format!("arn:aws:s3:::{path}") } else { String::new() };
    json!({"location": location})
}

fn logs(live: &Live, config: Option<&Value>, region: &str, account: &str) -> Value {
    let names = live.transcript.names();
    let (group, stream) = names.unwrap_or(("null", "null"));
    let mut view = json!({
        "deepLink": deep_link(live, region),
        "cloudWatchLogsArn": format!("arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"),
    });
    if names.is_some() {
        view["groupName"] = json!(group);
        view["streamName"] = json!(stream);
    }
    for part in ["cloudWatchLogs", "s3Logs"] {
        if let Some(value) = config.and_then(|config| config.get(part)) {
            view[part] = value.clone();
        }
    }
    view
}

/// The link to the log in the AWS console. The names in it are `null` until PROVISIONING.
pub(super) fn deep_link(live: &Live, region: &str) -> String {
    let console = format!("https://console.aws.amazon.com/cloudwatch/home?region={region}");
    match live.transcript.names() {
        None => format!("{console}#logEvent:group=null;stream=null"),
        Some((group, stream)) => {
            // The console decodes its fragment twice, with `$` for the outer percent sign.
            let [group, stream] = [group, stream].map(|name| name.replace('/', "$252F"));
            format!("{console}#logsV2:log-groups/log-group/{group}/log-events/{stream}")
        }
    }
}
