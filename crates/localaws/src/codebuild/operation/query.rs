//! Operations on builds: get, list, stop, delete.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use serde_json::{Map, Value, json};

use super::{
    input::{BUILD_IDS, LIST_BUILDS, LIST_BUILDS_FOR_PROJECT, PAGE, STOP_BUILD},
    shape::accept,
};
use crate::{
    api::{Answer, ApiError},
    codebuild::{
        CodeBuild,
        error::invalid,
        model::{
            build::{Build, Verdict},
            merge::text,
        },
        row,
        state::State,
    },
};

impl CodeBuild {
    pub(super) fn batch_get_builds(&self, input: Value) -> Answer {
        let ids = ids(input)?;
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        let state = self.state();
        for id in ids {
            match state.builds.get(self.build_id(&id)) {
                Some(build) => found.push(Arc::clone(build)),
                None => missing.push(id),
            }
        }
        drop(state);
        let builds: Vec<_> = found.iter().map(|build| self.view(build)).collect();
        Ok(json!({"builds": builds, "buildsNotFound": missing}))
    }

    pub(super) fn list_builds(&self, input: Value) -> Answer {
        let input = accept(LIST_BUILDS, input)?;
        page(&self.state().order, &input)
    }

    pub(super) fn list_builds_for_project(&self, input: Value) -> Answer {
        let input = accept(LIST_BUILDS_FOR_PROJECT, input)?;
        let state = self.state();
        let name = self.project_name(input.get("projectName").and_then(Value::as_str).unwrap_or_default());
        let project = state.projects.get(name).ok_or_else(|| self.no_project(name))?;
        if input.contains_key("sortOrder") && project.builds.len() > PAGE {
            // The documentation of the model mentions an error. Its text is unverified.
            return Err(invalid("Sort order is not supported for a project with more than 100 builds"));
        }
        page(&project.builds, &input)
    }

    /// A build that has ended does not change.
    pub(super) fn stop_build(&self, input: Value) -> Answer {
        let input = Value::Object(accept(STOP_BUILD, input)?);
        let build = self.find(&self.state(), text(&input, "id"))?;
        self.conclude(&build, Verdict::Stopped);
        build.interrupt.cancel();
        Ok(json!({ "build": self.view(&build) }))
    }

    /// Deletes builds that have ended. Running builds stay.
    pub(super) fn batch_delete_builds(&self, input: Value) -> Answer {
        let ids = ids(input)?;
        let (mut deleted, mut kept) = (Vec::new(), Vec::new());
        let mut state = self.state();
        for id in ids {
            let id = self.build_id(&id);
            match state.builds.get(id).cloned() {
                None => kept.push(json!({"id": id, "statusCode": "BUILD_NOT_FOUND"})),
                Some(build) if !build.live().is_over() => kept.push(json!({"id": id, "statusCode": "BUILD_IN_PROGRESS"})),
                Some(build) => {
                    state.forget(&build);
                    self.journal.record(|| row::no_build(build.sequence));
                    deleted.push(build.arn.clone());
                }
            }
        }
        Ok(json!({"buildsDeleted": deleted, "buildsNotDeleted": kept}))
    }

    pub(super) fn find(&self, state: &State, id: &str) -> Result<Arc<Build>, ApiError> {
        let build = state.builds.get(self.build_id(id)).cloned();
        build.ok_or_else(|| ApiError::new("ResourceNotFoundException", format!("Build cannot be found: {id}")))
    }

    pub(in crate::codebuild) fn build_arn(&self, id: &str) -> String {
        format!("arn:aws:codebuild:{}:{}:build/{id}", self.settings.region, self.settings.account)
    }

    /// The id in an id or an ARN.
    fn build_id<'a>(&self, asked: &'a str) -> &'a str {
        asked.strip_prefix(&self.build_arn("")).unwrap_or(asked)
    }
}

fn ids(input: Value) -> Result<Vec<String>, ApiError> {
    let mut input = accept(BUILD_IDS, input)?;
    let ids: Vec<String> = crate::api::decode(input.remove("ids").unwrap_or_default())?;
    if ids.is_empty() {
        return Err(invalid("Invalid input: cannot be an empty list"));
    }
    Ok(ids)
}

/// A page of ids, by default the newest first. The token names the last build of the previous page.
fn page(builds: &BTreeMap<u64, Arc<Build>>, input: &Map<String, Value>) -> Answer {
    let last = match input.get("nextToken").and_then(Value::as_str) {
        None => None,
        Some(token) => Some(u64::from_str_radix(token, 16).map_err(|_| invalid("Invalid next token"))?),
    };
    let ascending = input.get("sortOrder").is_some_and(|order| order == "ASCENDING");
    let mut rest: Box<dyn Iterator<Item = &Arc<Build>>> = if ascending {
        let after = last.map_or(Bound::Unbounded, Bound::Excluded);
        Box::new(builds.range((after, Bound::Unbounded)).map(|(_, build)| build))
    } else {
        let before = last.map_or(Bound::Unbounded, Bound::Excluded);
        Box::new(builds.range((Bound::Unbounded, before)).rev().map(|(_, build)| build))
    };
    let page: Vec<_> = rest.by_ref().take(PAGE).collect();
    let mut answer = json!({"ids": page.iter().map(|build| build.id.as_str()).collect::<Vec<_>>()});
    if let (Some(last), Some(_)) = (page.last(), rest.next()) {
        answer["nextToken"] = json!(format!("{:016x}", last.sequence));
    }
    Ok(answer)
}
