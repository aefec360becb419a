//! One AWS call, with its tries. The SDK's own retries are off: they hide throttling, and the whole process shares their budget.

use std::time::Duration;

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{
    error::{AwsError, Class, Place},
    silence::heard,
};
use crate::{backoff::Backoff, observe};

/// The most tries of one call.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Makes a call, up to [`TRIES`] times while it is throttled or without a clear answer. Only for operations that may be repeated.
///
/// # Errors
/// The error of the last try.
pub(super) async fn call<T, E, F, R>(operation: &'static str, request: F) -> Result<T, AwsError>
where
    F: Fn() -> R,
    R: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    let (mut tries, mut first) = (1, None);
    loop {
        match once(operation, request()).await {
            Err(error) if tries < TRIES && error.class.may_pass() => {
                tries += 1;
                first.get_or_insert(error);
                tokio::time::sleep(backoff.pause()).await;
            }
            // The SDK may report a fault of the credentials only the first time.
            Err(error) if error.class == Class::Credentials => {
                return Err(first.filter(|first| first.class == error.class).unwrap_or(error));
            }
            result => return result,
        }
    }
}

/// Makes a call once, for loops that try again by themselves.
pub(super) fn once<T, E>(
    operation: &'static str,
    request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> impl Future<Output = Result<T, AwsError>>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    // Boxed: the SDK's futures have tens of kilobytes, and every job's task would reserve that.
    let request = Box::pin(Place::of(heard(operation, request)));
    async move {
        let (result, place) = request.await;
        let result = result.map_err(|error| AwsError::from_sdk(operation, &error, &place));
        observe::aws_call(operation, result.as_ref().err().map(|error| error.class.name()));
        result
    }
}
