//! The daemon as a process: the engine with signals, metrics and HTTP. For `run` and `local`.

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

/// How long the first log line waits for the caller's identity.
const IDENTITY: Duration = Duration::from_secs(5);

/// A daemon that listens and is not started yet.
#[derive(Debug)]
pub(super) struct Daemon {
    /// The name of the configuration's source.
    name: String,
    current: Current,
    reload: Reload,
    listener: TcpListener,
    access: Option<Access>,
}

impl Daemon {
    /// Listens on the address of the configuration. `read` reads the configuration, now and at each reload.
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

    /// The address on which it listens. The configuration may ask for any free port.
    #[cfg(feature = "local")]
    pub(super) fn address(&self) -> std::io::Result<std::net::SocketAddr> {
        self.listener.local_addr()
    }

    /// Reads the configuration again.
    pub(super) fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// Runs the daemon until a signal or a fault ends it.
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
            // Health and metrics are served until the end.
            stop.cancel();
            exit
        };
        // The daemon waits neither for its first log line nor for these.
        let told = stop.clone().run_until_cancelled_owned(async { tokio::join!(begun, waits) });
        let ended = async { tokio::join!(engine, pages, told) };
        let (exit, served, _) = tokio::select! {
            // Signals are handled before HTTP answers, so that a client can rely on it.
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

/// Who may use the API. `None`: the API is not served.
fn access(settings: &config::Http) -> Result<Option<Access>, Faults> {
    let access = match &settings.tokens {
        Some(tokens) => Access::guarded(tokens, "[http].tokens", super::variable)?,
        None => Access::open(),
    };
    Ok(Some(access).filter(|_| settings.api))
}

/// Writes the first log line.
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
