//! Idempotency tokens: the same request sent again is the same build.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use serde_json::{Map, Value};
use tokio::time::{Duration, Instant};

use super::{build::Build, shape::invalid};
use crate::api::ApiError;

/// AWS remembers a token for 5 minutes.
const WINDOW: Duration = Duration::from_mins(5);

/// The tokens used within the window.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    uses: HashMap<String, Use>,
    /// Oldest first, for forgetting.
    ages: VecDeque<(Instant, String)>,
}

#[derive(Debug)]
struct Use {
    request: Map<String, Value>,
    build: Arc<Build>,
}

impl Tokens {
    /// The build that this token with this request has started, if any; another request is refused.
    pub(super) fn find(&mut self, token: &str, request: &Map<String, Value>) -> Result<Option<Arc<Build>>, ApiError> {
        while let Some((_, token)) = self.ages.pop_front_if(|(used, _)| used.elapsed() >= WINDOW) {
            self.uses.remove(&token);
        }
        match self.uses.get(token) {
            None => Ok(None),
            Some(used) if used.request == *request => Ok(Some(Arc::clone(&used.build))),
            Some(_) => Err(invalid("Request parameter mismatch for idempotency token")),
        }
    }

    pub(super) fn remember(&mut self, token: String, request: Map<String, Value>, build: Arc<Build>) {
        self.ages.push_back((Instant::now(), token.clone()));
        self.uses.insert(token, Use { request, build });
    }
}
