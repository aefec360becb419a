//! `slipway local`: the embedded AWS endpoint, and the daemon beside it.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, IsTerminal},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{
    Exit,
    daemon::{Daemon, Hangup, endure, signals},
    logs::leave::quoted,
    stdout,
};
use crate::{config, local, observe, shutdown::Shutdown, supervise::Services};

/// The name of the built-in configuration.
const BUILT_IN: &str = "config/local.toml";

/// Run the embedded AWS endpoint with the daemon beside it
#[derive(Debug, Args)]
#[command(after_help = "\
Builds really run: their sources are cloned with git and their buildspecs'
commands run on this machine, as you. Any AWS client works with
AWS_ENDPOINT_URL set to the endpoint and any credentials; AWS CLI version 1
takes it as --endpoint-url.

Builds see the PATH, the proxies and DOCKER_HOST, and nothing else of this
environment. What a variable of type SECRETS_MANAGER or PARAMETER_STORE names is
looked up in the files of --secrets and --parameters:
  { \"npm/token\": \"...\", \"app\": { \"key\": \"...\" } }

With --data every call is kept before it is answered: after kill -9 the next
process goes on where this one was. Builds that ran are lost as they are on AWS
with their host (status FAULT), and the daemon tries them again.

SIGTERM, SIGINT (Ctrl-C) and the end of the terminal drain: what has not started
goes back to the queue, and builds may end within the grace period. A second
signal leaves now, and so does the first with --no-daemon. Builds that still run
end with the process.

Exit codes: 0 drained; 1 failed, such as for a port that is taken; 64 wrong
usage; 75 the grace period ran out; 78 the configuration is wrong.

Examples:
  slipway local
  slipway local --listen localhost:5000 --no-daemon
  slipway local --data ~/slipway
  slipway local --config slipway.toml --secrets secrets.json
  aws --endpoint-url http://127.0.0.1:4566 sqs list-queues")]
pub(super) struct Local {
    /// Where the endpoint listens: localhost or a loopback address
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4566", value_parser = loopback)]
    listen: SocketAddr,

    /// The daemon's configuration file, instead of the built-in one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Run the endpoint alone
    #[arg(long)]
    no_daemon: bool,

    /// Keep queues, topics, builds and logs here over restarts; made when it is not there
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Where builds have their checkouts; left out: a folder that goes away with the process
    #[arg(long, value_name = "DIR")]
    build_root: Option<PathBuf>,

    /// What the Secrets Manager keeps for builds: a JSON object of values by the secret's name or ARN
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,

    /// What the Parameter Store keeps for builds: a JSON object of values by the parameter's name
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
}

impl Local {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(super::variable);
        let region = region.unwrap_or_else(|| local::REGION.to_owned());
        let scratch = tempfile::tempdir().context("cannot make a folder for the builds")?;
        let builds = local::Builds {
            parameters: stored(self.parameters.as_deref())?,
            secrets: stored(self.secrets.as_deref())?,
            ..local::Builds::below(self.build_root.unwrap_or_else(|| scratch.path().to_owned()))
        };
        let (mut services, stop) = (Services::default(), CancellationToken::new());
        let local = Box::pin(local::start(self.listen, &region, self.data.as_deref(), builds, &mut services, stop)).await?;
        // The argument may ask for any free port; the real one is known now.
        let name = self.config.as_ref().map_or_else(|| BUILT_IN.to_owned(), |path| path.display().to_string());
        let (file, built_in) = (self.config, local::config(local.address, &region));
        let read = move || match &file {
            Some(path) => config::load(path, super::environment()),
            None => Ok(config::parse(&built_in, BUILT_IN, super::environment())?),
        };
        let daemon = if self.no_daemon { None } else { Some(Daemon::bind(name, read).await?) };
        let address = daemon.as_ref().map(Daemon::address).transpose()?;
        match stdout::print(&welcome(&local, &region, address)) {
            // Local mode goes on if stdout is closed.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
            _ => {}
        }
        // Started in a terminal, it ends with the terminal.
        let hangup = match &daemon {
            _ if io::stderr().is_terminal() => Hangup::Drains,
            Some(daemon) => Hangup::Reloads(daemon.reload()),
            None => Hangup::Ignored,
        };
        let served = async {
            match daemon {
                Some(daemon) => Box::pin(daemon.run(local.clients.clone(), &hangup)).await,
                None => until_signalled(&hangup).await,
            }
        };
        let exit = tokio::select! {
            exit = served => exit,
            ended = services.ended() => Err(ended.into()),
        };
        if matches!(exit, Ok(Exit::GraceRanOut)) {
            observe::local_builds_end(self.data.is_some());
        }
        exit
    }
}

