//! `slipway healthcheck`: asks a daemon whether it is healthy. For images without another HTTP client.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Args;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{
    Request, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};
use url::Url;

use super::{Exit, configuration::Configuration, stdout};

const LOOK: &str = "does the daemon run, and does it listen there? --url or [http].listen says where";
/// The largest answer, in bytes. The daemon's has a few lines.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Ask a running daemon whether it is healthy
#[derive(Debug, Args)]
#[command(after_help = "\
Asks /healthz where the configuration's [http].listen says. A daemon is healthy
while its loops all turn over and nothing has needed a person for ten minutes,
such as missing credentials. /readyz says whether it takes work now.

Exit codes: 0 healthy; 1 not healthy, or no answer; 64 wrong usage; 78 the
configuration is wrong.

Examples:
  slipway healthcheck --config /etc/slipway/slipway.toml
  slipway healthcheck --url http://127.0.0.1:9090/readyz --timeout 2s")]
pub(super) struct Healthcheck {
    #[command(flatten)]
    configuration: Configuration,

    /// The page to ask for, instead of the configuration's
    #[arg(long, value_name = "URL", value_parser = http)]
    url: Option<Url>,

    /// How long to wait for the answer
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    timeout: Duration,
}

impl Healthcheck {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let url = match self.url {
            Some(url) => url,
            None => page(self.configuration.load()?.1.http.listen)?,
        };
        let answer = timeout(self.timeout, get(&url)).await;
        let answer =
            answer.with_context(|| format!("no answer from {url} within {} ({LOOK})", humantime::format_duration(self.timeout)))?;
        let (status, text) = answer.with_context(|| format!("no answer from {url} ({LOOK})"))?;
        if status != StatusCode::OK {
            bail!("{url} answers {status}: {}", text.trim_end());
        }
        stdout::print(&text)?;
        Ok(Exit::Done)
    }
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    humantime::parse_duration(text).map_err(|_| "must be a duration, like 5s or 500ms")
}

/// Only http: the daemon itself has no TLS.
fn http(text: &str) -> Result<Url, &'static str> {
    Url::parse(text).ok().filter(|url| url.scheme() == "http").ok_or("must be http://HOST[:PORT]/PATH, like http://127.0.0.1:9090/healthz")
}

/// The URL of the health page. A daemon that listens on every address is asked on the loopback address.
fn page(listen: SocketAddr) -> Result<Url, url::ParseError> {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Url::parse(&format!("http://{}/healthz", SocketAddr::new(ip, listen.port())))
}

async fn get(url: &Url) -> anyhow::Result<(StatusCode, String)> {
    let host = url.host_str().context("the URL names no host")?;
    // The brackets of an IPv6 address are part of the URL, not of the address.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, url.port().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request =
        Request::get(url.path()).header(header::HOST, url.authority()).header(header::CONNECTION, "close").body(Empty::<Bytes>::new())?;
    let asked = async move { read(sender.send_request(request).await?).await };
    // The connection's task ends with the exchange.
    let (answer, moved) = tokio::join!(asked, connection);
    let answer = answer?;
    moved?;
    Ok(answer)
}

async fn read(response: hyper::Response<Incoming>) -> anyhow::Result<(StatusCode, String)> {
    let status = response.status();
    let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!("the answer cannot be read: {error}"))?;
    Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn a_daemon_that_listens_everywhere_is_asked_on_this_machine() {
        for (listen, asked) in [
            ("127.0.0.1:9090", "http://127.0.0.1:9090/healthz"),
            ("0.0.0.0:9090", "http://127.0.0.1:9090/healthz"),
            ("[::]:8080", "http://[::1]:8080/healthz"),
            ("10.0.0.7:80", "http://10.0.0.7/healthz"),
        ] {
            let page = listen.parse().ok().and_then(|listen| page(listen).ok());
            assert_eq!(page.as_ref().map(url::Url::as_str), Some(asked), "{listen}");
        }
    }
}
