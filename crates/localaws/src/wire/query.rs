//! The query protocol: a form in, XML out.

use bytes::Bytes;
use http::{Method, Request, header};
use serde_json::{Map, Value};

use crate::{
    api::{Answer, ApiError},
    wire::{
        Call, Protocol, Refused, Service, flat,
        form::{self, Node},
        xml,
    },
};

const SNS_VERSION: &str = "2010-03-31";
/// The services by the version in each of their requests. Newer clients of SQS use JSON.
const SERVICES: [(Service, &str, &str); 3] = [
    (Service::Sqs, "2012-11-05", "http://queue.amazonaws.com/doc/2012-11-05/"),
    (Service::Sns, SNS_VERSION, "http://sns.amazonaws.com/doc/2010-03-31/"),
    (Service::Sts, "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"),
];
/// The protocol for errors that belong to no service.
pub(super) const UNKNOWN: Protocol = Protocol::Query { namespace: "http://webservices.amazon.com/AWSFault/2005-15-09" };
/// The links in SNS's messages. They work without credentials: the token or the subscription in them is known only to the receiver.
const LINKS: [&str; 2] = ["ConfirmSubscription", "Unsubscribe"];

/// Whether the request follows a link from a message of SNS.
pub(super) fn is_link(request: &Request<Bytes>) -> bool {
    let has = |name: &str, fits: &dyn Fn(&str) -> bool| {
        let mut parameters = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
        parameters.find(|(key, _)| key == name).is_some_and(|(_, value)| fits(&value))
    };
    request.method() == Method::GET
        && !request.headers().contains_key("x-amz-target")
        && request.body().is_empty()
        && has("Action", &|action| LINKS.contains(&action))
        && has("Version", &|version| version == SNS_VERSION)
}

pub(super) fn read(request: &Request<Bytes>) -> Result<Call, Refused> {
    let refused = |protocol, error| Refused { protocol, error };
    let query = request.uri().query().unwrap_or_default();
    let parameters = form::parameters(request.body(), query).map_err(|error| refused(UNKNOWN, error))?;
    let parameter = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| &**value);
    let action = parameter("Action").unwrap_or_default();
    let version = parameter("Version").unwrap_or_default();
    let scope = credential_scope(request).unwrap_or_default();
    let service = SERVICES.iter().find(|(_, known, _)| *known == version);
    let service = service.or_else(|| SERVICES.iter().find(|(service, ..)| version.is_empty() && service.name() == scope));
    let Some((service, _, namespace)) = service else {
        let error = match action {
            "" => ApiError::new("MissingAction", "The request must contain the parameter Action."),
            action => ApiError::unknown_action(action),
        };
        return Err(refused(UNKNOWN, error));
    };
    let protocol = Protocol::Query { namespace };
    let tree = Node::read(&parameters).map_err(|error| refused(protocol.clone(), error))?;
    let input = match service {
        Service::Sqs => of_queue(flat::input(tree), request.uri().path()).into(),
        _ => tree.collapse(),
    };
    Ok(Call { service: *service, operation: action.to_owned(), input, protocol, host: None })
}

/// The path of the URL may name the queue.
fn of_queue(mut input: Map<String, Value>, path: &str) -> Map<String, Value> {
    if path.trim_matches('/').contains('/') {
        input.entry("QueueUrl").or_insert_with(|| path.into());
    }
    input
}

/// The service in `Authorization: AWS4-HMAC-SHA256 Credential=key/date/region/service/aws4_request, ...`.
fn credential_scope(request: &Request<Bytes>) -> Option<&str> {
    let authorization = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let credential = authorization.split_once("Credential=")?.1.split(',').next()?;
    credential.split('/').nth(3)
}

impl Node {
    /// The JSON for `Tags.member.1.Key=a` and `Attributes.entry.1.key=b`. Every leaf is a string.
    fn collapse(mut self) -> Value {
        if self.children.is_empty() {
            return self.text.into();
        }
        if let (1, Some(members)) = (self.children.len(), self.children.remove("member")) {
            return members.numbered().map(Self::collapse).collect();
        }
        if let (1, Some(entries)) = (self.children.len(), self.children.remove("entry")) {
            let entry = |mut entry: Self| {
                let mut part = |lower: &str, upper: &str| entry.children.remove(lower).or_else(|| entry.children.remove(upper));
                (part("key", "Name").unwrap_or_default().text, part("value", "Value").unwrap_or_default().collapse())
            };
            return entries.numbered().map(entry).collect::<Map<_, _>>().into();
        }
        self.children.into_iter().map(|(name, child)| (name, child.collapse())).collect::<Map<_, _>>().into()
    }
}

pub(super) fn write(namespace: &str, service: Option<Service>, operation: &str, answer: &Answer, request_id: &str) -> String {
    match answer {
        Ok(output) => {
            let result = match output {
                // Some operations have no result, others an empty one.
                Value::Null => String::new(),
                output if service == Some(Service::Sqs) => flat::result(operation, output),
                output => xml::element(&format!("{operation}Result"), output),
            };
            let metadata = format!("<ResponseMetadata>{}</ResponseMetadata>", xml::text("RequestId", request_id));
            format!(r#"<{operation}Response xmlns="{namespace}">{result}{metadata}</{operation}Response>"#)
        }
        Err(error) => {
            let fault = if error.status < 500 { "Sender" } else { "Receiver" };
            let code = if service == Some(Service::Sqs) { flat::code(error) } else { &*error.code };
            let parts = [("Type", fault), ("Code", code), ("Message", &error.message)];
            let error: String = parts.map(|(name, value)| xml::text(name, value)).concat();
            let id = xml::text("RequestId", request_id);
            format!(r#"<ErrorResponse xmlns="{namespace}"><Error>{error}</Error>{id}</ErrorResponse>"#)
        }
    }
}
