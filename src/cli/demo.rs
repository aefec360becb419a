//! `slipway demo`: everything once, on this machine, in a minute.

use clap::Args;

use super::Exit;

/// Show local mode at work: jobs that succeed, fail, wait for a slot and are rejected
#[derive(Debug, Args)]
#[command(after_help = "\
Starts local mode on free ports with sample repositories of its own, submits the jobs, shows their progress and prints the events.
Exits 0 when all of them ended as they should. Needs git.

Examples:
  slipway demo
  SLIPWAY_LOG=info slipway demo")]
pub(super) struct Demo {}

impl Demo {
    #[expect(clippy::unused_async, reason = "what it starts is awaited")]
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        anyhow::bail!("there is nothing to show yet")
    }
}
