//! Refuses requests that no client of AWS makes. A web page can make its browser send requests to any address, but it cannot add an
//! `Authorization` header without a preflight request, and that is refused.

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};

use crate::{api::ApiError, wire::query};

/// Checks the method, and that there are credentials. Any credentials are accepted.
pub(super) fn check(request: &Request<Bytes>) -> Result<(), ApiError> {
    if query::is_link(request) {
        return Ok(());
    }
    if request.method() != Method::POST {
        let message = format!("operations are called by POST with an Authorization header, not by {}", request.method());
        return Err(ApiError::new("MethodNotAllowed", message).with_status(StatusCode::METHOD_NOT_ALLOWED.as_u16()));
    }
    if request.headers().get(header::AUTHORIZATION).is_none_or(|credentials| credentials.as_bytes().trim_ascii().is_empty()) {
        let message = "the request has no Authorization header: this endpoint takes any credentials, but not none; set \
                       AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, to any value, and do not presign the request";
        return Err(ApiError::new("MissingAuthenticationToken", message).with_status(StatusCode::FORBIDDEN.as_u16()));
    }
    Ok(())
}
