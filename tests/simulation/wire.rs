//! The wire between a daemon and AWS, where calls are lost, delayed or refused, and where daemons are killed.

mod answer;
mod fate;
mod wires;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Notify;

pub(crate) use self::wires::Wires;
use self::{
    answer::{cut_answer, deleted, refusal, response},
    fate::Fate,
};
use crate::bug::Bug;

/// The refusals of `StartBuild`: permission, invalid request, capacity.
const REFUSALS: [(u16, &str); 3] = [(400, "AccessDeniedException"), (400, "InvalidInputException"), (400, "AccountLimitExceededException")];

/// The wire of one daemon.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    shared: Arc<Wires>,
    life: Arc<Life>,
}

/// Whether a daemon is still alive.
#[derive(Debug, Default)]
pub(crate) struct Life {
    dead: AtomicBool,
    died: Notify,
}

impl Life {
    /// From now on no call of this daemon is carried out.
    pub(crate) fn end(&self) {
        self.dead.store(true, Ordering::Relaxed);
        self.died.notify_one();
    }

    pub(crate) async fn ended(&self) {
        self.died.notified().await;
    }

    fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }
}

/// An HTTP client for an SDK configuration's `http_client`.
pub(crate) fn client(wire: &Wire) -> SharedHttpClient {
    SharedHttpClient::new(wire.clone())
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move { wire.carry(request).await })
    }
}

