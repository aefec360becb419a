//! JSON bodies of requests, bounded in bytes.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::aws::queue::MESSAGE_BYTES;

/// The largest body, in bytes: the largest message of SQS.
pub(super) const LARGEST: usize = MESSAGE_BYTES;

/// The text of a body whose media type is JSON.
pub(super) async fn text(request: Request) -> Result<String, Problem> {
    is_json(request.headers())?;
    String::from_utf8(bytes(request.into_body()).await?).map_err(|_| Problem::bad_request("malformed-body", "the body is not UTF-8"))
}

/// Reads a value from a JSON body. `None`: the body is empty.
pub(super) async fn optional<T: DeserializeOwned>(request: Request) -> Result<Option<T>, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = bytes(body).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    is_json(&parts.headers)?;
    let value: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| Problem::bad_request("malformed-body", format!("the body is not JSON: {error}")))?;
    let read = serde_json::from_value(value);
    read.map(Some)
        .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-body", format!("the body is not as it must be: {error}")))
}

/// Reads a value from a JSON body that must not be empty.
pub(super) async fn required<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    let none = || Problem::bad_request("malformed-body", "the body is empty: it must be a JSON object");
    optional(request).await?.ok_or_else(none)
}

/// Whether the media type is JSON. A form on another site's page cannot send it: browsers ask the server first.
fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named = named.split(';').next().unwrap_or_default().trim();
    if named.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "json-needed", "send JSON, with `Content-Type: application/json`"))
}

async fn bytes(body: Body) -> Result<Vec<u8>, Problem> {
    match to_bytes(body, LARGEST).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) if is_too_large(&error) => {
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", format!("a body has at most {LARGEST} bytes")))
        }
        Err(error) => Err(Problem::bad_request("malformed-body", format!("the body cannot be read: {error}"))),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}
