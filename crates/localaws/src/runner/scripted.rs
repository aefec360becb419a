//! Builds that follow a script instead of running commands, for tests and load tests.

use std::{collections::BTreeMap, fmt, pin::Pin, sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{
    Assignment, Ending, Runner,
    report::Report,
    transcript::{Mishap, Transcript},
};
use crate::{
    clock::Clock,
    codebuild::{
        phase::{Phase, PhaseStatus},
        progress::Progress,
    },
};

/// The name of the command in scripts that do not name one.
const COMMAND: &str = "docker build .";

/// Runs each build by the script that a function returns for it.
#[derive(Clone)]
pub struct Scripted {
    script: Arc<dyn Fn(&Assignment) -> Script + Send + Sync>,
    clock: Clock,
}

/// The course of one build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// How long PROVISIONING takes.
    pub provisioning: Duration,
    /// How long BUILD takes. The other phases take no time.
    pub building: Duration,
    /// How the build ends.
    pub end: ScriptEnd,
    /// The output of the command in BUILD.
    pub log: String,
    /// The variables that the build exports, if its commands run.
    pub exported: BTreeMap<String, String>,
    /// The commit of the source. `None`: the version in the assignment.
    pub resolved: Option<String>,
}

/// The end of a scripted build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptEnd {
    /// Every phase succeeds.
    Succeeds,
    /// The command in BUILD ends with this exit status.
    Fails {
        /// The command.
        command: String,
        /// The exit status.
        exit: i32,
    },
    /// The platform fails during BUILD.
    Faults,
    /// PROVISIONING fails: the image cannot be pulled.
    ProvisioningError,
    /// `DOWNLOAD_SOURCE` fails: the buildspec is wrong.
    YamlError,
    /// The build stays in BUILD until it is stopped or times out.
    Hangs,
}

impl Script {
    fn ending(end: ScriptEnd) -> Self {
        Self { provisioning: Duration::ZERO, building: Duration::ZERO, end, log: String::new(), exported: BTreeMap::new(), resolved: None }
    }

    /// A build that succeeds at once.
    pub fn succeeds() -> Self {
        Self::ending(ScriptEnd::Succeeds)
    }

    /// A build whose `command` prints `output` and ends with the status `exit`.
    pub fn fails(command: impl Into<String>, output: impl Into<String>, exit: i32) -> Self {
        Self::ending(ScriptEnd::Fails { command: command.into(), exit }).printing(output)
    }

    /// A build that ends with a platform fault.
    pub fn faults() -> Self {
        Self::ending(ScriptEnd::Faults)
    }

    /// A build whose image cannot be pulled: `BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE`.
    pub fn provisioning_error() -> Self {
        Self::ending(ScriptEnd::ProvisioningError)
    }

    /// A build whose buildspec is wrong: `YAML_FILE_ERROR`.
    pub fn yaml_error() -> Self {
        Self::ending(ScriptEnd::YamlError)
    }

    /// A build that ends only when it is stopped or times out.
    pub fn hangs() -> Self {
        Self::ending(ScriptEnd::Hangs)
    }

    /// The same build with a BUILD phase of this length.
    #[must_use]
    pub fn taking(mut self, building: Duration) -> Self {
        self.building = building;
        self
    }

    /// The same build with a PROVISIONING phase of this length.
    #[must_use]
    pub fn provisioning(mut self, provisioning: Duration) -> Self {
        self.provisioning = provisioning;
        self
    }

    /// The same build with this output of its command.
    #[must_use]
    pub fn printing(mut self, output: impl Into<String>) -> Self {
        self.log = output.into();
        self
    }

    /// The same build with one more exported variable.
    #[must_use]
    pub fn exporting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.exported.insert(name.into(), value.into());
        self
    }

    /// The same build with this commit as its source.
    #[must_use]
    pub fn resolving(mut self, commit: impl Into<String>) -> Self {
        self.resolved = Some(commit.into());
        self
    }
}

impl Scripted {
    /// A runner that gets the script of each build from `script`. Must be called within a tokio runtime.
    pub fn new(script: impl Fn(&Assignment) -> Script + Send + Sync + 'static) -> Self {
        Self { script: Arc::new(script), clock: Clock::system() }
    }

