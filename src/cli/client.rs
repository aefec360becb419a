//! The client of a running daemon: its API, asked over HTTP.

use std::time::Duration;

use anyhow::Context;
use clap::Args;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, StatusCode,
    body::Bytes,
    header::{self, HeaderValue},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;
use url::Url;

use super::{Usage, note};
use crate::http::{Problem, api::ROOT};

/// The address on which a daemon listens by default.
const DEFAULT: &str = "http://127.0.0.1:9090";
/// The variable with the daemon's URL.
const DAEMON: &str = "SLIPWAY_DAEMON";
/// The variable with the token.
const TOKEN: &str = "SLIPWAY_TOKEN";
const CONNECT: Duration = Duration::from_secs(3);
/// How long to wait for an answer: longer than the daemon waits for AWS.
const ANSWER: Duration = Duration::from_secs(45);
/// After so long without an answer the user is told.
const SILENCE: Duration = Duration::from_secs(8);
/// The largest answer, in bytes. A page of a thousand jobs has about 2 MB.
const LARGEST: usize = 64 * 1024 * 1024;

/// The daemon to ask.
#[derive(Debug, Clone, Args)]
pub(super) struct Daemon {
    #[arg(long = "daemon", help = "Where the daemon listens; SLIPWAY_TOKEN holds the token where it wants one", global = true, value_name = "URL", env = DAEMON, default_value = DEFAULT, value_parser = url, hide_env_values = true)]
    pub(super) url: Url,
}

/// The client of one daemon.
#[derive(Debug, Clone)]
pub(super) struct Client {
    transport: Transport,
    url: Url,
    token: Option<HeaderValue>,
}

/// The daemon itself serves plain HTTP; a proxy before it may serve HTTPS.
#[derive(Debug, Clone)]
enum Transport {
    Clear(legacy::Client<HttpConnector, Full<Bytes>>),
    Tls(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// No daemon answers.
    #[error("no daemon answers at {url}: {why} (--daemon or SLIPWAY_DAEMON says where it listens)")]
    Unreachable { url: Url, why: String },
    /// The daemon refuses the request.
    #[error("{}", refused(.0))]
    Refused(Box<Problem>),
    /// The answer is not a daemon's.
    #[error("{url} gives no answer that can be read: {why}")]
    Broken { url: Url, why: String },
}

impl Client {
    pub(super) fn new(daemon: &Daemon) -> anyhow::Result<Self> {
        let token = super::variable(TOKEN).map(|token| {
            let mut value =
                HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| Usage(format!("{TOKEN} holds what no token can be")))?;
            value.set_sensitive(true);
            Ok::<_, Usage>(value)
        });
        let token = token.transpose()?;
        let url = daemon.url.clone();
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        let builder = legacy::Client::builder(TokioExecutor::new());
        let transport = if url.scheme() == "https" {
            connector.enforce_http(false);
            let tls = HttpsConnectorBuilder::new().with_native_roots().context("cannot read this machine's certificates")?;
            Transport::Tls(builder.build(tls.https_only().enable_http1().wrap_connector(connector)))
        } else {
            Transport::Clear(builder.build(connector))
        };
        Ok(Self { transport, url, token })
    }

