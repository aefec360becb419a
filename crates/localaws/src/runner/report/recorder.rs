#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex},
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Phase, PhaseStatus, Report};

/// Records the reports of a runner.
#[derive(Debug, Default)]
pub(in crate::runner) struct Recorder {
    pub(in crate::runner) interrupt: CancellationToken,
    seen: Mutex<Seen>,
    /// How many times text was logged.
    logged: watch::Sender<u64>,
}

/// A status code and a message.
type Context = (String, String);

#[derive(Debug, Default, Clone)]
pub(in crate::runner) struct Seen {
    pub(in crate::runner) open: Option<Phase>,
    pub(in crate::runner) phases: Vec<(Phase, PhaseStatus, Option<Context>)>,
    pub(in crate::runner) events: Vec<String>,
    pub(in crate::runner) commit: Option<String>,
    pub(in crate::runner) exported: BTreeMap<String, String>,
}

impl Recorder {
    pub(in crate::runner) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(in crate::runner) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until a line with exactly this text is logged.
    pub(in crate::runner) async fn logs(&self, text: &str) {
        let mut logged = self.logged.subscribe();
        logged.wait_for(|_| self.seen().lines().iter().any(|line| line == text)).await.unwrap();
    }
}

impl Seen {
    pub(in crate::runner) fn log(&self) -> String {
        self.events.concat()
    }

    /// The log without CodeBuild's times.
    pub(in crate::runner) fn lines(&self) -> Vec<String> {
        let log = self.log();
        log.lines().map(|line| line.strip_prefix("[Container] ").map_or(line.to_owned(), |rest| format!("> {}", &rest[27..]))).collect()
    }

    /// The first phase that did not succeed, with its context.
    pub(in crate::runner) fn mishap(&self) -> Option<(Phase, PhaseStatus, String, String)> {
        let (phase, status, context) = self.phases.iter().find(|(_, status, _)| *status != PhaseStatus::Succeeded)?;
        let (code, message) = context.clone()?;
        Some((*phase, *status, code, message))
    }

    pub(in crate::runner) fn names(&self) -> Vec<Phase> {
        self.phases.iter().map(|(phase, ..)| *phase).collect()
    }
}

impl Report for Recorder {
    fn enter(&self, phase: Phase) {
        let before = self.seen.lock().unwrap().open.replace(phase);
        assert_eq!(before, None, "a phase was entered before another was left");
    }

    fn leave(&self, status: PhaseStatus, context: Option<(&str, &str)>) {
        let mut seen = self.seen.lock().unwrap();
        let phase = seen.open.take().unwrap();
        seen.phases.push((phase, status, context.map(|(code, message)| (code.into(), message.into()))));
    }

    fn log(&self, text: &str) {
        self.seen.lock().unwrap().events.push(text.into());
        self.logged.send_modify(|count| *count += 1);
    }

    fn resolved(&self, version: &str) {
        self.seen.lock().unwrap().commit = Some(version.into());
    }

    fn export(&self, name: &str, value: &str) {
        self.seen.lock().unwrap().exported.insert(name.into(), value.into());
    }

    fn interrupted(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.interrupt.cancelled())
    }
}

pub(in crate::runner) const WHOLE: [Phase; 8] = [
    Phase::Provisioning,
    Phase::DownloadSource,
    Phase::Install,
    Phase::PreBuild,
    Phase::Build,
    Phase::PostBuild,
    Phase::UploadArtifacts,
    Phase::Finalizing,
];
