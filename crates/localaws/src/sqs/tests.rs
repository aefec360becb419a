//! The service, tested by its operations.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod order;
mod queue;
mod receive;
mod redrive;

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::*;

fn service() -> Arc<Sqs> {
    Arc::new(Sqs::new(Clock::system(), "us-east-1".into(), "000000000000".into()))
}

async fn call(sqs: &Sqs, operation: &str, input: Value) -> Value {
    sqs.call(operation, input, None).await.unwrap()
}

async fn code(sqs: &Sqs, operation: &str, input: Value) -> String {
    sqs.call(operation, input, None).await.unwrap_err().code.into_owned()
}

async fn create(sqs: &Sqs, name: &str, attributes: Value) {
    call(sqs, "CreateQueue", json!({ "QueueName": name, "Attributes": attributes })).await;
}

async fn send(sqs: &Sqs, queue: &str, body: &str) {
    call(sqs, "SendMessage", json!({ "QueueUrl": queue, "MessageBody": body })).await;
}

async fn receive(sqs: &Sqs, input: Value) -> Vec<Value> {
    call(sqs, "ReceiveMessage", input).await["Messages"].as_array().cloned().unwrap_or_default()
}

async fn bodies(sqs: &Sqs, queue: &str) -> Vec<String> {
    let messages = receive(sqs, json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10 })).await;
    messages.iter().map(|message| message["Body"].as_str().unwrap().to_owned()).collect()
}

/// How many messages are visible, in flight and delayed.
async fn counts(sqs: &Sqs, queue: &str) -> [u64; 3] {
    let answer = call(sqs, "GetQueueAttributes", json!({ "QueueUrl": queue, "AttributeNames": ["All"] })).await;
    ["", "NotVisible", "Delayed"]
        .map(|kind| answer["Attributes"][format!("ApproximateNumberOfMessages{kind}")].as_str().unwrap().parse().unwrap())
}
