//! AWS JSON 1.0 and 1.1: the operation in a header, JSON in and out.

use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::{
    api::{Answer, ApiError},
    wire::{Call, Protocol, Refused, Service},
};

/// The header with the error's code in the query protocol, which only SQS sends.
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");
const JSON_1_0: &str = "application/x-amz-json-1.0";
const JSON_1_1: &str = "application/x-amz-json-1.1";
/// The protocol for errors that belong to no service.
pub(super) const UNKNOWN: Protocol = Protocol::Json { version: JSON_1_0 };

/// SQS's errors that its model does not have. AWS sends them with the namespace of its service framework.
const UNMODELLED: [&str; 3] = ["InvalidParameterValue", "MissingParameter", "SerializationException"];

pub(super) fn read(target: &str, body: &[u8]) -> Result<Call, Refused> {
    let (prefix, operation) = target.rsplit_once('.').unwrap_or((target, ""));
    let (service, version) = match prefix {
        "AmazonSQS" => (Service::Sqs, JSON_1_0),
        "CodeBuild_20161006" => (Service::CodeBuild, JSON_1_1),
        "Logs_20140328" => (Service::Logs, JSON_1_1),
        _ => return Err(Refused { protocol: UNKNOWN, error: ApiError::unknown_operation() }),
    };
    let protocol = Protocol::Json { version };
    let input = match body.trim_ascii() {
        b"" => Ok(json!({})),
        body => serde_json::from_slice(body),
    };
    if let Ok(input @ Value::Object(_)) = input {
        return Ok(Call { service, operation: operation.to_owned(), input, protocol, host: None });
    }
    Err(Refused { protocol, error: ApiError::new("SerializationException", "the request's body is not a JSON object") })
}

pub(super) fn write(service: Option<Service>, answer: &Answer) -> String {
    match answer {
        Ok(output) => output.to_string(),
        Err(error) => json!({ "__type": type_of(service, error), "message": error.message }).to_string(),
    }
}

/// SQS sends an error's name with its namespace, the other services without.
fn type_of(service: Option<Service>, error: &ApiError) -> String {
    let code = &error.code;
    match service {
        _ if code == "UnknownOperationException" => format!("com.amazon.coral.service#{code}"),
        Some(Service::Sqs) if UNMODELLED.contains(&&**code) => {
            let suffix = if code.ends_with("Exception") { "" } else { "Exception" };
            format!("com.amazon.coral.service#{code}{suffix}")
        }
        Some(Service::Sqs) => format!("com.amazonaws.sqs#{code}"),
        _ => code.to_string(),
    }
}

pub(super) fn query_error(error: &ApiError) -> Option<(HeaderName, HeaderValue)> {
    let code = error.query_code.unwrap_or(&error.code);
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    Some((QUERY_ERROR, HeaderValue::from_str(&format!("{code};{fault}")).ok()?))
}
