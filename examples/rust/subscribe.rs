//! Says how jobs end: a line for each.
//!
//! `SLIPWAY_EVENTS_URL=QUEUE-URL cargo run --example subscribe`; the queue is subscribed to the topic with raw delivery.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a program of its own, with a terminal and an environment")]

use std::collections::VecDeque;

use anyhow::Context;
use aws_config::BehaviorVersion;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use serde::Deserialize;
use serde_json::Value;

/// Events are delivered at least once. The oldest of so many ids is forgotten.
const SEEN: usize = 1000;

/// What is read of an event; `docs/schemas/event.schema.json` has all of it.
#[derive(Deserialize)]
struct Event {
    id: String,
    r#type: String,
    subject: String,
    data: Value,
}

impl Event {
    /// The line for a job's end.
    fn line(&self) -> Option<String> {
        let text = |pointer: &str| self.data.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        match self.r#type.as_str() {
            "slipway.job.finished" => Some(format!("{} {} {}", self.subject, text("/status"), text("/failure/message"))),
            "slipway.job.rejected" => Some(format!("{} rejected {}", self.subject, self.data["problems"])),
            _ => None,
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let queue = std::env::var("SLIPWAY_EVENTS_URL").context("SLIPWAY_EVENTS_URL")?;
    // With the default features of aws-config no client need be given.
    let https = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let sqs = aws_sdk_sqs::Client::new(&aws_config::defaults(BehaviorVersion::latest()).http_client(https).load().await);
    let mut seen = VecDeque::with_capacity(SEEN);
    loop {
        let answer = sqs.receive_message().queue_url(&queue).max_number_of_messages(10).wait_time_seconds(20).send().await?;
        for message in answer.messages() {
            let event: Event = serde_json::from_str(message.body().unwrap_or_default())?;
            if let Some(line) = event.line().filter(|_| !seen.contains(&event.id)) {
                println!("{}", line.trim_end());
                seen.truncate(SEEN - 1);
                seen.push_front(event.id);
            }
            sqs.delete_message().queue_url(&queue).receipt_handle(message.receipt_handle().unwrap_or_default()).send().await?;
        }
    }
}
