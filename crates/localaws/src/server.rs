//! The endpoint on a socket: HTTP/1.1 with keep-alive.

use std::{io, net::IpAddr, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header, uri::Authority};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    body::{Body, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{endpoint::LocalAws, fault::Dropped};

/// The largest body of a request, in bytes. A message of 1 MiB fits even if all its characters beyond ASCII are written as `\u` escapes,
/// which are three times as long.
const BODY_MAX: usize = 3 * 1024 * 1024 + 256 * 1024;
/// How long calls may continue after a shutdown was requested. Long polls are cut then; they have received nothing.
const GRACE: Duration = Duration::from_secs(1);
/// The pause after a failed accept, for example without file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`, then lets calls in flight end within a second.
///
/// # Errors
/// The options of a connection's socket cannot be set.
pub async fn serve(aws: LocalAws, listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
    let connections = GracefulShutdown::new();
    let cut = CancellationToken::new();
    let _cut_at_return = cut.clone().drop_guard();
    loop {
        let stream = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        stream.set_nodelay(true)?;
        let aws = aws.clone();
        let service = service_fn(move |request| answer(aws.clone(), request));
        let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        let cut = cut.clone();
        tokio::spawn(async move {
            // A connection ends with an error when its client leaves or a fault cuts it. This needs no log.
            cut.run_until_cancelled(connection).await.map(Result::ok);
        });
    }
    drop(listener);
    timeout(GRACE, connections.shutdown()).await.ok();
    Ok(())
}

async fn answer(aws: LocalAws, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
    if !is_from_a_program(&request) {
        return Ok(plain(StatusCode::FORBIDDEN, "text/plain", "this endpoint is not for web pages"));
    }
    let is_target = request.headers().contains_key("x-amz-target");
    if request.method() == Method::GET && !is_target && request.uri().query().is_none() {
        return Ok(about(request.uri().path()));
    }
    let (head, body) = request.into_parts();
    // A body that announces its size is refused without being read.
    if body.size_hint().lower() > BODY_MAX as u64 {
        return Ok(too_large());
    }
    let body = match Limited::new(body, BODY_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return Ok(too_large());
        }
        Err(_) => return Err(Dropped),
    };
    Ok(aws.handle(Request::from_parts(head, body)).await?.map(Full::new))
}

/// Whether a program, and no web page, makes the request. A page can send plain forms to any address, and builds run as the user of this
/// process. Browsers send the origin of a page, and whether a person typed the address (`none`). A page whose name was changed to point to
/// the loopback address still uses that name as the host. All of these headers count, and an unreadable host is refused: browsers accept
/// some names that URL parsers do not.
fn is_from_a_program(request: &Request<Incoming>) -> bool {
    let headers = request.headers();
    let is_loopback = |host: &Authority| {
        let address = host.host().trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host.host() == "localhost" || address.is_ok_and(|address| address.is_loopback())
    };
    let named = headers.get_all(header::HOST).iter().map(|host| host.to_str().ok().and_then(|host| host.parse().ok()));
    let mut named = named.chain(request.uri().authority().cloned().map(Some));
    headers.contains_key(header::HOST)
        && named.all(|host| host.is_some_and(|host| is_loopback(&host)))
        && headers.get_all("sec-fetch-site").iter().all(|site| site == "none")
        && !headers.contains_key(header::ORIGIN)
}

/// The answer to a browser, a health check, or a person.
fn about(path: &str) -> Response<Full<Bytes>> {
    match path {
        "/" | "/health" => {
            plain(StatusCode::OK, "application/json", r#"{"status":"ok","services":["sqs","sns","codebuild","logs","sts"]}"#)
        }
        _ => plain(StatusCode::NOT_FOUND, "text/plain", "there is nothing here"),
    }
}

fn too_large() -> Response<Full<Bytes>> {
    plain(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "the request is too large")
}

fn plain(status: StatusCode, content_type: &'static str, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests;