    /// Reads a path of the API, such as `/jobs`.
    ///
    /// # Errors
    /// See [`Error`].
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.ask(Method::GET, path, None).await
    }

    /// Sends a change.
    ///
    /// # Errors
    /// See [`Error`].
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let broken = |error: serde_json::Error| Failure::Broken { url: self.url.clone(), why: error.to_string() };
        self.ask(Method::POST, path, Some(serde_json::to_vec(body).map_err(broken)?)).await
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<T, Failure> {
        let broken = |why: String| Failure::Broken { url: self.url.clone(), why };
        let unreachable = |why: String| Failure::Unreachable { url: self.url.clone(), why };
        let uri = format!("{}{ROOT}{path}", self.url.as_str().trim_end_matches('/'));
        let mut request = Request::builder().method(method).uri(uri).header(header::ACCEPT, "application/json");
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token);
        }
        let request = request.body(Full::from(body.unwrap_or_default())).map_err(|error| broken(error.to_string()))?;
        let answered = async {
            let sent = match &self.transport {
                Transport::Clear(client) => client.request(request),
                Transport::Tls(client) => client.request(request),
            };
            let response = sent.await.map_err(|error| {
                let why = innermost(&error);
                if error.is_connect() { unreachable(why) } else { broken(why) }
            })?;
            let status = response.status();
            let bytes = Limited::new(response.into_body(), LARGEST).collect().await.map_err(|error| {
                broken(if error.is::<LengthLimitError>() { format!("more than {LARGEST} bytes") } else { error.to_string() })
            })?;
            Ok((status, bytes.to_bytes()))
        };
        let late = |_| Err(unreachable(format!("it takes connections and has not answered within {} s", ANSWER.as_secs())));
        // Boxed, because the future is large and part of others.
        let mut answered = Box::pin(answered);
        let answer = if let Ok(answer) = timeout(SILENCE, &mut answered).await {
            answer
        } else {
            let cure = "check --daemon or SLIPWAY_DAEMON, and whether it runs";
            // If stderr is closed, nobody reads it.
            note(&format!("no answer from the daemon at {} for {} s, still waiting; {cure}", self.url, SILENCE.as_secs())).ok();
            timeout(ANSWER.saturating_sub(SILENCE), answered).await.unwrap_or_else(late)
        };
        let (status, bytes) = answer?;
        read(status, &bytes).map_err(|error| match error {
            Ok(problem) => Failure::Refused(problem),
            Err(why) => broken(why),
        })
    }
}

fn read<T: DeserializeOwned>(status: StatusCode, bytes: &[u8]) -> Result<T, Result<Box<Problem>, String>> {
    if status.is_success() {
        return serde_json::from_slice(bytes).map_err(|error| Err(error.to_string()));
    }
    match serde_json::from_slice::<Problem>(bytes) {
        Ok(problem) => Err(Ok(Box::new(problem))),
        // The answer of a proxy or of another program.
        Err(_) => Err(Err(format!("status {status}; is this a Slipway daemon that serves its API ([http].api)?"))),
    }
}

/// The daemon's refusal, with every problem of a message.
fn refused(problem: &Problem) -> String {
    let list = problem.problems.iter().map(|problem| format!("\n  {}: {}", problem.path, problem.problem));
    format!("{}{}", problem.detail, list.collect::<String>())
}

/// The last error of a chain: those before it only say the same in general.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}

fn url(text: &str) -> Result<Url, String> {
    address(text).map_err(|rule| {
        let is_variables = super::variable(DAEMON).as_deref() == Some(text);
        if is_variables { format!("{DAEMON} {rule}") } else { rule.to_owned() }
    })
}

fn address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
    let url = url.ok_or("must be http://HOST[:PORT] or https://HOST[:PORT], like http://127.0.0.1:9090")?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err("must have no query, no fragment and no password: SLIPWAY_TOKEN holds the token");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_is_named_by_an_address_alone() {
        for good in [DEFAULT, "https://slipway.example", "http://localhost:9090/", "https://tools.example/slipway"] {
            assert!(url(good).is_ok(), "{good}");
        }
        for bad in ["127.0.0.1:9090", "ftp://x", "http://x?y", "http://user:token@x", "http://x#y", ""] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_answer_is_a_value_a_problem_or_something_elses() {
        assert_eq!(read::<u32>(StatusCode::OK, b"7"), Ok(7));
        assert!(matches!(read::<u32>(StatusCode::OK, b"x"), Err(Err(_))));
        let problem = serde_json::to_vec(&Problem::not_found("no job")).unwrap_or_default();
        assert!(matches!(read::<u32>(StatusCode::NOT_FOUND, &problem), Err(Ok(problem)) if problem.detail == "no job"));
        assert!(matches!(read::<u32>(StatusCode::BAD_GATEWAY, b"<html>"), Err(Err(why)) if why.contains("502")));
    }
}
