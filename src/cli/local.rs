//! `slipway local`: the embedded AWS endpoint, and the daemon beside it.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

use super::Exit;

/// Run the embedded AWS endpoint with the daemon beside it
#[derive(Debug, Args)]
#[command(after_help = "\
Builds really run: their sources are cloned with git and their buildspecs' commands run on this machine, as you. Any AWS client
works with AWS_ENDPOINT_URL set to the endpoint and any credentials.

Examples:
  slipway local
  slipway local --listen 127.0.0.1:5000 --no-daemon
  AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1 aws sqs list-queues")]
pub(super) struct Local {
    /// Where the endpoint listens; this machine only
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4566", value_parser = loopback)]
    listen: SocketAddr,

    /// The daemon's configuration file, instead of the built-in one
    #[arg(long, value_name = "FILE", env = "SLIPWAY_CONFIG")]
    config: Option<PathBuf>,

    /// Run the endpoint alone
    #[arg(long)]
    no_daemon: bool,

    /// Where builds have their checkouts; left out: a folder that goes away with the process
    #[arg(long, value_name = "DIR")]
    build_root: Option<PathBuf>,
}

impl Local {
    #[expect(clippy::unused_async, reason = "what it starts is awaited")]
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        anyhow::bail!("no endpoint takes {self:?} yet")
    }
}

/// The endpoint takes any credentials and runs commands, so it is not for other machines.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "must be ADDRESS:PORT, like 127.0.0.1:4566".to_owned())?;
    if address.ip().is_loopback() { Ok(address) } else { Err("must be a loopback address: the endpoint runs anyone's commands".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::loopback;

    #[test]
    fn only_this_machine_reaches_the_endpoint() {
        assert!(loopback("127.0.0.1:0").is_ok() && loopback("[::1]:4566").is_ok());
        for other in ["0.0.0.0:4566", "10.0.0.1:4566", "4566", "localhost"] {
            assert!(loopback(other).is_err(), "{other}");
        }
    }
}