/// Waits for a signal. The endpoint alone has nothing to drain.
async fn until_signalled(hangup: &Hangup) -> anyhow::Result<Exit> {
    let shutdown = Shutdown::default();
    tokio::select! {
        () = shutdown.drain.cancelled() => Ok(Exit::Done),
        failed = signals(&shutdown) => Err(failed).context("cannot listen to signals"),
        failed = endure(&shutdown, hangup) => Err(failed).context("cannot listen to signals"),
    }
}

/// Reads a file of secrets or parameters. A value that is no string stands for its JSON text, for secrets with keys.
fn stored(file: Option<&Path>) -> anyhow::Result<BTreeMap<String, String>> {
    let Some(file) = file else { return Ok(BTreeMap::new()) };
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let values: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&text).with_context(|| format!("{} is not a JSON object of names and values", file.display()))?;
    let text = |value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(values.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// The commands to type next. They work in bash, zsh and fish.
fn welcome(local: &local::Local, region: &str, daemon: Option<SocketAddr>) -> String {
    let slipway = program();
    let drains = daemon.is_some();
    let named = daemon.map(|address| format!(" SLIPWAY_DAEMON=http://{address}")).unwrap_or_default();
    let daemon = match daemon {
        Some(address) => {
            format!("The daemon takes jobs from the queue slipway-jobs; its status page is http://{address}/")
        }
        None => format!("No daemon runs, and no job is built before one does: {slipway} run --config FILE"),
    };
    format!(
        "\
The AWS endpoint listens on http://{address}: account {account}, region {region}.
It takes any credentials. {daemon}

In another terminal, tell every AWS client and slipway where it is:
  export AWS_ENDPOINT_URL=http://{address} AWS_REGION={region} AWS_DEFAULT_REGION={region}
  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local{named}

Build the last commit of a git repository that has a buildspec.yml, follow it, and read its log again:
  cd /path/to/a/repository
  {slipway} submit --url \"file://$PWD\" --id first --follow
  {slipway} logs first

Read the events of all jobs (queued, started, finished, rejected), ten at most at a time:
  aws --endpoint-url http://{address} sqs receive-message --wait-time-seconds 20 --queue-url {results}

{leaving}
",
        address = local.address,
        leaving = leaving(drains),
        account = local::ACCOUNT,
        results = local.provision.results,
    )
}

/// The text that says what Ctrl-C does.
fn leaving(drains: bool) -> &'static str {
    if drains {
        "Ctrl-C stops it when the running builds have ended, after the grace period at the latest; a second Ctrl-C at once."
    } else {
        "Ctrl-C stops it at once, and the builds that run with it."
    }
}

/// How to call this program: by its name if it is in the PATH, else by its path.
fn program() -> String {
    const NAME: &str = "slipway";
    let Ok(path) = std::env::current_exe() else { return NAME.to_owned() };
    let folders = super::variable("PATH").unwrap_or_default();
    let is_found = std::env::split_paths(&folders).map(|folder| folder.join(NAME)).find(|file| file.is_file());
    let is_same = is_found.and_then(|file| file.canonicalize().ok()).is_some_and(|file| path.canonicalize().is_ok_and(|path| path == file));
    if is_same { NAME.to_owned() } else { quoted(&path.display().to_string()) }
}

/// Only loopback addresses: the endpoint takes any credentials and runs commands.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let localhost = |text: &str| Some(SocketAddr::from((Ipv4Addr::LOCALHOST, text.strip_prefix("localhost:")?.parse::<u16>().ok()?)));
    let address = text.parse().ok().or_else(|| localhost(text));
    let address: SocketAddr = address.ok_or("must be ADDRESS:PORT, like 127.0.0.1:4566 or localhost:4566")?;
    if address.ip().is_loopback() { Ok(address) } else { Err("must be a loopback address: the endpoint runs anyone's commands".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::{SocketAddr, loopback};

    #[test]
    fn only_this_machine_reaches_the_endpoint() {
        assert!(loopback("127.0.0.1:0").is_ok() && loopback("[::1]:4566").is_ok());
        assert_eq!(loopback("localhost:4577"), Ok(SocketAddr::from(([127, 0, 0, 1], 4577))));
        for other in ["0.0.0.0:4566", "10.0.0.1:4566", "4566", "localhost", "localhost:", "localhost:65536", "example.com:4566"] {
            assert!(loopback(other).is_err(), "{other}");
        }
    }
}
