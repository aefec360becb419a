//! Where a call goes and which resource it is for, for the texts of errors: the SDK's errors name neither.

use std::{cell::RefCell, sync::Arc, time::Duration};

use aws_sdk_sqs::{
    config::{ConfigBag, Intercept, Region, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef},
    error::BoxError,
};
use aws_smithy_types::body::SdkBody;
use url::{Url, form_urlencoded};

use crate::{config::region, loopback::is_loopback};

tokio::task_local! {
    /// The place of the call that the task makes.
    static PLACE: RefCell<Place>;
}

/// Where a call went. Empty if the call failed before it was sent.
#[derive(Debug, Default)]
pub(in crate::aws) struct Place {
    uri: String,
    region: Option<Region>,
    /// The variable or the key that names the endpoint. `None`: it is AWS's own.
    named: Option<Arc<str>>,
    body: Option<SdkBody>,
}

impl Place {
    /// Makes a call. The answer has the place where it went.
    pub(in crate::aws) async fn of<T>(call: impl Future<Output = T>) -> (T, Self) {
        let told = async {
            let answer = call.await;
            (answer, PLACE.with(RefCell::take))
        };
        PLACE.scope(RefCell::default(), told).await
    }

    /// The text if nothing answers there.
    pub(super) fn silent(&self, operation: &str, why: &str) -> String {
        let service = operation.split('.').next().unwrap_or_default();
        let Some(address) = self.address() else {
            return format!("no answer from the {service} endpoint: {why}; check the network, AWS_REGION and AWS_ENDPOINT_URL");
        };
        let cure = match &self.named {
            // The TLS library's text for a plain http answer.
            Some(named) if why.contains("InvalidContentType") => {
                format!("what listens there speaks no TLS: check whether {named} must begin with http://")
            }
            _ => self.way(),
        };
        format!("no answer from {address}: {why}; {cure}")
    }

    /// The text about a call that has no answer yet.
    pub(in crate::aws) fn awaited(operation: &str, silence: Duration) -> String {
        let told = |place: &RefCell<Self>| {
            let place = place.borrow();
            let address = place.address().unwrap_or_else(|| "AWS".to_owned());
            format!("no answer to {operation} from {address} for {} s, still waiting; {}", silence.as_secs(), place.way())
        };
        PLACE.try_with(told).unwrap_or_default()
    }

    /// What to check if no answer comes.
    fn way(&self) -> String {
        let region = self.region.as_ref().map(|region| format!(" ({region})")).unwrap_or_default();
        match &self.named {
            Some(named) => format!("check {named}, and whether its service runs"),
            None => self.own_endpoint().unwrap_or_else(|| format!("check the network and AWS_REGION{region}")),
        }
    }

    /// The text if the answer is not AWS's.
    pub(super) fn foreign(&self, status: u16, kind: Option<&str>) -> String {
        let kind = kind.map(|kind| format!(", {kind}")).unwrap_or_default();
        let cure = self.named.as_ref().map_or_else(|| "is there a proxy in between?".to_owned(), |named| format!("check {named}"));
        format!("what answers at {} is not AWS (status {status}{kind}); {cure}", self.address().unwrap_or_default())
    }

    /// The resource of a refused call, and what to check. `None`: AWS's own text names it.
    pub(super) fn subject(&self) -> Option<String> {
        let subject = self.body.as_ref().and_then(|body| Subject::read(body.bytes()?))?;
        let called = self.region.as_ref().map(Region::as_ref).unwrap_or_default();
        let cure = match region(&subject.address) {
            Some(own) if own != called => format!("it is in {own}, and {called} is called: set AWS_REGION={own}"),
            _ => self.own_endpoint().unwrap_or_else(|| "check its name, AWS_REGION and whose credentials these are".to_owned()),
        };
        Some(format!("{}, region {called}; {cure}", subject.name))
    }

    /// What to do if AWS is asked for a queue of this machine.
    fn own_endpoint(&self) -> Option<String> {
        let subject = self.body.as_ref().and_then(|body| Subject::read(body.bytes()?))?;
        let url = Url::parse(&subject.address).ok().filter(|url| url.host_str().is_some_and(is_loopback))?;
        let origin = url.origin().ascii_serialization();
        let is_elsewhere = self.named.is_none() && self.address().as_ref() != Some(&origin);
        is_elsewhere.then(|| format!("the queue's URL is on this machine: set AWS_ENDPOINT_URL={origin}"))
    }

    fn address(&self) -> Option<String> {
        Url::parse(&self.uri).ok().map(|uri| uri.origin().ascii_serialization())
    }
}

/// The resource that a request names.
struct Subject {
    /// A queue's URL or a topic's ARN; empty if the request has only a name.
    address: String,
    name: String,
}

