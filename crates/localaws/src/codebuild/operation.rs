//! CodeBuild's operations by name.

mod event;
mod input;
pub(super) mod life;
mod project;
mod query;
mod shape;
mod start;
mod view;

use std::sync::Arc;

use serde_json::Value;

use super::CodeBuild;
use crate::api::{Answer, ApiError};

impl CodeBuild {
    /// Runs an operation of the API. Must be called within a tokio runtime.
    pub(crate) fn call(self: &Arc<Self>, operation: &str, input: Value) -> Answer {
        match operation {
            "BatchDeleteBuilds" => self.batch_delete_builds(input),
            "BatchGetBuilds" => self.batch_get_builds(input),
            "BatchGetProjects" => self.batch_get_projects(input),
            "CreateProject" => self.create_project(input),
            "DeleteProject" => self.delete_project(input),
            "ListBuilds" => self.list_builds(input),
            "ListBuildsForProject" => self.list_builds_for_project(input),
            "ListProjects" => self.list_projects(input),
            "RetryBuild" => self.retry_build(input),
            "StartBuild" => self.start_build(input),
            "StopBuild" => self.stop_build(input),
            "UpdateProject" => self.update_project(input),
            _ => Err(ApiError::new("UnknownOperationException", format!("CodeBuild has no operation {operation} here"))),
        }
    }
}
