//! AWS's wire protocols: reading the operation of a request, and writing its answer.

mod admission;
mod flat;
mod form;
mod json;
mod query;
mod xml;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use serde_json::Value;

use crate::api::{Answer, ApiError};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The services of this endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Sqs,
    Sns,
    Sts,
    CodeBuild,
    Logs,
}

impl Service {
    /// The service's name in signatures and in AWS's clients.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Sns => "sns",
            Self::Sts => "sts",
            Self::CodeBuild => "codebuild",
            Self::Logs => "logs",
        }
    }
}

/// The form of a request's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// `application/x-amz-json-1.0` or `-1.1`.
    Json { version: &'static str },
    /// A form in, XML out, in the service's namespace.
    Query { namespace: &'static str },
}

/// A request that was read.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) operation: String,
    pub(crate) input: Value,
    pub(crate) protocol: Protocol,
    /// The host that the request came to.
    pub(crate) host: Option<String>,
}

/// A request without a known operation, with the error for its caller.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) protocol: Protocol,
    pub(crate) error: ApiError,
}

impl Call {
    /// Reads a request.
    pub(crate) fn read(request: &Request<Bytes>) -> Result<Self, Refused> {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        admission::check(request).map_err(|error| {
            let protocol = if target.is_some() { json::UNKNOWN } else { query::UNKNOWN };
            Refused { protocol, error }
        })?;
        let mut call = match target {
            Some(target) => json::read(target, request.body())?,
            None => query::read(request)?,
        };
        call.host = host;
        Ok(call)
    }
}

/// About how many bytes of text an input has.
pub(crate) fn weight(input: &Value) -> u64 {
    match input {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() as u64,
        Value::Array(members) => members.iter().map(weight).sum(),
        Value::Object(members) => members.iter().map(|(name, member)| name.len() as u64 + weight(member)).sum(),
    }
}

/// Writes the answer to `operation`.
pub(crate) fn write(protocol: &Protocol, service: Option<Service>, operation: &str, answer: &Answer) -> Response<Bytes> {
    let id = crate::random::uuid().to_string();
    let (content_type, body) = match protocol {
        Protocol::Json { version } => (*version, json::write(service, answer)),
        Protocol::Query { namespace } => ("text/xml", query::write(namespace, service, operation, answer, &id)),
    };
    let status = answer.as_ref().map_or_else(|error| error.status, |_| 200);
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.extend(HeaderValue::from_str(&id).ok().map(|id| (REQUEST_ID, id)));
    if let (Protocol::Json { .. }, Some(Service::Sqs), Err(error)) = (protocol, service, answer) {
        headers.extend(json::query_error(error));
    }
    response
}
