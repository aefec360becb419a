//! Starting builds: `StartBuild`, `RetryBuild` and automatic retries.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    input::{RETRY_BUILD, START_BUILD, TOKEN_LIMIT},
    life::live,
    shape::accept,
};
use crate::{
    api::{Answer, ApiError},
    codebuild::{
        CodeBuild,
        error::invalid,
        model::{
            build::{Build, Retry, Start},
            merge::{merge, text},
            transcript::Transcript,
        },
        row,
        state::{State, capacity::Turn},
    },
};

impl CodeBuild {
    pub(super) fn start_build(self: &Arc<Self>, input: Value) -> Answer {
        let mut request = accept(START_BUILD, input)?;
        let token = take_token(&mut request)?;
        self.start_once(token, &request.clone(), request)
    }

    pub(super) fn retry_build(self: &Arc<Self>, input: Value) -> Answer {
        let mut input = accept(RETRY_BUILD, input)?;
        let token = take_token(&mut input)?;
        let id = input.get("id").and_then(Value::as_str).unwrap_or_default();
        let request = self.find(&self.state(), id)?.request.clone();
        self.start_once(token, &input, request)
    }

    /// Starts a build, or returns the one that was started before with the same token and `input`.
    fn start_once(self: &Arc<Self>, token: Option<String>, input: &Map<String, Value>, request: Map<String, Value>) -> Answer {
        let now_ms = self.settings.clock.millis();
        let mut state = self.state();
        if let Some(token) = &token
            && let Some(build) = state.tokens.find(token, input, now_ms)?
        {
            return Ok(json!({ "build": self.view(&build) }));
        }
        let (build, turn) = self.start(&mut state, request, None)?;
        if let Some(token) = token {
            self.journal.record(|| row::token(&token, now_ms, input, &build.id));
            state.tokens.remember(token, input.clone(), Arc::clone(&build), now_ms);
        }
        drop(state);
        let view = self.view(&build);
        self.launch(build, turn);
        Ok(json!({ "build": view }))
    }

    /// Starts the next automatic retry of a failed build, if it has one left and there is room.
    pub(in crate::codebuild) fn retry(self: &Arc<Self>, build: &Build) {
        if build.retry.number >= build.retry.limit {
            return;
        }
        let place = Retry { limit: build.retry.limit, number: build.retry.number + 1, previous: Some(build.arn.clone()) };
        let started = self.start(&mut self.state(), build.request.clone(), Some(place));
        match started {
            Ok((next, turn)) => {
                let mut live = build.live();
                live.next_retry = Some(next.arn.clone());
                build.keep(&live);
                drop(live);
                self.launch(next, turn);
                self.journal.settle();
            }
            Err(error) => tracing::warn!(build.id = build.id, %error, "the build cannot be retried"),
        }
    }

    /// Announces the start, then runs the build, so that its end cannot be announced first.
    fn launch(self: &Arc<Self>, build: Arc<Build>, turn: Turn) {
        self.announce(&build);
        tokio::spawn(live(Arc::clone(self), build, turn));
    }

    /// Adds a build that waits for its turn.
    fn start(&self, state: &mut State, request: Map<String, Value>, retry: Option<Retry>) -> Result<(Arc<Build>, Turn), ApiError> {
        let asked = request.get("projectName").and_then(Value::as_str).unwrap_or_default();
        let name = self.project_name(asked).to_owned();
        let project = state.projects.get_mut(&name).ok_or_else(|| self.no_project(&name))?;
        let settings = merge(&project.members, &request)?;
        let active = project.admit()?;
        let turn = self.capacity.queue().map_err(|limit| {
            let message = format!("Cannot have more than {limit} builds in queue for the account");
            ApiError::new("AccountLimitExceededException", message)
        })?;

        let uuid = crate::random::uuid().to_string();
        let retry_limit = settings.get("autoRetryLimit").and_then(Value::as_u64).unwrap_or_default();
        project.last_number += 1;
        let target = log_target(settings.get("logsConfig").unwrap_or(&Value::Null), &name, &uuid);
        let transcript = Transcript::new(target);
        let start = Start {
            sequence: state.next,
            id: format!("{name}:{uuid}"),
            arn: self.build_arn(&format!("{name}:{uuid}")),
            number: project.last_number,
            project: name,
            request,
            settings,
            retry: retry.unwrap_or(Retry { limit: retry_limit, ..Retry::default() }),
            clock: self.settings.clock,
            minute: self.settings.minute,
            journal: self.journal.fork(),
        };
        let build = Arc::new(Build::submitted(start, transcript, active));
        self.journal.record(|| row::build(&build));
        project.builds.insert(build.sequence, Arc::clone(&build));
        state.add(Arc::clone(&build));
        Ok((build, turn))
    }
}

fn take_token(input: &mut Map<String, Value>) -> Result<Option<String>, ApiError> {
    match input.remove("idempotencyToken") {
        Some(Value::String(token)) if token.chars().count() > TOKEN_LIMIT => {
            Err(invalid(format!("Invalid idempotency token: more than {TOKEN_LIMIT} characters")))
        }
        Some(Value::String(token)) if !token.is_empty() => Ok(Some(token)),
        _ => Ok(None),
    }
}

/// The log's group and stream. A stream name of the project is the prefix of each build's stream.
fn log_target(config: &Value, project: &str, uuid: &str) -> Option<(String, String)> {
    let config = &config["cloudWatchLogs"];
    if text(config, "status") == "DISABLED" {
        return None;
    }
    let group = match text(config, "groupName") {
        "" => format!("/aws/codebuild/{project}"),
        group => group.to_owned(),
    };
    let stream = match text(config, "streamName") {
        "" => uuid.to_owned(),
        prefix => format!("{prefix}/{uuid}"),
    };
    Some((group, stream))
}
