//! A notification on its way over HTTP.

use std::collections::BTreeMap;

/// A notification for an HTTP endpoint.
#[derive(Debug)]
pub(crate) struct Post {
    /// Of this delivery alone.
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// The queue for the body when the endpoint does not take it.
    pub(crate) dead_letter_arn: Option<String>,
}
