//! The status page of the demo's daemon, and the browser that shows it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Stdio,
};

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::{net::TcpListener, process::Command};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    engine::Vitals,
    http::{self, Pages, access::Access, page::Site},
    supervise::Services,
};

/// Serves the page on a free port until the process ends, and gives its address.
pub(super) async fn serve(config: &Config, vitals: &Vitals, services: &mut Services) -> anyhow::Result<String> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.context("cannot listen for the status page")?;
    let address = listener.local_addr().context("the status page has no address")?;
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let pages = Pages::new(vitals.clone(), metrics, Some(Access::open())).with_site(Site::of(config));
    services.spawn("status page", async move {
        if let Err(error) = http::serve(listener, pages, CancellationToken::new()).await {
            tracing::error!(%error, "the status page cannot be served");
        }
    });
    Ok(format!("http://{address}/"))
}

/// Opens the address in a browser, where this machine has a screen and a program that does so; whether it has.
pub(super) fn open(address: &str) -> bool {
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| crate::cli::variable(name).is_some());
    let opener = match std::env::consts::OS {
        "macos" => "open",
        _ if has_screen => "xdg-open",
        _ => return false,
    };
    Command::new(opener).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
}
