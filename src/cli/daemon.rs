//! The daemon as a process: signals, metrics, HTTP, and the engine in the middle. For `run` and `local`.

mod signals;

use std::sync::Arc;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusBuilder;
pub(super) use signals::{Hangup, endure, signals};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Exit;
use crate::{
    aws::Clients,
    clock::Clock,
    config::{self, Config, Faults},
    engine::{self, Vitals},
    http::{self, Pages, access::Access, page::Site},
    observe,
    shutdown::Shutdown,
};

/// A daemon that has its port and is not started yet.
#[derive(Debug)]
pub(super) struct Daemon {
    config: Config,
    listener: TcpListener,
    access: Option<Access>,
}

impl Daemon {
    /// Takes the port that the configuration names.
    pub(super) async fn bind(config: Config) -> anyhow::Result<Self> {
        let listen = config.http.listen;
        let access = access(&config.http)?;
        let listener = TcpListener::bind(listen).await.with_context(|| {
            format!("cannot listen on {listen} for health and metrics (choose another with [http].listen or SLIPWAY__HTTP__LISTEN)")
        })?;
        Ok(Self { config, listener, access })
    }

    /// Where it really listens: what was asked for may be any free port.
    #[cfg(feature = "local")]
    pub(super) fn address(&self) -> std::io::Result<std::net::SocketAddr> {
        self.listener.local_addr()
    }

    /// Runs the daemon until a signal ends it, or a fault does.
    pub(super) async fn run(self, clients: Clients, hangup: Hangup) -> anyhow::Result<Exit> {
        let metrics = PrometheusBuilder::new().install_recorder().context("cannot collect metrics")?;
        observe::describe();
        let (vitals, shutdown, stop) = (Vitals::default(), Shutdown::default(), CancellationToken::new());
        let site = Site::of(&self.config);
        let pages = http::serve(self.listener, Pages::new(vitals.clone(), metrics, self.access).with_site(site), stop.clone());
        let engine = async {
            let exit = Box::pin(engine::run(Arc::new(self.config), clients, Clock::system(), vitals, shutdown.clone())).await;
            // Health and metrics are told to the very end.
            stop.cancel();
            exit
        };
        let ended = async { tokio::join!(engine, pages) };
        let (exit, served) = tokio::select! {
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
