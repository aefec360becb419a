//! Builds on this machine: git fetches the source into a scratch directory, and a shell runs the buildspec's commands there.
//!
//! A build may do whatever its user may, so anybody who can start builds can run commands. A build does not get the environment of this
//! process, its home directory, or its git configuration.

mod block;
mod build;
mod environment;
mod git;
mod group;
mod output;
mod script;
mod source;
mod user;
mod workspace;

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, pin::Pin, sync::Arc};

use self::workspace::Workspace;
use super::{
    Assignment, Ending, Runner,
    report::Report,
    transcript::{Mishap, Transcript},
    vault::Vault,
};
use crate::{
    clock::Clock,
    codebuild::{phase::Phase, progress::Progress},
};

/// Runs builds with git and a shell.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The directory in which the scratch directories of builds are created.
    root: PathBuf,
    clock: Clock,
    /// The variables of this process's environment that builds get.
    inherited: Vec<(OsString, OsString)>,
    vault: Arc<Vault>,
}

impl Shell {
    /// A runner whose builds have their own directories below `root`, which is created for the first build. The log has the times of
    /// `clock`.
    pub fn new(root: impl Into<PathBuf>, clock: Clock) -> Self {
        Self { root: root.into(), clock, inherited: environment::inherited(), vault: Arc::default() }
    }

    /// The same runner, with these values of the Parameter Store, by the parameter's name.
    #[must_use]
    pub fn with_parameters(mut self, parameters: BTreeMap<String, String>) -> Self {
        Arc::make_mut(&mut self.vault).parameters = parameters;
        self
    }

    /// The same runner, with these values of Secrets Manager, by the secret's name or ARN. A reference with a JSON key gets that key's
    /// value.
    #[must_use]
    pub fn with_secrets(mut self, secrets: BTreeMap<String, String>) -> Self {
        Arc::make_mut(&mut self.vault).secrets = secrets;
        self
    }

    async fn carry_out(self, assignment: Assignment, report: Arc<dyn Report>) -> Ending {
        let transcript = Transcript::new(Arc::clone(&report), self.clock);
        transcript.enter(Phase::Provisioning);
        let mut workspace = match Workspace::prepare(&self.root, &self.inherited).await {
            Ok(workspace) => workspace,
            Err(error) => {
                let mishap = Mishap::fault("no scratch directory for the build", &error);
                transcript.leave(Phase::Provisioning, Some(&mishap));
                return Ending::Fault;
            }
        };
        transcript.leave(Phase::Provisioning, None);
        let finished = tokio::select! {
            biased;
            () = report.interrupted() => None,
            finished = build::run(&self, &assignment, report.as_ref(), &transcript, &mut workspace) => Some(finished),
        };
        let Some(finished) = finished else {
            workspace.clear(&transcript).await;
            return Ending::Failed;
        };
        transcript.enter(Phase::Finalizing);
        for (name, value) in &finished.exported {
            // A value that the log masks is masked in the event too.
            report.export(name, &transcript.mask().text(value));
        }
        workspace.clear(&transcript).await;
        transcript.leave(Phase::Finalizing, None);
        finished.ending
    }
}

impl Runner for Shell {
    fn run(&self, assignment: Assignment, progress: Progress) -> Pin<Box<dyn Future<Output = Ending> + Send>> {
        Box::pin(self.clone().carry_out(assignment, Arc::new(progress)))
    }
}

#[cfg(test)]
mod tests;
