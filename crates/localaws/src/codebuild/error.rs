//! CodeBuild's errors.

use crate::api::ApiError;

/// The error for an input that breaks a rule.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidInputException", message)
}
