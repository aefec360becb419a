//! Errors of AWS calls, classified in one place. No other code reads an error's text.

mod class;
mod place;

use std::error::Error;

use aws_config::meta::ProviderChainError;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

pub use self::class::Class;
pub(super) use self::place::{Place, Witness};

/// A failed AWS call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed ({}): {message}", code.as_deref().unwrap_or(class.name()))]
pub struct AwsError {
    /// What the error means for the caller.
    pub class: Class,
    /// The operation, such as `sqs.ReceiveMessage`.
    pub operation: &'static str,
    /// AWS's name for the error; absent when no answer came.
    pub code: Option<String>,
    /// AWS's text, or the cause if there was no answer.
    pub message: String,
}

impl AwsError {
    /// An error of our own, without an answer from AWS.
    pub(crate) fn local(class: Class, operation: &'static str, message: impl Into<String>) -> Self {
        Self { class, operation, code: None, message: message.into() }
    }

    /// An error that AWS named.
    pub(crate) fn named(operation: &'static str, code: &str, message: Option<&str>, status: u16) -> Self {
        let class = Class::of(code, status);
        let message = message.filter(|text| !text.is_empty()).unwrap_or("no message");
        let message = if class == Class::Credentials { format!("{message}; {}", class::cure(code)) } else { message.to_owned() };
        Self { class, operation, code: Some(code.to_owned()), message }
    }

    /// An error of the SDK. `place`: where the call went.
    pub(super) fn from_sdk<E>(operation: &'static str, error: &SdkError<E, HttpResponse>, place: &Place) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(service) => {
                let (meta, raw) = (service.err().meta(), service.raw());
                let status = raw.status().as_u16();
                let Some(code) = meta.code() else {
                    return Self::local(Class::of("", status), operation, place.foreign(status, raw.headers().get("content-type")));
                };
                Self::named(operation, code, meta.message(), status).about(place)
            }
            _ if let Some(credentials) = source::<CredentialsError>(error) => {
                Self::local(Class::Credentials, operation, no_credentials(credentials))
            }
            SdkError::ConstructionFailure(_) => Self::local(Class::Invalid, operation, sources(error)),
            SdkError::TimeoutError(_) => {
                Self::local(Class::Unreachable, operation, place.silent(operation, "it takes connections and has not answered in time"))
            }
            SdkError::DispatchFailure(_) => Self::local(Class::Unreachable, operation, place.silent(operation, &deepest(error))),
            SdkError::ResponseError(response) => {
                let raw = response.raw();
                // The SDK's text about the body is about JSON, and does not help.
                Self::local(Class::Transient, operation, place.foreign(raw.status().as_u16(), raw.headers().get("content-type")))
            }
            _ => Self::local(Class::Transient, operation, sources(error)),
        }
    }

    /// Adds the name of the resource if AWS says that it does not exist, or is not at this address, and does not name it.
    fn about(mut self, place: &Place) -> Self {
        let is_address = self.class == Class::NotFound || self.code.as_deref() == Some("InvalidAddress");
        if let Some(subject) = Some(place).filter(|_| is_address).and_then(Place::subject) {
            self.message = format!("{} ({subject})", self.message.trim_end_matches('.'));
        }
        self
    }

    /// Whether a topic refuses a message, or a batch of them, for its size.
    pub(crate) fn is_too_long(&self) -> bool {
        self.class == Class::Invalid
            && (self.message.contains("Message too long") || self.code.as_deref().is_some_and(|code| code.contains("BatchRequestTooLong")))
    }

    /// Whether the idempotency token was used before with another request (measured on AWS: trap of the same parameters).
    pub(crate) fn is_token_mismatch(&self) -> bool {
        self.class == Class::Invalid && self.message.contains("mismatch for idempotency token")
    }
}

/// What to do if there are no credentials.
fn no_credentials(error: &CredentialsError) -> String {
    const CURE: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE";
    let all = sources(error);
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            let tried = source::<ProviderChainError<CredentialsError>>(error).and_then(|chain| chain.attempts().last());
            let last = tried.map(|last| format!(" ({}: {})", last.name(), deepest(last.error()))).unwrap_or_default();
            format!(
                "no credentials: neither the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), nor a profile (AWS_PROFILE), nor a \
                web identity token, nor the role of a container or an instance{last} gives any; set one of them up"
            )
        }
        // The SDK says only once why it cannot read a profile.
        _ if all.contains("already taken") => {
            "no credentials: the AWS profile is wrong, as the first error of this process says; mend ~/.aws/config and start again"
                .to_owned()
        }
        _ if all.contains("IMDS") => format!(
            "no credentials: the instance's metadata service (IMDS) gives none: {}; let this process reach it (hop limit 2 for a \
            container) and give the instance a role, or {CURE}",
            deepest(error)
        ),
        _ => format!(
            "no credentials: {all}; check AWS_PROFILE, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_FULL_URI, or the role of this process"
        ),
    }
}

/// A cause of this type in the chain.
fn source<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// The text of the last cause: those before it only name parts of the SDK.
fn deepest(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The whole chain of causes in one line: the SDK's own texts name only the outermost.
fn sources(error: &(dyn Error + 'static)) -> String {
    chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error: &&'a (dyn Error + 'static)| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_mismatch_is_taken_for_one() {
        let error = |text| AwsError::named("codebuild.StartBuild", "InvalidInputException", Some(text), 400);
        assert!(error("Request parameter mismatch for idempotency token").is_token_mismatch());
        assert!(!error("Invalid source location").is_token_mismatch());
    }

    #[test]
    fn credentials_that_do_not_hold_come_with_their_cure() {
        let error = |code, text| AwsError::named("sqs.ReceiveMessage", code, Some(text), 403).to_string();
        for (code, text, expected) in [
            ("ExpiredToken", "The token is expired", "(ExpiredToken): The token is expired; renew the credentials"),
            ("RequestTimeTooSkewed", "Too large a difference", "(RequestTimeTooSkewed): Too large a difference; set this machine's clock"),
        ] {
            assert_eq!(error(code, text), format!("sqs.ReceiveMessage failed {expected}"));
        }
        assert!(error("InvalidClientTokenId", "").ends_with("or the role of this process"));
    }

    #[test]
    fn why_there_are_no_credentials_is_told_with_the_cure() {
        for (error, cause, cure) in [
            (CredentialsError::not_loaded_no_source(), "neither the environment (AWS_ACCESS_KEY_ID and AWS_SECRET", "set one of them up"),
            (CredentialsError::unhandled("initialization error already taken"), "the AWS profile is wrong", "mend ~/.aws/config"),
            (
                CredentialsError::provider_error("IMDS is disabled"),
                "metadata service (IMDS) gives none: IMDS is disabled",
                "give the instance a role",
            ),
            (CredentialsError::invalid_configuration("no source_profile"), "no source_profile", "check AWS_PROFILE"),
            (CredentialsError::provider_error("No such file"), "No such file", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ] {
            let told = no_credentials(&error);
            assert!(told.starts_with("no credentials: ") && told.contains(cause) && told.contains(cure), "{told}");
        }
    }
}