    /// The same runner, with the times of `clock` in the log.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    pub(super) fn start(&self, assignment: Assignment, report: Arc<dyn Report>) -> Pin<Box<dyn Future<Output = Ending> + Send>> {
        let script = (self.script)(&assignment);
        let transcript = Transcript::new(Arc::clone(&report), self.clock);
        Box::pin(async move {
            tokio::select! {
                biased;
                () = report.interrupted() => Ending::Failed,
                ending = perform(&script, &assignment, report.as_ref(), &transcript) => ending,
            }
        })
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").finish_non_exhaustive()
    }
}

impl Runner for Scripted {
    fn run(&self, assignment: Assignment, progress: Progress) -> Pin<Box<dyn Future<Output = Ending> + Send>> {
        self.start(assignment, Arc::new(progress))
    }
}

async fn perform(script: &Script, assignment: &Assignment, report: &dyn Report, transcript: &Transcript) -> Ending {
    transcript.enter(Phase::Provisioning);
    pass(script.provisioning).await;
    if script.end == ScriptEnd::ProvisioningError {
        let message = "Unable to pull customer's container image. CannotPullContainerError: pull image manifest has been retried 1 time(s): not found";
        let (status, code) = (PhaseStatus::ClientError, "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE");
        let mishap = Mishap { status, code, message: message.into() };
        transcript.leave(Phase::Provisioning, Some(&mishap));
        finalize(transcript);
        return Ending::Failed;
    }
    transcript.leave(Phase::Provisioning, None);

    let downloaded = download(script, assignment, report, transcript);
    transcript.leave(Phase::DownloadSource, downloaded.as_ref().err());
    if downloaded.is_err() {
        finalize(transcript);
        return Ending::Failed;
    }
    through(transcript, &[Phase::Install, Phase::PreBuild]);

    let built = build(script, transcript).await;
    transcript.leave(Phase::Build, built.as_ref().err());
    if built.as_ref().is_err_and(Mishap::is_fault) {
        finalize(transcript);
        return Ending::Fault;
    }
    through(transcript, &[Phase::PostBuild, Phase::UploadArtifacts]);
    for (name, value) in &script.exported {
        report.export(name, value);
    }
    finalize(transcript);
    if built.is_ok() { Ending::Succeeded } else { Ending::Failed }
}

fn download(script: &Script, assignment: &Assignment, report: &dyn Report, transcript: &Transcript) -> Result<(), Mishap> {
    transcript.enter(Phase::DownloadSource);
    transcript.waiting();
    if let Some(commit) = script.resolved.as_ref().or(assignment.source.version.as_ref()) {
        report.resolved(commit);
    }
    transcript.downloaded("/codebuild/output/src/src");
    if script.end == ScriptEnd::YamlError {
        return Err(Mishap::new("YAML_FILE_ERROR", "stat /codebuild/output/src/src/buildspec.yml: no such file or directory"));
    }
    transcript.say("YAML location is /codebuild/readonly/buildspec.yml");
    transcript.say("Processing environment variables");
    transcript.registered(&[(Phase::Build, 1)]);
    Ok(())
}

async fn build(script: &Script, transcript: &Transcript) -> Result<(), Mishap> {
    transcript.enter(Phase::Build);
    let (command, exit) = match &script.end {
        ScriptEnd::Fails { command, exit } => (command.as_str(), *exit),
        _ => (COMMAND, 0),
    };
    transcript.running(command);
    for line in script.log.split_inclusive('\n') {
        transcript.print(line);
    }
    pass(script.building).await;
    match &script.end {
        ScriptEnd::Hangs => std::future::pending().await,
        ScriptEnd::Faults => {
            let (status, code) = (PhaseStatus::Fault, "INTERNAL_SERVICE_ERROR");
            return Err(Mishap { status, code, message: "The build container was lost".into() });
        }
        _ => transcript.print("\n"),
    }
    if exit == 0 {
        return Ok(());
    }
    let reason = format!("exit status {exit}");
    transcript.unsuccessful(command, &reason);
    Err(Mishap::command(command, &reason))
}

/// Runs phases in which nothing happens.
fn through(transcript: &Transcript, phases: &[Phase]) {
    for phase in phases {
        transcript.enter(*phase);
        transcript.leave(*phase, None);
    }
}

fn finalize(transcript: &Transcript) {
    through(transcript, &[Phase::Finalizing]);
}

/// Waits. A duration of zero needs no timer.
async fn pass(duration: Duration) {
    if !duration.is_zero() {
        sleep(duration).await;
    }
}

#[cfg(test)]
mod tests;
