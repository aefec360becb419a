//! The query protocol: a form in, XML out.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use http::{Request, header};
use serde_json::{Map, Value};

use crate::{
    api::{Answer, ApiError},
    wire::{Call, Protocol, Refused, Service, xml},
};

/// SNS and STS, by the version that each of their requests carries.
const SERVICES: [(Service, &str, &str); 2] = [
    (Service::Sns, "2010-03-31", "http://sns.amazonaws.com/doc/2010-03-31/"),
    (Service::Sts, "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"),
];
/// Of errors that no service answers.
const NO_SERVICE: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

pub(super) fn read(request: &Request<Bytes>) -> Result<Call, Refused> {
    let form = form_urlencoded::parse(request.body());
    let parameters: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        form.chain(form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())).collect();
    let parameter = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| &**value);
    let action = parameter("Action").unwrap_or_default();
    let version = parameter("Version").unwrap_or_default();
    let scope = credential_scope(request).unwrap_or_default();
    let service = SERVICES.iter().find(|(_, known, _)| *known == version);
    let service = service.or_else(|| SERVICES.iter().find(|(service, ..)| version.is_empty() && service.name() == scope));
    let refused = |namespace, error| Err(Refused { protocol: Protocol::Query { namespace }, error });
    let Some((service, _, namespace)) = service else {
        return if action.is_empty() {
            let text = "The request must contain the parameter Action.";
            refused(NO_SERVICE, ApiError::new("MissingAction", text))
        } else {
            refused(NO_SERVICE, ApiError::unknown_action(action))
        };
    };
    let input = tree(parameters.iter().map(|(key, value)| (&**key, &**value)));
    let protocol = Protocol::Query { namespace };
    Ok(Call { service: *service, operation: action.to_owned(), input, protocol, host: None })
}

/// The service in `Authorization: AWS4-HMAC-SHA256 Credential=key/date/region/service/aws4_request, ...`.
fn credential_scope(request: &Request<Bytes>) -> Option<&str> {
    let authorization = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let credential = authorization.split_once("Credential=")?.1.split(',').next()?;
    credential.split('/').nth(3)
}

#[derive(Debug, Default)]
struct Node {
    text: String,
    children: BTreeMap<String, Node>,
}

/// The JSON that `Tags.member.1.Key=a` and `Attributes.entry.1.key=b` stand for: every leaf is a string.
fn tree<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let mut root = Node::default();
    for (key, value) in parameters {
        let mut node = &mut root;
        for part in key.split('.') {
            node = node.children.entry(part.to_owned()).or_default();
        }
        value.clone_into(&mut node.text);
    }
    root.collapse()
}

impl Node {
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

    /// The children `1`, `2`, ... in the order of their numbers.
    fn numbered(self) -> impl Iterator<Item = Self> {
        let mut children: Vec<(usize, Self)> =
            self.children.into_iter().filter_map(|(number, child)| Some((number.parse().ok()?, child))).collect();
        children.sort_by_key(|(number, _)| *number);
        children.into_iter().map(|(_, child)| child)
    }
}

pub(super) fn write(namespace: &str, operation: &str, answer: &Answer, request_id: &str) -> String {
    match answer {
        Ok(output) => {
            let result = match output {
                // Some operations answer with nothing, others with an empty result.
                Value::Null => String::new(),
                output => xml::element(&format!("{operation}Result"), output),
            };
            let metadata = format!("<ResponseMetadata>{}</ResponseMetadata>", xml::text("RequestId", request_id));
            format!(r#"<{operation}Response xmlns="{namespace}">{result}{metadata}</{operation}Response>"#)
        }
        Err(error) => {
            let fault = if error.status < 500 { "Sender" } else { "Receiver" };
            let parts = [("Type", fault), ("Code", &error.code), ("Message", &error.message)];
            let error: String = parts.map(|(name, value)| xml::text(name, value)).concat();
            let id = xml::text("RequestId", request_id);
            format!(r#"<ErrorResponse xmlns="{namespace}"><Error>{error}</Error>{id}</ErrorResponse>"#)
        }
    }
}
