//! The daemon as a process: signals, metrics, HTTP, and the engine in the middle. For `run` and `local`.

use std::sync::Arc;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use super::Exit;
use crate::{
    aws::Clients,
    clock::Clock,
    config::Config,
    engine::{self, Vitals},
    http::{self, Pages},
    observe,
    shutdown::Shutdown,
};

/// Runs the daemon until a signal ends it, or a fault does.
pub(super) async fn run(config: Config, clients: Clients) -> anyhow::Result<Exit> {
    let metrics = PrometheusBuilder::new().install_recorder().context("cannot collect metrics")?;
    observe::describe();
    let listen = config.http.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen} ([http].listen)"))?;
    let (vitals, shutdown, stop) = (Vitals::default(), Shutdown::default(), CancellationToken::new());
    let pages = http::serve(listener, Pages { vitals: vitals.clone(), metrics }, stop.clone());
    let engine = async {
        let exit = Box::pin(engine::run(Arc::new(config), clients, Clock::system(), vitals, shutdown.clone())).await;
        // Health and metrics are told to the very end.
        stop.cancel();
        exit
    };
    let ended = async { tokio::join!(engine, pages) };
    let (exit, served) = tokio::select! {
        ended = ended => ended,
        failed = signals(&shutdown) => return Err(failed).context("cannot listen to signals"),
    };
    served.context("the HTTP server failed")?;
    Ok(match exit? {
        engine::Exit::Drained => Exit::Done,
        engine::Exit::Left(_) => Exit::GraceRanOut,
    })
}

/// The first signal drains, the second leaves. Returns only when signals cannot be had.
pub(super) async fn signals(shutdown: &Shutdown) -> std::io::Error {
    let (mut term, mut int) = match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(term), Ok(int)) => (term, int),
        (Err(error), _) | (_, Err(error)) => return error,
    };
    for step in [&shutdown.drain, &shutdown.leave] {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        step.cancel();
    }
    std::future::pending().await
}
