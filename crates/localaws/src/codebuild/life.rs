//! A build's life after its start: the queue, the runner, the end.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use tokio::time::{Duration, sleep, timeout};

use super::{
    CodeBuild,
    build::{Build, Status, Verdict},
    merge::text,
    phase::{Phase, PhaseStatus},
    progress::Progress,
    slot::Turn,
    view::INITIATOR,
};
use crate::runner::{Assignment, Ending, Source};

/// How long a runner may take to clean up after a stopped build before its task is dropped.
const CLEANUP: Duration = Duration::from_secs(30);

/// Takes a build from QUEUED to its end. One task a build.
pub(super) async fn live(codebuild: Arc<CodeBuild>, build: Arc<Build>, mut turn: Turn) {
    let slot = tokio::select! {
        biased;
        () = build.interrupt.cancelled() => return,
        slot = turn.slot() => slot,
        () = sleep(build.queued_timeout) => return codebuild.conclude(&build, Verdict::TimedOut),
    };
    carry_out(&codebuild, &build).await;
    drop(slot);
    let status = build.live().status;
    if matches!(status, Status::Failed | Status::Fault) {
        codebuild.retry(&build);
    }
}

async fn carry_out(codebuild: &CodeBuild, build: &Arc<Build>) {
    let progress = Progress::new(Arc::clone(build));
    if let Some(name) = unresolvable(build) {
        codebuild.conclude(build, refuse_variable(&progress, &name));
        return;
    }
    let runner = Arc::clone(&codebuild.settings.runner);
    let assignment = assignment(build, &codebuild.settings.region);
    // A task of its own, so that a panic is the end of the build and not of its record.
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
    /// Ends a build and says so; without effect if it has ended.
    pub(super) fn conclude(&self, build: &Build, verdict: Verdict) {
        if build.finish(verdict) {
            self.announce(build);
        }
    }
}

/// The first variable whose value lies in a service that this endpoint does not have.
fn unresolvable(build: &Build) -> Option<String> {
    let stored = variables(build).find(|variable| text(variable, "type") != "PLAINTEXT")?;
    Some(text(stored, "value").to_owned())
}

/// What AWS does with a parameter or secret that does not exist.
fn refuse_variable(progress: &Progress, name: &str) -> Verdict {
    progress.enter(Phase::Provisioning);
    progress.leave(PhaseStatus::Succeeded, None);
    progress.enter(Phase::DownloadSource);
    let message = format!("parameter does not exist: {name}");
    progress.leave(PhaseStatus::Failed, Some(("Decrypted Variables Error", &message)));
    Verdict::Ended(Ending::Failed)
}

fn variables(build: &Build) -> impl Iterator<Item = &Value> {
    let environment = build.settings.get("environment").unwrap_or(&Value::Null);
    environment["environmentVariables"].as_array().into_iter().flatten()
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
        environment: build.variables(),
        initiator: INITIATOR.to_owned(),
        start_time_ms: build.live().phases.first().map_or(0, |record| record.start_ms),
        region: region.to_owned(),
    }
}

impl Build {
    /// The variables that the build's commands see.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        variables(self).map(|variable| (text(variable, "name").to_owned(), text(variable, "value").to_owned())).collect()
    }
}
