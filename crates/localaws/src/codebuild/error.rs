//! CodeBuild's errors.

use crate::api::ApiError;

/// An input that broke a rule.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidInputException", message)
}
