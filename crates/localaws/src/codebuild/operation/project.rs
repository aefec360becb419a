//! Operations on projects: create, update, find, delete.

use serde_json::{Map, Value, json};

use super::{
    input::{CREATE_PROJECT, DELETE_PROJECT, LIST_PROJECTS, PAGE, PROJECT_NAMES, UPDATE_PROJECT},
    shape::accept,
};
use crate::{
    api::{Answer, ApiError},
    codebuild::{
        CodeBuild,
        error::invalid,
        model::{
            merge::{check, text},
            project::Project,
        },
        row,
    },
};

impl CodeBuild {
    pub(super) fn create_project(&self, input: Value) -> Answer {
        let mut members = accept(CREATE_PROJECT, input)?;
        let name = name_of(&members);
        if !is_name(&name) {
            return Err(invalid("Project name must match [A-Za-z0-9][A-Za-z0-9\\-_]{1,149}"));
        }
        let key = format!("arn:aws:kms:{}:{}:alias/aws/s3", self.settings.region, self.settings.account);
        for (member, value) in [
            // AWS's defaults: one hour to run, eight hours to wait.
            ("timeoutInMinutes", json!(60)),
            ("queuedTimeoutInMinutes", json!(480)),
            ("encryptionKey", json!(key)),
            ("cache", json!({"type": "NO_CACHE"})),
            ("tags", json!([])),
            ("secondarySources", json!([])),
            ("secondarySourceVersions", json!([])),
            ("secondaryArtifacts", json!([])),
        ] {
            members.entry(member).or_insert(value);
        }
        check_project(&mut members)?;
        let mut state = self.state();
        if state.projects.contains_key(&name) {
            let message = format!("Project already exists: {}", self.project_arn(&name));
            return Err(ApiError::new("ResourceAlreadyExistsException", message));
        }
        let project = Project::new(members, self.settings.clock.millis());
        let view = project.view(&name, &self.project_arn(&name));
        self.journal.record(|| row::project(&name, &project));
        state.projects.insert(name, project);
        Ok(json!({ "project": view }))
    }

    pub(super) fn update_project(&self, input: Value) -> Answer {
        let changes = accept(UPDATE_PROJECT, input)?;
        let name = name_of(&changes);
        let arn = self.project_arn(&name);
        let mut state = self.state();
        let project = state.projects.get_mut(&name).ok_or_else(|| self.no_project(&name))?;
        let mut members = project.members.clone();
        members.extend(changes);
        check_project(&mut members)?;
        project.members = members;
        project.modified_ms = self.settings.clock.millis();
        self.journal.record(|| row::project(&name, project));
        Ok(json!({ "project": project.view(&name, &arn) }))
    }

    pub(super) fn batch_get_projects(&self, input: Value) -> Answer {
        let input = accept(PROJECT_NAMES, input)?;
        let state = self.state();
        let (mut projects, mut missing) = (Vec::new(), Vec::new());
        for asked in input.get("names").and_then(Value::as_array).into_iter().flatten() {
            let name = self.project_name(asked.as_str().unwrap_or_default());
            match state.projects.get(name) {
                Some(project) => projects.push(project.view(name, &self.project_arn(name))),
                None => missing.push(asked.clone()),
            }
        }
        Ok(json!({"projects": projects, "projectsNotFound": missing}))
    }

    pub(super) fn list_projects(&self, input: Value) -> Answer {
        let input = Value::Object(accept(LIST_PROJECTS, input)?);
        let state = self.state();
        let mut names: Vec<_> = state.projects.iter().collect();
        match text(&input, "sortBy") {
            "CREATED_TIME" => names.sort_by_key(|(_, project)| project.created_ms),
            "LAST_MODIFIED_TIME" => names.sort_by_key(|(_, project)| project.modified_ms),
            _ => {}
        }
        if text(&input, "sortOrder") == "DESCENDING" {
            names.reverse();
        }
        let start = match input["nextToken"].as_str() {
            None => 0,
            Some(token) => token.parse::<usize>().map_err(|_| invalid("Invalid next token"))?,
        };
        let page: Vec<_> = names.iter().skip(start).take(PAGE).map(|(name, _)| name).collect();
        let mut answer = json!({ "projects": page });
        if start.saturating_add(PAGE) < names.len() {
            answer["nextToken"] = json!((start + PAGE).to_string());
        }
        Ok(answer)
    }

    /// The builds of the project stay, as on AWS. To delete a project that does not exist succeeds.
    pub(super) fn delete_project(&self, input: Value) -> Answer {
        let input = accept(DELETE_PROJECT, input)?;
        let name = name_of(&input);
        let name = self.project_name(&name);
        let mut state = self.state();
        state.projects.remove(name);
        self.journal.record(|| row::no_project(name));
        Ok(json!({}))
    }

    fn project_arn(&self, name: &str) -> String {
        format!("arn:aws:codebuild:{}:{}:project/{name}", self.settings.region, self.settings.account)
    }

    /// The name in a name or an ARN.
    pub(super) fn project_name<'a>(&self, asked: &'a str) -> &'a str {
        asked.strip_prefix(&self.project_arn("")).unwrap_or(asked)
    }

    pub(super) fn no_project(&self, name: &str) -> ApiError {
        ApiError::new("ResourceNotFoundException", format!("Project cannot be found: {}", self.project_arn(name)))
    }
}

fn name_of(members: &Map<String, Value>) -> String {
    members.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// 2 to 150 letters, digits, `-` and `_`, the first a letter or digit.
fn is_name(name: &str) -> bool {
    (2..=150).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn check_project(members: &mut Map<String, Value>) -> Result<(), ApiError> {
    check(members, None)?;
    match members.get("concurrentBuildLimit").and_then(Value::as_i64) {
        // -1 removes the limit.
        Some(-1) => {
            members.remove("concurrentBuildLimit");
            Ok(())
        }
        Some(limit) if limit < 1 => Err(invalid("Invalid concurrent build limit: it must be at least 1, or -1 for none")),
        _ => Ok(()),
    }
}
