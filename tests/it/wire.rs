//! An HTTP client that replaces the answers of some calls.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fmt, sync::Arc};

use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;

/// Returns the body of the answer to an operation, such as `GetLogEvents`. `None`: the call goes to the endpoint.
pub(crate) type Answers = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// A client that answers some calls itself and passes the others to `inner`.
pub(crate) fn client(inner: SharedHttpClient, answers: Answers) -> SharedHttpClient {
    SharedHttpClient::new(Client { inner, answers })
}

struct Client {
    inner: SharedHttpClient,
    answers: Answers,
}

struct Connector {
    inner: SharedHttpConnector,
    answers: Answers,
}

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { inner, answers: Arc::clone(&self.answers) })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match (self.answers)(operation(&request)) {
            Some(body) => {
                let response = http::Response::builder().status(200).body(SdkBody::from(body)).unwrap();
                HttpConnectorFuture::ready(Ok(HttpResponse::try_from(response).unwrap()))
            }
            None => self.inner.call(request),
        }
    }
}

fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
    let body = || std::str::from_utf8(request.body().bytes()?).ok()?.split('&').find_map(|pair| pair.strip_prefix("Action="));
    target.or_else(body).unwrap_or_default()
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}
