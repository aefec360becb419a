//! A notification that is sent over HTTP.

use std::collections::BTreeMap;

/// A notification for an HTTP endpoint.
#[derive(Debug)]
pub(crate) struct Post {
    /// The id of this delivery.
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// The queue that gets the body if the endpoint does not accept it.
    pub(crate) dead_letter_arn: Option<String>,
}
