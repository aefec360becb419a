//! The daemon's HTTP: health by progress, readiness and metrics for everybody who reaches it; the API and the status page for those with
//! access.

pub mod access;
pub mod api;
mod body;
mod connection;
pub mod filter;
mod header;
mod host;
mod origin;
pub mod page;
pub mod problem;
mod server;

use std::{fmt::Write as _, io, net::IpAddr};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::IntoResponse,
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use self::problem::Problem;
use self::{access::Access, api::Bounds};
use crate::{config::Reload, engine::Vitals, job::standing::Notice};

/// What is served, and to whom. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pages {
    pub vitals: Vitals,
    pub metrics: PrometheusHandle,
    /// Reads the configuration again. `None`: it cannot be read again.
    pub reload: Option<Reload>,
    access: Access,
    /// Whether the API is served.
    api: bool,
    bounds: Bounds,
    /// The daemon that the status page shows.
    site: page::Site,
    /// Ends streaming answers.
    stop: CancellationToken,
}

impl Pages {
    /// `access`: who may use the API; `None`: it is not served.
    pub fn new(vitals: Vitals, metrics: PrometheusHandle, access: Option<Access>) -> Self {
        let api = access.is_some();
        Self {
            vitals,
            metrics,
            reload: None,
            access: access.unwrap_or_default(),
            api,
            bounds: Bounds::default(),
            site: page::Site::default(),
            stop: CancellationToken::new(),
        }
    }

    /// Sets the function that reads the configuration again.
    #[must_use]
    pub fn with_reload(self, reload: Reload) -> Self {
        Self { reload: Some(reload), ..self }
    }

    /// Sets what the status page says of the daemon.
    #[must_use]
    pub fn with_site(self, site: page::Site) -> Self {
        Self { site, ..self }
    }
}

/// Serves until `stop`, and at most half a second longer.
pub async fn serve(listener: TcpListener, mut pages: Pages, stop: CancellationToken) -> io::Result<()> {
    let listen = listener.local_addr()?.ip();
    pages.stop = stop.clone();
    server::serve(listener, router(pages, listen), stop).await;
    Ok(())
}

/// All routes, for a listener on this address.
pub fn router(pages: Pages, listen: IpAddr) -> Router {
    let open = Router::new().route("/healthz", get(health)).route("/readyz", get(readiness)).route("/metrics", get(metrics));
    let router = if pages.api { open.merge(guarded(&pages)) } else { open };
    router.layer(from_fn(move |request, next| host::check(listen, request, next))).with_state(pages)
}

/// The routes that need access.
fn guarded(pages: &Pages) -> Router<Pages> {
    api::router(pages)
        .merge(page::router())
        .layer(from_fn(origin::check))
        .layer(from_fn_with_state(pages.access.clone(), access::check))
        .layer(from_fn(header::strict))
}

/// 200 while every loop makes progress and no state has needed an operator for too long; else 503 and the reason. Panics of jobs are
/// listed, but do not make health red: after a restart the same message would make its task panic again.
async fn health(State(pages): State<Pages>) -> impl IntoResponse {
    let stale = pages.vitals.pulses.stale();
    let mut text = String::new();
    let panics = pages.vitals.panics.count();
    if panics > 0 {
        writeln!(text, "{panics} tasks of jobs have panicked since the start: see the log").unwrap_or_default();
    }
    let overdue = pages.vitals.notices.overdue();
    if stale.is_empty() && overdue.is_empty() {
        return (StatusCode::OK, format!("ok\n{text}"));
    }
    for (name, since) in stale {
        // Writing to a string cannot fail.
        writeln!(text, "{name}: has not turned over for {} s", since.as_secs()).unwrap_or_default();
    }
    text.push_str(&told(&overdue));
    (StatusCode::SERVICE_UNAVAILABLE, text)
}

/// 200 while the daemon takes work. 503 and the reason before every queue has answered, while a state needs an operator, and during the
/// drain.
async fn readiness(State(pages): State<Pages>) -> impl IntoResponse {
    let notices = pages.vitals.notices.list();
    match pages.vitals.is_ready() {
        true if notices.is_empty() => (StatusCode::OK, "ready\n".to_owned()),
        _ if notices.is_empty() => (StatusCode::SERVICE_UNAVAILABLE, "not taking work: it starts, or it leaves\n".to_owned()),
        _ => (StatusCode::SERVICE_UNAVAILABLE, format!("not taking work\n{}", told(&notices))),
    }
}

/// The notices, one a line, each with its time.
fn told(notices: &[Notice]) -> String {
    let since = |notice: &Notice| notice.since.as_ref().map(|since| format!(" (since {since})")).unwrap_or_default();
    notices.iter().flat_map(|notice| [notice.text.clone(), since(notice), "\n".to_owned()]).collect()
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
        let pages = Pages::new(Vitals::default(), PrometheusBuilder::new().build_recorder().handle(), None);
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
