//! The socket. These tests use the real clock, because sockets do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

use super::*;
use crate::{
    clock::Clock,
    endpoint::Options,
    fault::{Fault, Faults},
    runner::Runner,
};

#[derive(Debug)]
struct NoBuilds;

impl Runner for NoBuilds {
    fn run(
        &self,
        _: crate::runner::Assignment,
        _: crate::codebuild::progress::Progress,
    ) -> std::pin::Pin<Box<dyn Future<Output = crate::runner::Ending> + Send>> {
        Box::pin(async { crate::runner::Ending::Fault })
    }
}

/// Cuts every request for a queue's URL.
#[derive(Debug)]
struct Cut;

impl Faults for Cut {
    fn before(&self, _: &str, operation: &str) -> Option<Fault> {
        (operation == "GetQueueUrl").then_some(Fault::Drop)
    }
}

async fn start() -> (SocketAddr, CancellationToken, JoinHandle<io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let options = Options::new(Clock::system(), std::sync::Arc::new(NoBuilds));
    let aws = LocalAws::new(Options { faults: Some(std::sync::Arc::new(Cut)), ..options });
    let shutdown = CancellationToken::new();
    (address, shutdown.clone(), tokio::spawn(serve(aws, listener, shutdown)))
}

async fn write(stream: &mut TcpStream, operation: &str, body: &str) {
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nauthorization: any\r\nx-amz-target: AmazonSQS.{operation}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).await.unwrap();
}

/// Reads until the text has arrived. At the end of the stream, returns what has arrived.
async fn read(stream: &mut TcpStream, until: &str) -> String {
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains(until) {
        if stream.read_buf(&mut text).await.unwrap_or(0) == 0 {
            break;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn a_connection_serves_many_requests_until_a_fault_cuts_it() {
    let (address, shutdown, server) = start().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(read(&mut stream, "}").await.contains(r#""status":"ok""#));
    for name in ["a", "b"] {
        write(&mut stream, "CreateQueue", &format!(r#"{{"QueueName":"{name}"}}"#)).await;
        assert!(read(&mut stream, "}").await.contains(&format!("http://localhost/000000000000/{name}")));
    }
    write(&mut stream, "GetQueueUrl", r#"{"QueueName":"a"}"#).await;
    assert_eq!(read(&mut stream, "}").await, "");

    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", BODY_MAX + 1);
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(read(&mut stream, "large").await.starts_with("HTTP/1.1 413"));
    shutdown.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn requests_of_web_pages_are_refused_by_their_headers() {
    let (address, shutdown, server) = start().await;
    let body = r#"{"QueueName":"a"}"#;
    let table = [
        ("localhost", "", "200"),
        ("[::1]:4566", "sec-fetch-site: none\r\n", "200"),
        ("localhost", "sec-fetch-site: cross-site\r\n", "403"),
        ("localhost", "sec-fetch-site: same-site\r\n", "403"),
        ("localhost", "sec-fetch-site: same-origin\r\n", "403"),
        ("localhost", "origin: null\r\n", "403"),
        ("page.example:4566", "", "403"),
        ("0.0.0.0:4566", "", "403"),
        ("127.0.0.1.page.example", "", "403"),
        // Chromium accepts such a name; a URL parser does not.
        ("page{x.example", "", "403"),
        ("page\u{e9}.example", "", "403"),
        ("", "", "403"),
        ("localhost", "host: page.example\r\n", "403"),
        ("localhost", "sec-fetch-site: none\r\nsec-fetch-site: cross-site\r\n", "403"),
    ];
    for (host, more, expected) in table {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("POST / HTTP/1.1\r\nhost: {host}\r\nauthorization: any\r\nx-amz-target: AmazonSQS.CreateQueue\r\n{more}");
        let request = format!("{head}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read(&mut stream, "\0").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{host} {more} {answer}");
    }
    shutdown.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_long_polls() {
    let (address, shutdown, server) = start().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    write(&mut stream, "CreateQueue", r#"{"QueueName":"q"}"#).await;
    read(&mut stream, "}").await;
    write(&mut stream, "ReceiveMessage", r#"{"QueueUrl":"q","WaitTimeSeconds":20}"#).await;
    shutdown.cancel();
    timeout(Duration::from_secs(10), server).await.unwrap().unwrap().unwrap();
    assert_eq!(read(&mut stream, "}").await, "");
    assert!(TcpStream::connect(address).await.is_err());
}
