//! Thin adapters around the AWS SDK. Its types stop here.

pub mod batch;
pub mod builds;
mod call;
pub mod endpoint;
mod environment;
pub mod error;
mod identity;
mod inspect;
pub mod logs;
pub mod pace;
#[cfg(feature = "local")]
pub mod provision;
pub mod queue;
mod silence;
pub mod subscription;
pub mod topic;

use std::time::Duration;

use aws_config::{
    BehaviorVersion, SdkConfig, retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
#[cfg(feature = "local")]
use aws_sdk_sqs::config::{Credentials, Region, SharedCredentialsProvider};
#[cfg(feature = "local")]
use aws_smithy_async::{
    rt::sleep::{SharedAsyncSleep, TokioSleep},
    time::{SharedTimeSource, SystemTimeSource},
};
use aws_smithy_http_client::{
    Builder,
    tls::{self, rustls_provider::CryptoMode},
};
#[cfg(feature = "local")]
use aws_smithy_runtime_api::client::http::HttpClient;
use error::Witness;
pub use error::{AwsError, Class};
pub use identity::Identity;
pub use inspect::{Answer, Finding};
pub use silence::tell_silence;

use crate::config::Faults;

/// The time limits of a call. The SDK sets none, so a call without an answer would hang for ever.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// Clients for every service the daemon uses. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clients {
    sqs: aws_sdk_sqs::Client,
    codebuild: aws_sdk_codebuild::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    sns: aws_sdk_sns::Client,
    sts: aws_sdk_sts::Client,
}

impl Clients {
    /// Clients from the standard environment: region, profile, endpoint, credentials. `variable` reads the environment.
    ///
    /// # Errors
    /// The environment cannot work, or names a plain http endpoint on another machine. The text names the variable.
    pub async fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        endpoint::check(&variable).await?;
        let https = Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https();
        let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(https);
        let config = endpoint::on_this_machine(loader, &variable).load().await;
        environment::check(&config, &variable).await?;
        Ok(Self::witnessed(&config, |service| endpoint::named(&config, service, &variable)))
    }

    /// Clients for an endpoint that takes any credentials, over the given HTTP client.
    #[cfg(feature = "local")]
    pub fn for_endpoint(url: &str, region: &str, http: impl HttpClient + 'static) -> Self {
        let credentials = Credentials::new("local", "local", None, None, "local mode");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(url)
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()));
        Self::new(&config.build())
    }

    /// Clients from a loaded SDK configuration. Its retries and timeouts are replaced by our own.
    pub fn new(config: &SdkConfig) -> Self {
        Self::witnessed(config, |_| None)
    }

    /// `named`: the variable or key that names a service's endpoint, for the texts of errors.
    fn witnessed(config: &SdkConfig, named: impl Fn(&str) -> Option<String>) -> Self {
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
        let config = config
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            // Attempts have time limits that include the body. The SDK's own timers would wake the process many times a second.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let witness = |service| Witness::new(named(service));
        let sqs = aws_sdk_sqs::config::Builder::from(&config).interceptor(witness("SQS"));
        let codebuild = aws_sdk_codebuild::config::Builder::from(&config).interceptor(witness("CodeBuild"));
        let logs = aws_sdk_cloudwatchlogs::config::Builder::from(&config).interceptor(witness("CloudWatch Logs"));
        let sns = aws_sdk_sns::config::Builder::from(&config).interceptor(witness("SNS"));
        let sts = aws_sdk_sts::config::Builder::from(&config).interceptor(witness("STS"));
        Self {
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            codebuild: aws_sdk_codebuild::Client::from_conf(codebuild.build()),
            logs: aws_sdk_cloudwatchlogs::Client::from_conf(logs.build()),
            sns: aws_sdk_sns::Client::from_conf(sns.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
        }
    }

    /// The queue with this URL.
    pub fn queue(&self, url: &str) -> queue::Queue {
        queue::Queue::new(self.sqs.clone(), url)
    }

    /// CodeBuild's builds.
    pub fn builds(&self) -> builds::Builds {
        builds::Builds::new(self.codebuild.clone())
    }

    /// The builds' logs.
    pub fn logs(&self) -> logs::Logs {
        logs::Logs::new(self.logs.clone())
    }

    /// The topic with this ARN.
    pub fn topic(&self, arn: &str) -> topic::Topic {
        topic::Topic::new(self.sns.clone(), arn)
    }
}
