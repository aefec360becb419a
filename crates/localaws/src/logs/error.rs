//! CloudWatch Logs' errors.

use crate::api::ApiError;

pub(super) fn no_resource(message: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

pub(super) fn already(message: &str) -> ApiError {
    ApiError::new("ResourceAlreadyExistsException", message)
}
