//! Answers that the simulation makes: refusals and broken batches.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::ConnectorError};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use serde_json::{Value, json};

pub(super) fn refusal(json: bool, status: u16, code: &str) -> HttpResponse {
    let body = if json {
        json!({ "__type": code, "message": "a bad day" }).to_string()
    } else {
        format!("<ErrorResponse><Error><Type>Receiver</Type><Code>{code}</Code><Message>a bad day</Message></Error></ErrorResponse>")
    };
    response(status, body).unwrap()
}

/// SQS's answer to a delete of a batch.
pub(super) fn deleted(request: &Bytes) -> HttpResponse {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let entries = request["Entries"].as_array().into_iter().flatten();
    let successful: Vec<Value> = entries.map(|entry| json!({ "Id": entry["Id"] })).collect();
    response(200, json!({ "Successful": successful, "Failed": [] }).to_string()).unwrap()
}

pub(super) fn response(status: u16, body: impl Into<SdkBody>) -> Result<HttpResponse, ConnectorError> {
    let response = http::Response::builder().status(status).body(body.into());
    HttpResponse::try_from(response.map_err(|error| ConnectorError::other(error.into(), None))?)
        .map_err(|error| ConnectorError::other(error.into(), None))
}

/// A batch answer without any entries.
pub(super) fn cut_answer(json: bool) -> Result<HttpResponse, ConnectorError> {
    if json {
        return response(200, json!({ "Successful": [], "Failed": [] }).to_string());
    }
    response(200, "<PublishBatchResponse><PublishBatchResult><Successful/><Failed/></PublishBatchResult></PublishBatchResponse>")
}
