//! The daemon's listener: HTTP/1.1, with bounds on connections, on requests' heads, on idle time and on the end.

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

/// Connections at once: far below the 1,024 descriptors that a process may usually have.
const CONNECTIONS: usize = 256;
/// How long a connection may take to bring a request's head; it may be idle as long between two requests.
const HEAD: Duration = Duration::from_secs(30);
/// What a connection holds of a request's head, in bytes.
const BUFFER: usize = 32 * 1024;
/// How long requests may take to be answered once the end was asked for.
const GRACE: Duration = Duration::from_millis(500);
/// After a failed accept, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// For a connection that there is no room for.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Serves until `stop`, then lets requests under way end within half a second.
pub(super) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let (connections, ends) = (Connections::default(), GracefulShutdown::new());
    let mut served = FuturesUnordered::new();
    // Told once, not ten times a second.
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
                        // The socket does not block: what does not fit into its buffer is not sent.
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
    // A request of which half has come is not waited for any longer.
    drop(timeout(GRACE, async { tokio::join!(ends.shutdown(), all_served) }).await);
}

/// One connection, to its end.
async fn converse(stream: TcpStream, router: Router, connection: Connection, watcher: Watcher) {
    let (connection, service) = (&connection, &TowerToHyperService::new(router));
    let service = service_fn(move |request| connection.answering(service.call(request)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(BUFFER);
    let served = watcher.watch(http.serve_connection(TokioIo::new(stream), service));
    // A connection ends with an error when its client goes away, and a page that panics takes nothing else with it.
    let served = AssertUnwindSafe(served).catch_unwind();
    drop(connection.close.run_until_cancelled(served).await);
}
