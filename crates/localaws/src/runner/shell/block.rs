//! One phase of a buildspec: its commands, then what it does finally.

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

/// Runs the commands of phases, each in a shell of its own that begins where the one before ended.
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
    /// The last that the failed command printed.
    printed: String,
}

impl From<Mishap> for Failure {
    fn from(mishap: Mishap) -> Self {
        Self { mishap, printed: String::new() }
    }
}

impl Commands<'_> {
    /// Runs a phase, again and again if it fails and says so. Each time it finds the variables and the directory that it found first.
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

    /// The commands after a failed one do not run, what is to be done finally does.
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

    /// Runs commands up to the first that fails.
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

/// Whether the build itself is to blame: it asks for a shell that is not there, or took away what the runner needs.
fn is_the_builds(error: &io::Error) -> bool {
    use io::ErrorKind::{ArgumentListTooLong, InvalidData, IsADirectory, NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), ArgumentListTooLong | InvalidData | IsADirectory | NotADirectory | NotFound | PermissionDenied)
}
