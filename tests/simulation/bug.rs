//! Deliberate bugs, to show that the simulation finds them. Each changes the calls on the wire to those of a daemon with the bug.

use bytes::Bytes;
use serde_json::{Value, json};

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// Builds are started without an idempotency token.
    NoToken,
    /// Running builds are not adopted.
    NoAdoption,
    /// A message is deleted when it is received.
    EarlyDelete,
}

impl Bug {
    pub(crate) const ALL: [(&'static str, Self); 3] =
        [("no-token", Self::NoToken), ("no-adoption", Self::NoAdoption), ("early-delete", Self::EarlyDelete)];

    /// Changes a request, or returns an answer in place of AWS's.
    pub(crate) fn tamper(self, operation: &str, request: &mut http::Request<Bytes>) -> Option<Value> {
        match (self, operation) {
            (Self::NoToken, "StartBuild") => {
                let mut body: Value = serde_json::from_slice(request.body()).unwrap();
                body.as_object_mut().unwrap().remove("idempotencyToken");
                *request.body_mut() = Bytes::from(body.to_string());
                None
            }
            (Self::NoAdoption, "ListBuildsForProject") => Some(json!({ "ids": [] })),
            _ => None,
        }
    }
}