impl Subject {
    /// From a request in one of AWS's JSON protocols or in the query protocol.
    fn read(body: &[u8]) -> Option<Self> {
        let json = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
        if let Some(url) = json["QueueUrl"].as_str() {
            let mut path = url.rsplit('/');
            let (name, account) = (path.next()?, path.next()?);
            return Some(Self { address: url.to_owned(), name: format!("queue {name}, account {account}") });
        }
        if let Some(group) = json["logGroupName"].as_str() {
            return Some(Self { address: String::new(), name: format!("log group {group}") });
        }
        if let Some(project) = json["projectName"].as_str() {
            return Some(Self { address: String::new(), name: format!("project {project}") });
        }
        let (_, arn) = form_urlencoded::parse(body).find(|(key, _)| key == "TopicArn")?;
        let mut parts = arn.rsplit(':');
        let (name, account) = (parts.next()?, parts.next()?);
        Some(Self { name: format!("topic {name}, account {account}"), address: arn.into_owned() })
    }
}

/// Notes where the calls of one client go.
#[derive(Debug, Clone)]
pub(in crate::aws) struct Witness(Option<Arc<str>>);

impl Witness {
    /// `named`: see [`Place::named`].
    pub(in crate::aws) fn new(named: Option<String>) -> Self {
        Self(named.map(Into::into))
    }
}

impl Intercept for Witness {
    fn name(&self) -> &'static str {
        "where a call goes"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let place = Place {
            uri: request.uri().to_owned(),
            region: bag.load::<Region>().cloned(),
            named: self.0.clone(),
            body: request.body().try_clone(),
        };
        // The SDK's own calls, such as for credentials, have no place.
        PLACE.try_with(|known| known.replace(place)).ok();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(uri: &str, named: Option<&str>, body: &str) -> Place {
        let region = Some(Region::from_static("us-east-1"));
        Place { uri: uri.to_owned(), region, named: named.map(Into::into), body: Some(SdkBody::from(body)) }
    }

    #[test]
    fn who_does_not_answer_is_told_with_what_names_it() {
        let own = r#"{"QueueUrl":"http://127.0.0.1:4566/000000000000/jobs"}"#;
        let refused = "Connection refused";
        for (uri, named, body, why, expected) in [
            (
                "http://127.0.0.1:1/",
                Some("AWS_ENDPOINT_URL"),
                own,
                refused,
                "http://127.0.0.1:1: Connection refused; check AWS_ENDPOINT_URL,",
            ),
            (
                "https://127.0.0.1:1/x",
                Some("AWS_ENDPOINT_URL_SQS"),
                "",
                "received corrupt message of type InvalidContentType",
                "https://127.0.0.1:1: received corrupt message of type InvalidContentType; what listens there speaks no TLS: check whether \
                 AWS_ENDPOINT_URL_SQS must begin with http://",
            ),
            ("https://sqs.test/", None, "", refused, "https://sqs.test: Connection refused; check the network and AWS_REGION (us-east-1)"),
            (
                "https://sqs.test/",
                None,
                own,
                refused,
                "https://sqs.test: Connection refused; the queue's URL is on this machine: set AWS_ENDPOINT_URL=http://127.0.0.1:4566",
            ),
            ("", None, "", refused, "the sqs endpoint: Connection refused; check the network, AWS_REGION and AWS_ENDPOINT_URL"),
        ] {
            let told = place(uri, named, body).silent("sqs.SendMessage", why);
            assert!(told.starts_with(&format!("no answer from {expected}")) && !told.contains('\n'), "{told}");
        }
    }

    #[test]
    fn who_is_not_aws_is_told_with_what_names_it() {
        let told = place("http://127.0.0.1:1/", Some("AWS_ENDPOINT_URL"), "").foreign(200, Some("text/html"));
        assert_eq!(told, "what answers at http://127.0.0.1:1 is not AWS (status 200, text/html); check AWS_ENDPOINT_URL");
        assert!(place("https://sqs.test/", None, "").foreign(403, None).ends_with("(status 403); is there a proxy in between?"));
    }

    #[test]
    fn what_is_not_there_is_told_with_its_account_and_region() {
        let check = "; check its name, AWS_REGION and whose credentials these are";
        let elsewhere = "; it is in eu-west-1, and us-east-1 is called: set AWS_REGION=eu-west-1";
        for (body, name, cure) in [
            (r#"{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/123456789012/jobs"}"#, "queue jobs, account 123456789012", check),
            (r#"{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"}"#, "queue jobs, account 123456789012", elsewhere),
            (r#"{"logGroupName":"/flex"}"#, "log group /flex", check),
            (r#"{"projectName":"flex"}"#, "project flex", check),
            ("TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3Aevents&Action=Publish", "topic events, account 123456789012", check),
            ("TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3Aevents", "topic events, account 123456789012", elsewhere),
        ] {
            let told = place("https://sqs.test/", None, body).subject();
            assert_eq!(told, Some(format!("{name}, region us-east-1{cure}")));
        }
        for body in ["", "{", r#"{"ids":["flex:1"]}"#, r#"{"QueueUrl":"x"}"#] {
            assert_eq!(place("https://sqs.test/", None, body).subject(), None, "{body}");
        }
    }
}
