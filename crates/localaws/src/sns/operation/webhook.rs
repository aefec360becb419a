//! Notifications over HTTP.

use std::{io, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Uri, header};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time};

use crate::{
    sns::{model::post::Post, row},
    sqs::{Sqs, model::attribute::Attributes},
};

/// The pauses between attempts. After the last, delivery fails. (AWS makes more attempts.)
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// SNS: how long an endpoint may take to answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Delivers in the background.
pub(crate) fn spawn(post: Post, sqs: Arc<Sqs>) {
    tokio::spawn(async move {
        let taken = deliver(&post).await;
        let mut queues = sqs.inlet();
        if !taken && let Some(queue) = &post.dead_letter_arn {
            queues.deliver(queue, post.body, Attributes::new(), None, None).ok();
        }
        queues.journal.record(|| row::no_post(&post.id));
        queues.close();
    });
}

/// Whether the endpoint accepted the notification.
async fn deliver(post: &Post) -> bool {
    let mut pauses = PAUSES.into_iter();
    while let Err(error) = time::timeout(TIMEOUT, send(post)).await.map_err(io::Error::from).flatten() {
        tracing::debug!(%error, url = post.url, "a notification was not accepted");
        let Some(pause) = pauses.next() else { return false };
        time::sleep(pause).await;
    }
    true
}

async fn send(post: &Post) -> io::Result<()> {
    let url: Uri = post.url.parse().map_err(io::Error::other)?;
    let authority = url.authority().ok_or_else(|| io::Error::other("the URL has no host"))?;
    let stream = TcpStream::connect((authority.host(), authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let mut request = Request::post(url.path_and_query().map_or("/", |path| path.as_str()))
        .header(header::HOST, authority.as_str())
        .header(header::CONTENT_TYPE, "text/plain; charset=UTF-8")
        .header(header::USER_AGENT, "Amazon Simple Notification Service Agent");
    for (name, value) in &post.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::from(post.body.clone()))).map_err(io::Error::other)?;
    let mut response = pin!(sender.send_request(request));
    let response = tokio::select! {
        response = &mut response => response,
        // An error of the connection is also one of the response. An endpoint may answer and close at once.
        _ = connection => response.await,
    };
    let response = response.map_err(io::Error::other)?;
    if response.status().is_success() {
        return Ok(());
    }
    Err(io::Error::other(format!("the endpoint answered {}", response.status())))
}
