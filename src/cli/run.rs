//! `slipway run`: the daemon.

use clap::Args;

use super::{
    Exit,
    configuration::Configuration,
    daemon::{Daemon, Hangup},
};
use crate::aws::Clients;

/// Run the daemon
#[derive(Debug, Args)]
#[command(after_help = "\
SIGTERM and SIGINT: stop receiving, give back what has not started, report the
builds that end within the grace period and leave the others running for the
next process to adopt. A second signal: leave now. SIGHUP reads the
configuration again, as slipway reload does: all of it holds then, or nothing
of it and the log says why. SIGUSR1 and SIGUSR2 are logged and change nothing.

Exit codes: 0 drained; 1 failed; 64 wrong usage; 75 the grace period ran out;
78 the configuration is wrong.

Examples:
  slipway run --config /etc/slipway/slipway.toml
  SLIPWAY__LIMITS__RUNNING=20 slipway run --config config/slipway.toml
  SLIPWAY_CONFIG_TOML=\"$(cat config/slipway.toml)\" slipway run")]
pub(super) struct Run {
    #[command(flatten)]
    configuration: Configuration,
}

impl Run {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let (name, read) = self.configuration.reader()?;
        // Faults of the configuration come before those of the environment.
        read()?;
        let clients = Clients::from_environment(super::variable).await?;
        let daemon = Daemon::bind(name, read).await?;
        let hangup = Hangup::Reloads(daemon.reload());
        daemon.run(clients, &hangup).await
    }
}
