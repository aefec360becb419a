//! Errors as RFC 9457 has them: `application/problem+json`.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    aws::{AwsError, Class},
    job::problem::Problem as Mistake,
};

/// The media type.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// What the types of problems begin with.
const TYPE: &str = "urn:slipway:problem:";
/// Seconds after which what AWS throttles may be asked again.
const AGAIN_SECONDS: u32 = 10;

/// What went wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// Which problem: `urn:slipway:problem:NAME`, the same for the same cause.
    #[serde(rename = "type")]
    pub kind: String,
    /// The problem in a few words.
    pub title: String,
    /// The HTTP status.
    #[schemars(range(min = 400, max = 599))]
    pub status: u16,
    /// What went wrong, and what to do.
    pub detail: String,
    /// Of a message that is no valid job: everything that is wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Mistake>,
    /// Seconds after which the same may go well.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// `name`: in lower case with dashes.
    pub fn new(status: StatusCode, name: &str, detail: impl Into<String>) -> Self {
        let title = name.replace('-', " ");
        Self {
            kind: format!("{TYPE}{name}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            problems: Vec::new(),
            retry_after: None,
        }
    }

    /// There is nothing by this name.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// The request itself is wrong.
    pub fn bad_request(name: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, name, detail)
    }

    /// Too much is under way.
    pub fn busy(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail) }
    }

    /// With everything that is wrong with a message.
    #[must_use]
    pub fn with(self, problems: Vec<Mistake>) -> Self {
        Self { problems, ..self }
    }
}

impl From<AwsError> for Problem {
    fn from(error: AwsError) -> Self {
        let detail = format!("{}: {}", error.operation, error.message);
        match error.class {
            Class::Throttled => {
                Self { retry_after: Some(AGAIN_SECONDS), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "aws-throttles", detail) }
            }
            Class::Transient | Class::Unreachable | Class::Credentials | Class::Capacity => {
                Self { retry_after: Some(AGAIN_SECONDS), ..Self::new(StatusCode::BAD_GATEWAY, "aws-does-not-answer", detail) }
            }
            Class::Denied | Class::NotFound | Class::Invalid => Self::new(StatusCode::BAD_GATEWAY, "aws-refuses", detail),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // The shape has text keys only, so it always serialises.
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            // A browser asks for the token as a password, and a program takes either.
            headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"slipway\""));
            headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"slipway\", charset=\"UTF-8\""));
        }
        response
    }
}
