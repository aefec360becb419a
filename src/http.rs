//! What the daemon tells over HTTP: health by progress, readiness, metrics.

mod connection;
mod host;
mod page;
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

/// 200 while every loop turns over; else 503 and which do not. Panics of jobs are told, and are no reason for a restart: a message that
/// makes its task panic would do so again.
async fn health(State(pages): State<Pages>) -> impl IntoResponse {
    let stale = pages.vitals.pulses.stale();
    let mut text = String::new();
    let panics = pages.vitals.panics.count();
    if panics > 0 {
        writeln!(text, "{panics} tasks of jobs have panicked since the start: see the log").unwrap_or_default();
    }
    if stale.is_empty() {
        return (StatusCode::OK, format!("ok\n{text}"));
    }
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

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_told_and_is_no_reason_for_a_restart() {
        let pages = Pages { vitals: Vitals::default(), metrics: PrometheusBuilder::new().build_recorder().handle() };
        let health = async || {
            let response = health(State(pages.clone())).await.into_response();
            let status = response.status();
            let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap_or_default();
            (status, String::from_utf8_lossy(&body).into_owned())
        };
        assert_eq!(health().await, (StatusCode::OK, "ok\n".to_owned()));
        pages.vitals.panics.tell(&"app-1", &"a fault of the daemon's own");
        assert_eq!(health().await, (StatusCode::OK, "ok\n1 tasks of jobs have panicked since the start: see the log\n".to_owned()));
    }
}
