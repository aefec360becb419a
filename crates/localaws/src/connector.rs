//! The endpoint as the AWS SDK's HTTP client, in process: no socket, so that it works on tokio's paused clock.

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
            // The SDK takes an upload that nobody reads for a stalled one, and gives up on it.
            let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
            let response = aws.handle(http::Request::from_parts(head, body)).await;
            let response =
                response.map_err(|dropped| ConnectorError::io(io::Error::new(io::ErrorKind::ConnectionReset, dropped).into()))?;
            HttpResponse::try_from(response.map(SdkBody::from)).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
