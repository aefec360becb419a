//! The endpoint as an HTTP client for the AWS SDK, in the same process. It has no socket, so it works on tokio's paused clock.

use std::io;

use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;

use crate::endpoint::LocalAws;

/// Calls the endpoint directly.
#[derive(Debug, Clone)]
pub struct Connector {
    aws: LocalAws,
}

impl Connector {
    /// A connector to this endpoint.
    pub fn new(aws: &LocalAws) -> Self {
        Self { aws: aws.clone() }
    }
}

/// An HTTP client for an SDK configuration's `http_client`.
pub fn client(aws: &LocalAws) -> SharedHttpClient {
    SharedHttpClient::new(Connector::new(aws))
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let aws = self.aws.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (head, body) = request.into_parts();
            // The SDK gives up on a request whose body is not read.
            let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
            let response = aws.handle(http::Request::from_parts(head, body)).await;
            let response =
                response.map_err(|dropped| ConnectorError::io(io::Error::new(io::ErrorKind::ConnectionReset, dropped).into()))?;
            HttpResponse::try_from(response.map(SdkBody::from)).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::{future::Future, pin::Pin, sync::Arc};

    use super::*;
    use crate::{
        clock::Clock,
        codebuild::progress::Progress,
        endpoint::Options,
        fault::{Fault, Faults},
        runner::{Assignment, Ending, Runner},
    };

    #[derive(Debug)]
    struct NoBuilds;

    impl Runner for NoBuilds {
        fn run(&self, _: Assignment, _: Progress) -> Pin<Box<dyn Future<Output = Ending> + Send>> {
            Box::pin(async { Ending::Fault })
        }
    }

    /// Drops the answer to every purge.
    #[derive(Debug)]
    struct LostPurges;

    impl Faults for LostPurges {
        fn after(&self, _: &str, operation: &str) -> Option<Fault> {
            (operation == "PurgeQueue").then_some(Fault::Drop)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_answered_in_the_process_and_a_cut_connection_is_an_io_error() {
        let options = Options::new(Clock::system(), Arc::new(NoBuilds));
        let aws = LocalAws::new(Options { faults: Some(Arc::new(LostPurges)), ..options });
        let connector = Connector::new(&aws);
        let call = |operation: &str, body: &'static str| {
            let request = http::Request::post("https://sqs.us-east-1.amazonaws.com/")
                .header("authorization", "any")
                .header("x-amz-target", format!("AmazonSQS.{operation}"));
            connector.call(request.body(SdkBody::from(body)).unwrap().try_into().unwrap())
        };
        let response = call("CreateQueue", r#"{"QueueName":"q"}"#).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.body().bytes().unwrap(), br#"{"QueueUrl":"http://127.0.0.1:4566/000000000000/q"}"#);
        assert!(call("PurgeQueue", r#"{"QueueUrl":"q"}"#).await.unwrap_err().is_io());
    }
}
