//! Runs one phase of a buildspec: its commands, then those of `finally`.

use std::io;

use super::{
    environment::Environment,
    script::{self, Programs},
    user::User,
    workspace::Workspace,
};
use crate::{
    codebuild::phase::Phase,
    runner::{
        buildspec::{Block, Version},
        transcript::{Mishap, Transcript},
    },
};

/// Runs the commands of phases. Each has its own shell, which gets the variables and the directory of the one before.
#[derive(Debug)]
pub(super) struct Commands<'a> {
    pub(super) workspace: &'a mut Workspace,
    pub(super) transcript: &'a Transcript,
    pub(super) programs: Programs,
    pub(super) version: Version,
    pub(super) environment: Environment,
}

/// A phase that failed.
struct Failure {
    mishap: Mishap,
    /// The last output of the failed command.
    printed: String,
}

impl From<Mishap> for Failure {
    fn from(mishap: Mishap) -> Self {
        Self { mishap, printed: String::new() }
    }
}

impl Commands<'_> {
    /// Runs a phase. If it fails, and `on-failure` says so, runs it again with the variables and the directory that it had at first.
    pub(super) async fn run(&mut self, phase: Phase, block: &Block) -> Result<(), Mishap> {
        let before = self.environment.clone();
        let mut retried = 0;
        loop {
            let Err(Failure { mishap, printed }) = self.once(block).await else { return Ok(()) };
            if mishap.is_fault() || !block.on_failure.retries(retried, &[&mishap.message, &printed]) {
                return Err(mishap);
            }
            retried += 1;
            self.transcript.retrying(phase, retried);
            self.environment = before.clone();
        }
    }

    /// After a failed command the others do not run, but those of `finally` do.
    async fn once(&mut self, block: &Block) -> Result<(), Failure> {
        let user = match &block.user {
            Some(name) => User::enter(name, self.workspace).await?,
            None => None,
        };
        let commands = self.list(&block.commands, user.as_ref()).await;
        if let Err(failure) = &commands
            && failure.mishap.is_fault()
        {
            return commands;
        }
        let finally = self.list(&block.finally, user.as_ref()).await;
        commands.and(finally)
    }

    /// Runs commands until one fails.
    async fn list(&mut self, commands: &[String], user: Option<&User>) -> Result<(), Failure> {
        for command in commands {
            let shown = self.transcript.mask().text(command.trim_end_matches('\n'));
            self.transcript.running(&shown);
            self.workspace.output.begin();
            let ended = script::run(command, &self.programs, &self.environment, user, self.workspace, self.transcript).await;
            self.workspace.output.separate(self.transcript);
            let reason = match ended {
                Ok(end) => {
                    if let (Version::Together, Some(environment)) = (self.version, end.environment) {
                        self.environment = environment;
                    }
                    match end.status {
                        0 => continue,
                        status => format!("exit status {status}"),
                    }
                }
                Err(error) if is_the_builds(&error) => format!("{}: {error}", self.programs.shell.display()),
                Err(error) => return Err(Mishap::fault("a command could not be run", &error).into()),
            };
            self.transcript.unsuccessful(&shown, &reason);
            return Err(Failure { mishap: Mishap::command(&shown, &reason), printed: self.workspace.output.printed().to_owned() });
        }
        Ok(())
    }
}

/// Whether the build caused the error: its shell does not exist, or it removed something that the runner needs.
fn is_the_builds(error: &io::Error) -> bool {
    use io::ErrorKind::{ArgumentListTooLong, InvalidData, IsADirectory, NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), ArgumentListTooLong | InvalidData | IsADirectory | NotADirectory | NotFound | PermissionDenied)
}
