//! One phase of a buildspec: its commands, then what it does finally.

use std::io;

use super::{
    environment::Environment,
    room::Room,
    session::{Programs, Session},
};
use crate::runner::{
    buildspec::{Block, Version},
    transcript::{Mishap, Transcript},
};

/// Runs phases, each in a shell of its own that begins where the one before ended.
#[derive(Debug)]
pub(super) struct Commands<'a> {
    pub(super) room: &'a mut Room,
    pub(super) transcript: &'a Transcript,
    pub(super) programs: Programs,
    pub(super) version: Version,
    pub(super) environment: Environment,
    session: Option<Session>,
}

impl<'a> Commands<'a> {
    pub(super) fn new(
        room: &'a mut Room,
        transcript: &'a Transcript,
        programs: Programs,
        version: Version,
        environment: Environment,
    ) -> Self {
        Self { room, transcript, programs, version, environment, session: None }
    }

    /// Runs a phase. The commands after a failed one do not run, what is to be done finally does.
    pub(super) async fn run(&mut self, block: &Block) -> Option<Mishap> {
        let failed = self.list(&block.commands).await;
        let finally = self.list(&block.finally).await;
        let left = self.leave().await.err().map(|error| Mishap::new("INTERNAL_SERVICE_ERROR", format!("the shell did not end: {error}")));
        failed.or(finally).or(left)
    }

    /// Runs commands up to the first that fails.
    async fn list(&mut self, commands: &[String]) -> Option<Mishap> {
        for command in commands {
            let shown = command.trim_end_matches('\n');
            self.transcript.running(shown);
            let status = self.command(command).await;
            self.room.output.separate(self.transcript);
            let reason = match status {
                Ok(0) => continue,
                Ok(status) => format!("exit status {status}"),
                Err(error) => format!("{}: {error}", self.programs.shell.display()),
            };
            self.transcript.unsuccessful(shown, &reason);
            return Some(Mishap::command(shown, &reason));
        }
        None
    }

    async fn command(&mut self, command: &str) -> io::Result<i32> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => Session::start(&self.programs, &self.environment, self.room).await?,
        };
        let end = session.run(command, self.room, self.transcript).await?;
        self.session = Some(session);
        match self.version {
            // The shell has ended: the next command finds its environment in another.
            Version::Together if end.last => self.leave().await?,
            Version::Together => {}
            Version::Apart => {
                if let Some(session) = self.session.take() {
                    session.leave(self.room, self.transcript).await?;
                }
            }
        }
        Ok(end.status)
    }

    /// Ends the shell, if there is one, and takes over its environment.
    async fn leave(&mut self) -> io::Result<()> {
        if let Some(session) = self.session.take()
            && let Some(environment) = session.leave(self.room, self.transcript).await?
        {
            self.environment = environment;
        }
        Ok(())
    }
}
