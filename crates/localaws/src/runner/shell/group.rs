//! The process group of a build, by which all its processes can be ended.

use std::{ffi::OsString, io, process::Stdio, time::Duration};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use super::output::Output;
use crate::runner::transcript::Transcript;

/// The time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(2);

/// The group's leader, which ignores SIGTERM. When this process ends in any way, the leader's standard input ends, and it ends the group.
const LEADER: &str = "trap '' TERM; read -r _; kill -TERM 0; sleep 2; kill -KILL 0";

/// A process group. Dropping it kills its processes.
#[derive(Debug)]
pub(super) struct Group {
    id: Pid,
    /// It is never waited for: until then no other process can get its id, and signals for the group reach no other. Its standard input
    /// stays open while this process lives.
    _leader: Child,
}

impl Group {
    pub(super) fn start(environment: &[(OsString, OsString)]) -> io::Result<Self> {
        let leader = Command::new("sh")
            .args(["-c", LEADER])
            .env_clear()
            .envs(environment.iter().cloned())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let id = leader.id().and_then(|id| i32::try_from(id).ok()).ok_or_else(|| io::Error::other("the process has no id"))?;
        Ok(Self { id: Pid::from_raw(id), _leader: leader })
    }

    /// Makes `command` start in the group.
    pub(super) fn enroll(&self, command: &mut Command) {
        command.process_group(self.id.as_raw());
    }

    /// Asks all processes to end, waits until none can print any more, at most for the grace period, and kills the rest.
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[expect(clippy::used_underscore_binding, reason = "the leader is kept for its input, which only this test takes away")]
    #[tokio::test]
    async fn processes_do_not_outlive_this_one() {
        let mut group = Group::start(&super::super::environment::inherited()).unwrap();
        let mut command = Command::new("sleep");
        command.arg("600");
        group.enroll(&mut command);
        let mut sleep = command.spawn().unwrap();
        // The same happens when this process is killed.
        drop(group._leader.stdin.take());
        timeout(Duration::from_secs(30), sleep.wait()).await.unwrap().unwrap();
    }
}
