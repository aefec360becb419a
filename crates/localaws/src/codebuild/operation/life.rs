//! The life of a build after its start: in the queue, in the runner, at its end.

use std::sync::Arc;

use serde_json::Value;
use tokio::time::{Duration, sleep, timeout};

use super::view::INITIATOR;
use crate::codebuild::{
    CodeBuild,
    model::{
        build::{Build, Status, Verdict},
        merge::text,
    },
    progress::Progress,
    runner::{Assignment, Source, Stored},
    state::capacity::Turn,
};

/// How long the runner of a stopped build may clean up before its task is aborted.
const CLEANUP: Duration = Duration::from_secs(30);

/// Runs a build from QUEUED to its end. Each build has its own task.
pub(in crate::codebuild) async fn live(codebuild: Arc<CodeBuild>, build: Arc<Build>, mut turn: Turn) {
    let permit = tokio::select! {
        biased;
        () = build.interrupt.cancelled() => return,
        permit = turn.permit() => permit,
        () = sleep(build.patience()) => return codebuild.conclude(&build, Verdict::TimedOut),
    };
    carry_out(&codebuild, &build).await;
    drop(permit);
    let status = build.live().status;
    if matches!(status, Status::Failed | Status::Fault) {
        codebuild.retry(&build);
    }
}

async fn carry_out(codebuild: &CodeBuild, build: &Arc<Build>) {
    let progress = Progress::new(Arc::clone(build), Arc::clone(&codebuild.settings.logs));
    let runner = Arc::clone(&codebuild.settings.runner);
    let assignment = assignment(build, &codebuild.settings.region);
    // A task of its own: a panic ends the build, but its record stays correct.
    let mut work = tokio::spawn(async move { runner.run(assignment, progress).await });
    let verdict = tokio::select! {
        biased;
        ended = &mut work => return codebuild.conclude(build, ended.map_or(Verdict::Lost, Verdict::Ended)),
        () = build.interrupt.cancelled() => Verdict::Stopped,
        () = sleep(build.timeout) => Verdict::TimedOut,
    };
    codebuild.conclude(build, verdict);
    build.interrupt.cancel();
    if timeout(CLEANUP, &mut work).await.is_err() {
        work.abort();
    }
}

impl CodeBuild {
    /// Ends a build and announces its end. Without effect if it has ended.
    pub(in crate::codebuild) fn conclude(&self, build: &Build, verdict: Verdict) {
        let now = build.clock.millis();
        let mut live = build.live();
        if live.is_over() {
            return;
        }
        let rest = live.transcript.flush(now);
        live.print(&self.settings.logs, rest);
        live.finish(now, verdict);
        build.keep(&live);
        drop(live);
        self.announce(build);
        self.journal.settle();
    }
}

fn assignment(build: &Build, region: &str) -> Assignment {
    let source = build.settings.get("source").unwrap_or(&Value::Null);
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let version = build.settings.get("sourceVersion").and_then(Value::as_str).unwrap_or_default();
    let depth = source["gitCloneDepth"].as_u64().and_then(|depth| u32::try_from(depth).ok());
    Assignment {
        build_id: build.id.clone(),
        build_arn: build.arn.clone(),
        number: build.number,
        project: build.project.clone(),
        source: Source {
            kind: text(source, "type").to_owned(),
            location: given(text(source, "location")),
            version: given(version),
            depth: depth.unwrap_or_default(),
            submodules: source["gitSubmodulesConfig"]["fetchSubmodules"].as_bool().unwrap_or_default(),
        },
        buildspec: given(text(source, "buildspec")),
        environment: build.given_variables().filter(|variable| stored(variable).is_none()).map(pair).collect(),
        stored: build.given_variables().filter_map(|variable| Some((pair(variable).0, stored(variable)?))).collect(),
        image: given(text(build.settings.get("environment").unwrap_or(&Value::Null), "image")),
        encryption_key: encryption_key(build, region),
        initiator: INITIATOR.to_owned(),
        start_time_ms: build.live().phases.first().map_or(0, |record| record.start_ms),
        region: region.to_owned(),
    }
}

/// The project's key, or the default key of S3.
fn encryption_key(build: &Build, region: &str) -> String {
    let account = build.arn.split(':').nth(4).unwrap_or_default();
    let key = build.settings.get("encryptionKey").and_then(Value::as_str).filter(|key| !key.is_empty());
    key.map_or_else(|| format!("arn:aws:kms:{region}:{account}:alias/aws/s3"), ToOwned::to_owned)
}

/// The store that holds the variable's value. `None`: the value is plain.
fn stored(variable: &Value) -> Option<Stored> {
    let value = text(variable, "value").to_owned();
    match text(variable, "type") {
        "PARAMETER_STORE" => Some(Stored::Parameter(value)),
        "SECRETS_MANAGER" => Some(Stored::Secret(value)),
        _ => None,
    }
}

fn pair(variable: &Value) -> (String, String) {
    (text(variable, "name").to_owned(), text(variable, "value").to_owned())
}

impl Build {
    /// How much longer the build may wait in the queue.
    fn patience(&self) -> Duration {
        let since_ms = self.live().phases.last().map_or(0, |queued| queued.start_ms);
        self.queued_timeout.saturating_sub(Duration::from_millis(self.clock.millis().saturating_sub(since_ms)))
    }
}
