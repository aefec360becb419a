//! Local mode: the embedded AWS endpoint on a socket, with the queues, the topic and the project of a daemon.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aws_smithy_http_client::Builder;
use localaws::{LocalAws, Options, runner::shell::Shell};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    aws::{AwsError, Clients, provision::Provision},
    supervise::Services,
};

/// The default region.
pub const REGION: &str = "us-east-1";
/// The account in every ARN.
pub const ACCOUNT: &str = "000000000000";
/// The default address of the endpoint, the same as in `config/local.toml`.
pub const LISTEN: &str = "127.0.0.1:4566";
/// How long a minute of a build's timeout lasts. The demo has shorter ones.
const MINUTE: Duration = Duration::from_mins(1);
/// The daemon's configuration in local mode.
const CONFIG: &str = include_str!("../config/local.toml");

/// How builds run.
#[derive(Debug)]
pub struct Builds {
    /// The folder of the checkouts.
    pub root: PathBuf,
    /// How long a minute of their timeouts lasts.
    pub minute: Duration,
    /// The values of the Parameter Store, by the parameter's name.
    pub parameters: BTreeMap<String, String>,
    /// The values of the Secrets Manager, by the secret's name or ARN.
    pub secrets: BTreeMap<String, String>,
}

impl Builds {
    /// Builds with their checkouts below `root`, and empty stores.
    pub fn below(root: PathBuf) -> Self {
        Self { root, minute: MINUTE, parameters: BTreeMap::new(), secrets: BTreeMap::new() }
    }
}

/// The running endpoint.
#[derive(Debug)]
pub struct Local {
    pub address: SocketAddr,
    pub clients: Clients,
    pub provision: Provision,
}

/// Why local mode did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken, or the address is not this machine's.
    #[error("cannot listen on {address} for the AWS endpoint (choose another port with --listen)")]
    Listen { address: SocketAddr, source: io::Error },
    /// The address is not a loopback address: the endpoint runs builds for everybody who reaches it.
    #[error("{0} is not a loopback address: local mode runs commands on this machine and must not be reachable from others")]
    NotLoopback(SocketAddr),
    /// The data cannot be opened.
    #[error("cannot keep the data in {}", .folder.display())]
    Data { folder: PathBuf, source: localaws::store::Error },
    /// The endpoint refused to make a resource of the daemon.
    #[error("cannot make the queues, the topic and the project")]
    Provision(#[from] AwsError),
}

/// Starts the endpoint, with its state in memory or in the folder `data`. It ends with `services`, or with `stop`.
///
/// # Errors
/// See [`Error`].
pub async fn start(
    address: SocketAddr,
    region: &str,
    data: Option<&Path>,
    builds: Builds,
    services: &mut Services,
    stop: CancellationToken,
) -> Result<Local, Error> {
    if !address.ip().is_loopback() {
        return Err(Error::NotLoopback(address));
    }
    let listen = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let clock = localaws::clock::Clock::system();
    let shell = Shell::new(builds.root, clock).with_parameters(builds.parameters).with_secrets(builds.secrets);
    let options = Options {
        region: region.to_owned(),
        account: ACCOUNT.to_owned(),
        minute: builds.minute,
        build_events: Some(format!("arn:aws:sqs:{region}:{ACCOUNT}:slipway-build-events")),
        ..Options::new(clock, Arc::new(shell))
    };
    let aws = match data {
        Some(folder) => LocalAws::open(options, folder).map_err(|source| Error::Data { folder: folder.to_owned(), source })?,
        None => LocalAws::new(options),
    };
    services.spawn("embedded endpoint", async move {
        if let Err(error) = localaws::server::serve(aws, listener, stop).await {
            tracing::error!(%error, "the embedded endpoint failed");
        }
    });
    let clients = Clients::for_endpoint(&format!("http://{address}"), region, Builder::new().build_http());
    let provision = clients.provision().await?;
    Ok(Local { address, clients, provision })
}

/// The daemon's configuration for an endpoint at `address`, as TOML.
pub fn config(address: SocketAddr, region: &str) -> String {
    CONFIG.replace(LISTEN, &address.to_string()).replace(REGION, region)
}
