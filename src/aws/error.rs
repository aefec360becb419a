//! What went wrong with an AWS call, classified once. Nobody else reads an error's text.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// What an error means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Too many calls: go slower.
    Throttled,
    /// No room for another build at this time.
    Capacity,
    /// Nobody knows whether it was done, or the credentials do not hold at this time: try again.
    Transient,
    /// Permissions.
    Denied,
    /// The resource does not exist.
    NotFound,
    /// The request will never be accepted as it is.
    Invalid,
}

impl Class {
    /// Whether AWS has answered, and said no. The same call may succeed after somebody has changed something.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Denied | Self::NotFound | Self::Invalid)
    }

    /// The name used in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Capacity => "capacity",
            Self::Transient => "transient",
            Self::Denied => "denied",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
        }
    }
}

/// A failed AWS call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed ({}): {message}", code.as_deref().unwrap_or(class.name()))]
pub struct AwsError {
    /// What it means.
    pub class: Class,
    /// Such as `sqs.ReceiveMessage`.
    pub operation: &'static str,
    /// AWS's name for the error; absent when no answer came.
    pub code: Option<String>,
    /// AWS's text, or what happened on the way.
    pub message: String,
}

impl AwsError {
    /// An error without an answer from AWS.
    pub(crate) fn local(class: Class, operation: &'static str, message: impl Into<String>) -> Self {
        Self { class, operation, code: None, message: message.into() }
    }

    /// An error that AWS named.
    pub(crate) fn named(operation: &'static str, code: &str, message: Option<&str>, status: u16) -> Self {
        Self { class: classify(code, status), operation, code: Some(code.to_owned()), message: message.unwrap_or("no message").to_owned() }
    }

    /// From the SDK.
    pub(super) fn from_sdk<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error {
            SdkError::ServiceError(service) => {
                let meta = service.err().meta();
                let status = service.raw().status().as_u16();
                Self::named(operation, meta.code().unwrap_or("Unknown"), meta.message(), status)
            }
            SdkError::ConstructionFailure(_) => Self::local(Class::Invalid, operation, sources(error)),
            _ => Self::local(Class::Transient, operation, sources(error)),
        }
    }

    /// Whether the idempotency token was used before with another request (measured on AWS: trap of the same parameters).
    pub(crate) fn is_token_mismatch(&self) -> bool {
        self.class == Class::Invalid && self.message.contains("mismatch for idempotency token")
    }
}

/// The whole chain of causes in one line: the SDK's own texts name only the outermost.
fn sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

/// By AWS's name for the error, else by the HTTP status.
fn classify(code: &str, status: u16) -> Class {
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "Throttled"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "SlowDown"
        | "KMSThrottling"
        | "KMSThrottlingException"
        | "KmsThrottled"
        | "OverLimit"
        | "LimitExceededException" => Class::Throttled,
        "AccountLimitExceededException" => Class::Capacity,
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalErrorException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        // Credentials that do not hold say nothing of what is asked for: all calls fail until they are renewed, and no job is to fail for it.
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException" => Class::Transient,
        "AccessDenied"
        | "AccessDeniedException"
        | "AuthorizationError"
        | "AuthFailure"
        | "OptInRequired"
        | "AccountSuspendedException"
        | "KMSAccessDenied"
        | "KmsAccessDenied"
        | "InvalidSecurity" => Class::Denied,
        "ResourceNotFoundException"
        | "NotFound"
        | "NotFoundException"
        | "QueueDoesNotExist"
        | "AWS.SimpleQueueService.NonExistentQueue" => Class::NotFound,
        _ => match status {
            429 => Class::Throttled,
            500.. => Class::Transient,
            401 | 403 => Class::Denied,
            404 => Class::NotFound,
            _ => Class::Invalid,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_classified_by_name_and_else_by_status() {
        for (code, status, class) in [
            ("ThrottlingException", 400, Class::Throttled),
            ("RequestThrottled", 403, Class::Throttled),
            ("AccountLimitExceededException", 400, Class::Capacity),
            ("InternalError", 500, Class::Transient),
            ("AuthorizationError", 403, Class::Denied),
            ("ExpiredToken", 403, Class::Transient),
            ("UnrecognizedClientException", 400, Class::Transient),
            ("AccessDeniedException", 400, Class::Denied),
            ("AWS.SimpleQueueService.NonExistentQueue", 400, Class::NotFound),
            ("InvalidInputException", 400, Class::Invalid),
            ("SomethingNew", 503, Class::Transient),
            ("SomethingNew", 429, Class::Throttled),
            ("SomethingNew", 400, Class::Invalid),
        ] {
            assert_eq!(classify(code, status), class, "{code} with {status}");
        }
    }

    #[test]
    fn only_the_token_mismatch_is_taken_for_one() {
        let error = |text| AwsError::named("codebuild.StartBuild", "InvalidInputException", Some(text), 400);
        assert!(error("Request parameter mismatch for idempotency token").is_token_mismatch());
        assert!(!error("Invalid source location").is_token_mismatch());
    }
}
