//! The identity of the caller, and AWS's time.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeDeserializationInterceptorContextRef};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

use super::{
    Clients,
    call::once,
    error::{AwsError, Class},
};

const OPERATION: &str = "sts.GetCallerIdentity";

/// The caller, as STS says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account: twelve digits.
    pub account: String,
    /// The ARN of the user or of the role's session.
    pub arn: String,
}

impl Clients {
    /// Asks STS, which needs no permission.
    pub async fn identity(&self) -> Result<Identity, AwsError> {
        Ok(self.identity_at().await?.0)
    }

    /// The same, with the time in the answer's `Date` header.
    pub(super) async fn identity_at(&self) -> Result<(Identity, Option<Timestamp>), AwsError> {
        let date = Date::default();
        let request = self.sts.get_caller_identity().customize().interceptor(date.clone());
        let answer = once(OPERATION, request.send()).await?;
        let identity = answer.account.zip(answer.arn).map(|(account, arn)| Identity { account, arn });
        let identity = identity.ok_or_else(|| AwsError::local(Class::Transient, OPERATION, "the answer is incomplete"))?;
        Ok((identity, date.read()))
    }

    /// The region of the calls.
    pub fn region(&self) -> Option<&str> {
        self.sqs.config().region().map(AsRef::as_ref)
    }
}

/// Keeps the date of an answer.
#[derive(Debug, Clone, Default)]
struct Date(Arc<Mutex<Option<String>>>);

impl Date {
    fn read(&self) -> Option<Timestamp> {
        let date = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        DateTimeParser::new().parse_timestamp(date.as_deref()?).ok()
    }
}

impl Intercept for Date {
    fn name(&self) -> &'static str {
        "date of the answer"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), aws_sdk_sts::error::BoxError> {
        let date = context.response().headers().get("date").map(str::to_owned);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}
