//! Idempotency tokens: a repeated request gets the same build.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::build::Build;
use crate::{api::ApiError, codebuild::error::invalid, deduplication::Deduplication};

/// The tokens of the last five minutes.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Deduplication<Use>);

#[derive(Debug)]
struct Use {
    request: Map<String, Value>,
    build: Arc<Build>,
}

impl Tokens {
    /// The build that was started with this token and request. `None`: the token is new. The same token with another request is an error.
    pub(crate) fn find(&mut self, token: &str, request: &Map<String, Value>, now_ms: u64) -> Result<Option<Arc<Build>>, ApiError> {
        match self.0.recall(token, now_ms) {
            None => Ok(None),
            Some(used) if used.request == *request => Ok(Some(Arc::clone(&used.build))),
            Some(_) => Err(invalid("Request parameter mismatch for idempotency token")),
        }
    }

    pub(crate) fn remember(&mut self, token: String, request: Map<String, Value>, build: Arc<Build>, now_ms: u64) {
        self.0.remember(token, now_ms, Use { request, build });
    }
}
