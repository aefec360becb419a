//! One operation of the API: what it takes, and every answer that it may give.

use serde_json::{Map, Value, json};

use super::shape::Shapes;
use crate::http::problem::{MEDIA_TYPE, Problem};

/// What every operation may answer besides what it is for.
const ALWAYS: [(&str, &str); 6] = [
    ("400", "The request is wrong: an unknown parameter, a wrong value."),
    ("401", "A token is needed, or is not known."),
    ("403", "The token may only read, or a page of another site asks."),
    ("404", "There is nothing by this name."),
    ("421", "The request names another host than this daemon."),
    ("503", "Too much is under way, the daemon is starting, or AWS throttles: `Retry-After` says when to come back."),
];
/// What the listener itself answers, without a body.
const OF_A_HEAD: [(&str, &str); 2] = [
    ("414", "The address is too long; the answer has no body."),
    ("431", "The request's head is larger than 32 KiB; the answer has no body."),
];
/// What an operation that asks AWS may answer.
const OF_AWS: (&str, &str) = ("502", "AWS does not answer, or refuses.");
/// What an operation that takes a body may answer.
const OF_A_BODY: [(&str, &str); 4] = [
    ("408", "The body did not come in time."),
    ("413", "The body is larger than SQS takes in a message."),
    ("415", "The body must be `application/json`."),
    ("422", "The body breaks a rule."),
];

/// One operation in the making.
pub(super) struct Operation {
    object: Map<String, Value>,
    responses: Map<String, Value>,
    refusals: Vec<(&'static str, &'static str)>,
}

impl Operation {
    pub(super) fn new(id: &str, summary: &str) -> Self {
        let operation = [("operationId", id), ("summary", summary)].map(|(key, value)| (key.to_owned(), Value::from(value)));
        Self { object: operation.into_iter().collect(), responses: Map::new(), refusals: ALWAYS.to_vec() }
    }

    pub(super) fn takes(mut self, parameters: Vec<Value>) -> Self {
        self.object.insert("parameters".to_owned(), parameters.into());
        self
    }

    pub(super) fn brings(mut self, schema: &Value, required: bool) -> Self {
        let body = json!({ "required": required, "content": { "application/json": { "schema": schema } } });
        self.object.insert("requestBody".to_owned(), body);
        self.refusals.extend(OF_A_BODY);
        self
    }

    pub(super) fn asks_aws(mut self) -> Self {
        self.refusals.push(OF_AWS);
        self
    }

    pub(super) fn gives(mut self, status: &str, about: &str, media: &str, schema: &Value) -> Self {
        self.responses.insert(status.to_owned(), json!({ "description": about, "content": { media: { "schema": schema } } }));
        self
    }

    pub(super) fn refuses(mut self, status: &'static str, about: &'static str) -> Self {
        self.refusals.push((status, about));
        self
    }

    pub(super) fn finish(mut self, shapes: &mut Shapes) -> Value {
        let problem = shapes.written::<Problem>();
        for (status, about) in self.refusals {
            let refusal = json!({ "description": about, "content": { MEDIA_TYPE: { "schema": problem } } });
            self.responses.insert(status.to_owned(), refusal);
        }
        for (status, about) in OF_A_HEAD {
            self.responses.insert(status.to_owned(), json!({ "description": about }));
        }
        self.object.insert("responses".to_owned(), self.responses.into());
        self.object.into()
    }
}
