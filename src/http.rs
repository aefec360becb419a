//! What the daemon tells over HTTP: health by progress, readiness, metrics.

mod connection;
mod host;
mod server;

use std::{fmt::Write as _, io};

use axum::{Router, extract::State, http::StatusCode, middleware::from_fn, response::IntoResponse, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::engine::Vitals;

/// What the pages show.
#[derive(Debug, Clone)]
pub struct Pages {
    pub vitals: Vitals,
    pub metrics: PrometheusHandle,
}

/// Serves until `stop`, and half a second longer at most.
pub async fn serve(listener: TcpListener, pages: Pages, stop: CancellationToken) -> io::Result<()> {
    let listen = listener.local_addr()?.ip();
    let router = Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/metrics", get(metrics))
        .layer(from_fn(move |request, next| host::check(listen, request, next)))
        .with_state(pages);
    server::serve(listener, router, stop).await;
    Ok(())
}

/// 200 while every loop turns over; else 503 and which do not.
async fn health(State(pages): State<Pages>) -> impl IntoResponse {
    let stale = pages.vitals.pulses.stale();
    if stale.is_empty() {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    let mut text = String::new();
    for (name, since) in stale {
        // Writing to a string cannot fail.
        writeln!(text, "{name}: has not turned over for {} s", since.as_secs()).unwrap_or_default();
    }
    (StatusCode::SERVICE_UNAVAILABLE, text)
}

/// 200 while the daemon takes work; 503 before every queue has answered, and during the drain.
async fn readiness(State(pages): State<Pages>) -> impl IntoResponse {
    if pages.vitals.is_ready() { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not taking work\n") }
}

/// Prometheus's text format.
async fn metrics(State(pages): State<Pages>) -> impl IntoResponse {
    pages.metrics.run_upkeep();
    ([("content-type", "text/plain; version=0.0.4")], pages.metrics.render())
}
