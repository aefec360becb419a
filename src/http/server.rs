//! The daemon's listener: HTTP/1.1, with bounds on connections, request heads, idle time and shutdown.

use std::{io::Write, panic::AssertUnwindSafe, time::Duration};

use axum::Router;
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use hyper::{
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Connections};
use crate::observe;

/// The most connections: far below the 1,024 file descriptors of a usual process.
const CONNECTIONS: usize = 256;
/// How long a connection may take to send a request's head, and be idle between two requests.
const HEAD: Duration = Duration::from_secs(30);
/// The largest request head, in bytes.
const BUFFER: usize = 32 * 1024;
/// How long requests in progress may take after `stop`.
const GRACE: Duration = Duration::from_millis(500);
/// The pause after a failed accept, such as without free file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The answer to a connection beyond the bound.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Serves until `stop`, then lets requests in progress end within half a second.
pub(super) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let (connections, ends) = (Connections::default(), GracefulShutdown::new());
    let mut served = FuturesUnordered::new();
    // Logged once, not ten times a second.
    let mut failing = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(()) = served.next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    failing = false;
                    match connections.open(CONNECTIONS) {
                        Some(connection) => served.push(converse(stream, router.clone(), connection, ends.watcher())),
                        // The socket does not block: bytes beyond its buffer are not sent.
                        None => drop(stream.into_std().and_then(|mut stream| stream.write(FULL))),
                    }
                }
                Err(error) => {
                    if !failing {
                        observe::accept_failed(&error);
                    }
                    failing = true;
                    connections.close_idle();
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let all_served = async { while served.next().await.is_some() {} };
    // A request that has not come completely is dropped.
    drop(timeout(GRACE, async { tokio::join!(ends.shutdown(), all_served) }).await);
}

/// Serves one connection until it ends.
async fn converse(stream: TcpStream, router: Router, connection: Connection, watcher: Watcher) {
    let (connection, service) = (&connection, &TowerToHyperService::new(router));
    let service = service_fn(move |request| connection.answering(service.call(request)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(BUFFER);
    let served = watcher.watch(http.serve_connection(TokioIo::new(stream), service));
    // An error means that the client is gone. A page that panics ends only its connection.
    let served = AssertUnwindSafe(served).catch_unwind();
    drop(connection.close.run_until_cancelled(served).await);
}
