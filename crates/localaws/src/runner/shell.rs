//! Builds that run on this machine: git fetches the source into a scratch directory, and a shell runs the buildspec's commands there.
//!
//! A build is no more confined than its user is: whoever may start builds may run commands. What a build does not get is the
//! environment of this process, its home, or its git configuration.

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
    /// Where each build's scratch directory is made.
    root: PathBuf,
    clock: Clock,
    /// What builds see of this process's environment.
    inherited: Vec<(OsString, OsString)>,
    vault: Arc<Vault>,
}

impl Shell {
    /// A runner whose builds work in directories of their own below `root`, which is made when the first build needs it. The log's
    /// times follow `clock`.
    pub fn new(root: impl Into<PathBuf>, clock: Clock) -> Self {
        Self { root: root.into(), clock, inherited: environment::inherited(), vault: Arc::default() }
    }

    /// The same runner with these values for what builds take from the Parameter Store, by the parameter's name.
    #[must_use]
    pub fn with_parameters(mut self, parameters: BTreeMap<String, String>) -> Self {
        Arc::make_mut(&mut self.vault).parameters = parameters;
        self
    }

    /// The same runner with these values for what builds take from the Secrets Manager, by the secret's name or ARN. A reference
    /// with a JSON key gives that key's value in the secret.
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
            // What the log does not show, no event shall.
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
