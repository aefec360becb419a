//! The daemon as a process: signals, metrics, HTTP, and the engine in the middle. For `run` and `local`.

mod signals;
mod waits;

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusBuilder;
pub(super) use signals::{Hangup, endure, signals};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{Exit, version::version};
use crate::{
    aws::Clients,
    clock::Clock,
    config::{self, Config, Current, Error, Faults, Reload},
    engine::{self, Vitals},
    http::{self, Pages, access::Access, page::Site},
    observe,
    shutdown::Shutdown,
    telemetry,
};

/// How long the log's first line waits for AWS to say who calls.
const IDENTITY: Duration = Duration::from_secs(5);

/// A daemon that has its port and is not started yet.
#[derive(Debug)]
pub(super) struct Daemon {
    /// Where its configuration comes from.
    name: String,
    current: Current,
    reload: Reload,
    listener: TcpListener,
    access: Option<Access>,
}

impl Daemon {
    /// Takes the port that the configuration names. `read` reads it, and reads it again when it is to be reloaded.
    pub(super) async fn bind(name: String, read: impl Fn() -> Result<Config, Error> + Send + Sync + 'static) -> anyhow::Result<Self> {
        let config = Arc::new(read()?);
        let listen = config.http.listen;
        let access = access(&config.http)?;
        let listener = TcpListener::bind(listen).await.with_context(|| {
            format!("cannot listen on {listen} for health and metrics (choose another with [http].listen or SLIPWAY__HTTP__LISTEN)")
        })?;
        telemetry::refilter(&config.telemetry.log);
        let current = Current::from(config);
        current.before_change(|old, new| {
            if old.telemetry != new.telemetry && !telemetry::refilter(&new.telemetry.log) {
                observe::log_filter_fixed();
            }
        });
        let reload = Reload::new(current.clone(), read);
        Ok(Self { name, current, reload, listener, access })
    }

    /// Where it really listens: what was asked for may be any free port.
    #[cfg(feature = "local")]
    pub(super) fn address(&self) -> std::io::Result<std::net::SocketAddr> {
        self.listener.local_addr()
    }

    /// Reads the configuration again.
    pub(super) fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// Runs the daemon until a signal ends it, or a fault does.
    pub(super) async fn run(self, clients: Clients, hangup: &Hangup) -> anyhow::Result<Exit> {
        let metrics = PrometheusBuilder::new().install_recorder().context("cannot collect metrics")?;
        observe::describe();
        let (vitals, shutdown, stop) = (Vitals::default(), Shutdown::default(), CancellationToken::new());
        let site = Site::of(&self.current.now());
        let pages = Pages::new(vitals.clone(), metrics, self.access).with_site(site).with_reload(self.reload);
        let pages = http::serve(self.listener, pages, stop.clone());
        let (begun, waits) = (begun(self.name, self.current.now(), clients.clone()), waits::tell(vitals.clone()));
        let engine = async {
            let exit = Box::pin(engine::run(self.current, clients, Clock::system(), vitals, shutdown.clone())).await;
            // Health and metrics are told to the very end.
            stop.cancel();
            exit
        };
        // The daemon waits neither for what its first line says nor for these.
        let told = stop.clone().run_until_cancelled_owned(async { tokio::join!(begun, waits) });
        let ended = async { tokio::join!(engine, pages, told) };
        let (exit, served, _) = tokio::select! {
            // Whoever gets an answer over HTTP may rely on signals being taken.
            biased;
            failed = signals(&shutdown) => return Err(failed).context("cannot listen to signals"),
            failed = endure(&shutdown, hangup) => return Err(failed).context("cannot listen to signals"),
            ended = ended => ended,
        };
        served.context("the HTTP server failed")?;
        Ok(match exit? {
            engine::Exit::Drained => Exit::Done,
            engine::Exit::Left(_) => Exit::GraceRanOut,
        })
    }
}

/// Who may use the API. `None`: it is not served.
fn access(settings: &config::Http) -> Result<Option<Access>, Faults> {
    let access = match &settings.tokens {
        Some(tokens) => Access::guarded(tokens, "[http].tokens", super::variable)?,
        None => Access::open(),
    };
    Ok(Some(access).filter(|_| settings.api))
}

/// Says in the log what has begun.
async fn begun(name: String, config: Arc<Config>, clients: Clients) {
    let identity = timeout(IDENTITY, clients.identity()).await;
    let (account, identity) = match identity {
        Ok(Ok(identity)) => (Some(identity.account), identity.arn),
        Ok(Err(error)) => (None, format!("unknown: {error}")),
        Err(_) => (None, format!("unknown: STS has not answered within {} s", IDENTITY.as_secs())),
    };
    let urls: Vec<&str> = config.queues.iter().map(|queue| queue.url.as_str()).collect();
    let of_topic = || config.topic.arn.split(':').nth(4).unwrap_or_default().to_owned();
    observe::service_started(&observe::Start {
        version: version(),
        config: &name,
        region: clients.region().unwrap_or("none"),
        account: &account.unwrap_or_else(of_topic),
        identity: &identity,
        queues: &urls.join(" "),
        topic: &config.topic.arn,
        http: &config.http.listen.to_string(),
        running: config.limits.running,
        per_tenant: config.limits.per_tenant,
        waiting: config.limits.waiting,
    });
}
