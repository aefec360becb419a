//! A project, from which builds are started.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use super::build::Build;
use crate::api::ApiError;

/// A project and its builds.
#[derive(Debug)]
pub(crate) struct Project {
    /// The members of `CreateProject`.
    pub(crate) members: Map<String, Value>,
    pub(crate) created_ms: u64,
    pub(crate) modified_ms: u64,
    /// By their sequence numbers in the account.
    pub(crate) builds: BTreeMap<u64, Arc<Build>>,
    pub(crate) last_number: u64,
    /// Every active build holds a clone, so that they can be counted.
    active: Arc<()>,
}

impl Project {
    pub(crate) fn new(members: Map<String, Value>, now: u64) -> Self {
        let active = Arc::new(());
        Self { members, created_ms: now, modified_ms: now, builds: BTreeMap::new(), last_number: 0, active }
    }

    /// Takes a place among the project's active builds, or refuses if `concurrentBuildLimit` is reached.
    pub(crate) fn admit(&self) -> Result<Arc<()>, ApiError> {
        let limit = self.members.get("concurrentBuildLimit").and_then(Value::as_u64);
        let active = Arc::strong_count(&self.active) - 1;
        match limit.filter(|limit| active as u64 >= *limit) {
            // The name of the error is AWS's. Its text is unverified.
            Some(limit) => {
                Err(ApiError::new("AccountLimitExceededException", format!("Cannot have more than {limit} active builds for the project")))
            }
            None => Ok(self.enter()),
        }
    }

    /// Takes a place among the project's active builds, without regard to the limit.
    pub(crate) fn enter(&self) -> Arc<()> {
        Arc::clone(&self.active)
    }
}