impl Wire {
    async fn carry(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        if self.life.is_dead() {
            return std::future::pending().await;
        }
        let (head, body) = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?.into_parts();
        let body = Bytes::copy_from_slice(body.bytes().unwrap_or_default());
        let request = http::Request::from_parts(head, body);
        let operation = operation(&request);
        let fate = self.shared.fate();
        let at = self.shared.began.elapsed().as_millis();
        self.shared.trace.lock().unwrap().push(format!("{at} {operation} {fate:?}"));
        let cut = || ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into());
        let json = request.headers().contains_key("x-amz-target");
        match fate {
            Fate::Throttled => return Ok(refusal(json, 400, if json { "ThrottlingException" } else { "Throttled" })),
            Fate::Expired => return Ok(refusal(json, 403, if json { "ExpiredTokenException" } else { "ExpiredToken" })),
            Fate::Broken => return Ok(refusal(json, 500, if json { "InternalFailure" } else { "InternalError" })),
            Fate::LostRequest => return Err(cut()),
            Fate::Hanging => return std::future::pending().await,
            Fate::CrashBefore => {
                self.life.end();
                return std::future::pending().await;
            }
            _ => {}
        }
        if let Some(refusal) = self.refusal(&operation, request.body()) {
            return Ok(refusal);
        }
        if matches!(fate, Fate::BrokenAfter | Fate::LostReply | Fate::HangingAfter) {
            self.lose_answer(&operation, request.body());
        }
        let late = if let Fate::LateRequest(time) = fate { time } else { Duration::ZERO };
        let answer = self.deliver(&operation, request, late).await?;
        match fate {
            Fate::BrokenAfter => Ok(refusal(json, 500, if json { "InternalFailure" } else { "InternalError" })),
            Fate::LostReply => Err(cut()),
            Fate::HangingAfter => std::future::pending().await,
            Fate::CrashAfter => {
                self.life.end();
                std::future::pending().await
            }
            Fate::LateReply(time) => {
                tokio::time::sleep(time).await;
                Ok(answer)
            }
            _ => Ok(answer),
        }
    }

    /// Refuses look-ups if they are denied, and a repeated start whose answer was lost.
    fn refusal(&self, operation: &str, body: &Bytes) -> Option<HttpResponse> {
        let shared = &self.shared;
        if operation == "ListBuildsForProject" && shared.plan.lookups_denied.is_some_and(|from| shared.age() >= from) {
            return Some(refusal(true, 400, "AccessDeniedException"));
        }
        if operation != "StartBuild" {
            return None;
        }
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let (status, code) = shared.unanswered.lock().unwrap().get_mut(body["idempotencyToken"].as_str()?)?.take()?;
        shared.refused.lock().unwrap().insert(job_of(&body).to_owned());
        Some(refusal(true, status, code))
    }

    fn lose_answer(&self, operation: &str, body: &Bytes) {
        let shared = &self.shared;
        if operation == "StartBuild" && shared.draw(shared.weather().refused_again) {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let which = shared.rng.lock().unwrap().usize(0..REFUSALS.len());
            let token = body["idempotencyToken"].as_str().unwrap_or_default().to_owned();
            shared.unanswered.lock().unwrap().entry(token).or_insert(Some(REFUSALS[which]));
        }
    }

    /// Brings a request to AWS, which carries it out even if nobody waits for the answer.
    async fn deliver(&self, operation: &str, mut request: http::Request<Bytes>, late: Duration) -> Result<HttpResponse, ConnectorError> {
        let shared = &self.shared;
        if operation == "DeleteMessageBatch" && shared.draw(shared.weather().forgotten_deletes) {
            return Ok(deleted(request.body()));
        }
        if let Some(bug) = shared.bug
            && let Some(answer) = bug.tamper(operation, &mut request)
        {
            return response(200, answer.to_string());
        }
        if operation.ends_with("Batch") && shared.draw(shared.weather().cut_batches) {
            if shared.draw(500) {
                shared.aws.handle(request.clone()).await.map(drop).unwrap_or_default();
            }
            return cut_answer(request.headers().contains_key("x-amz-target"));
        }
        if operation == "ReceiveMessage" {
            // A poll whose caller has gone receives nothing.
            let Ok(answer) = shared.aws.handle(request.clone()).await else {
                return Err(ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into()));
            };
            self.received(&request, answer.body()).await;
            return response(answer.status().as_u16(), answer.body().clone());
        }
        let (aws, call, life) = (shared.aws.clone(), request.clone(), Arc::clone(&self.life));
        #[expect(clippy::disallowed_methods, reason = "AWS's side of the wire outlives its caller")]
        let carried_out = tokio::spawn(async move {
            if !late.is_zero() {
                tokio::time::sleep(late).await;
            }
            if life.is_dead() { None } else { Some(aws.handle(call).await) }
        });
        let answer = match carried_out.await {
            Ok(Some(Ok(answer))) => answer,
            Ok(None) => return std::future::pending().await,
            _ => return Err(ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into())),
        };
        response(answer.status().as_u16(), answer.body().clone())
    }

    /// Makes a received message visible again at once, like a queue that delivers twice; or drops it, for a bug.
    async fn received(&self, request: &http::Request<Bytes>, answer: &Bytes) {
        let shared = &self.shared;
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let count = message["Attributes"]["ApproximateReceiveCount"].as_str().and_then(|count| count.parse().ok()).unwrap_or(1);
            let id = message["MessageId"].as_str().unwrap_or_default().to_owned();
            shared.count_receive(id, count);
            let (operation, more) = if shared.bug == Some(Bug::EarlyDelete) {
                ("DeleteMessage", json!({}))
            } else if shared.draw(shared.weather().duplicates) {
                ("ChangeMessageVisibility", json!({ "VisibilityTimeout": 0 }))
            } else {
                continue;
            };
            let mut body = json!({ "QueueUrl": asked["QueueUrl"], "ReceiptHandle": message["ReceiptHandle"] });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let call = http::Request::post("http://127.0.0.1:4566/")
                .header("authorization", "any")
                .header("x-amz-target", format!("AmazonSQS.{operation}"));
            shared.aws.handle(call.body(Bytes::from(body.to_string())).unwrap()).await.unwrap();
        }
    }
}

fn operation(request: &http::Request<Bytes>) -> String {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()?.rsplit('.').next());
    let body = || std::str::from_utf8(request.body()).ok()?.split('&').find_map(|pair| pair.strip_prefix("Action="));
    target.or_else(body).unwrap_or("?").to_owned()
}

/// The job that a start is for.
fn job_of(body: &Value) -> &str {
    let variables = body["environmentVariablesOverride"].as_array().into_iter().flatten();
    let id = variables.filter(|variable| variable["name"] == "SLIPWAY_JOB_ID").find_map(|variable| variable["value"].as_str());
    id.unwrap_or_default()
}
