//! The process group that a build's processes share, so that they can be ended together.

use std::{io, process::Stdio, time::Duration};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    process::{Child, ChildStdin, Command},
    time::timeout,
};

use super::output::Output;
use crate::runner::transcript::Transcript;

/// How long processes have between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(2);

/// Leads the group and outlives SIGTERM. When this process is gone, however it went, its standard input ends and it ends the group.
const LEADER: &str = "trap '' TERM; read -r _; kill -TERM 0; sleep 2; kill -KILL 0";

/// A process group. Dropping it kills its processes.
#[derive(Debug)]
pub(super) struct Group {
    id: Pid,
    /// Never waited for: as long as the leader is not, no other process can get its id and with it the signals.
    _leader: Child,
    _alive: Option<ChildStdin>,
}

impl Group {
    pub(super) fn start() -> io::Result<Self> {
        let mut leader = Command::new("sh")
            .args(["-c", LEADER])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let id = leader.id().and_then(|id| i32::try_from(id).ok()).ok_or_else(|| io::Error::other("the process has no id"))?;
        Ok(Self { id: Pid::from_raw(id), _alive: leader.stdin.take(), _leader: leader })
    }

    /// Makes `command` start within the group.
    pub(super) fn enroll(&self, command: &mut Command) {
        command.process_group(self.id.as_raw());
    }

    /// Asks all processes to end, waits until none of them can print any more, at most the grace period, and kills what is left.
    pub(super) async fn end(&mut self, mut output: Output, transcript: &Transcript) {
        self.signal(Signal::SIGTERM);
        output.close();
        if timeout(GRACE, output.pump(transcript)).await.is_err() {
            tracing::debug!(build.group = self.id.as_raw(), "a build's processes did not end when asked to");
        }
        self.signal(Signal::SIGKILL);
        output.drain(transcript);
        output.finish(transcript);
    }

    fn signal(&self, signal: Signal) {
        if let Err(error) = killpg(self.id, signal) {
            tracing::debug!(build.group = self.id.as_raw(), %error, "a build's processes could not be signalled");
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}
