//! Operations on groups and streams: create, delete, retention.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::{Answer, ApiError, decode},
    logs::{
        Logs,
        error::{already, invalid},
        model::group::Group,
        row,
    },
};

/// The retentions that AWS offers, in days.
const RETENTIONS: &[u32] = &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateLogGroup {
    log_group_name: String,
    log_group_class: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OneGroup {
    log_group_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OneStream {
    log_group_name: String,
    log_stream_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutRetentionPolicy {
    log_group_name: String,
    retention_in_days: u32,
}

impl Logs {
    pub(super) fn create_log_group(&self, input: Value) -> Answer {
        let input: CreateLogGroup = decode(input)?;
        check_name("logGroupName", &input.log_group_name, |c| c.is_ascii_alphanumeric() || "._-/#".contains(c))?;
        let mut state = self.state();
        if state.groups.contains_key(&input.log_group_name) {
            return Err(already("The specified log group already exists"));
        }
        let mut group = Group { tags: input.tags, ..Group::new(self.clock.millis()) };
        if let Some(class) = input.log_group_class {
            group.class = class;
        }
        self.add_group(&mut state, &input.log_group_name, group);
        Ok(json!({}))
    }

    pub(super) fn delete_log_group(&self, input: Value) -> Answer {
        let input: OneGroup = decode(input)?;
        let mut state = self.state();
        state.group(&input.log_group_name)?;
        state.groups.remove(&input.log_group_name);
        self.journal.record(|| row::no_group(&input.log_group_name));
        Ok(json!({}))
    }

    pub(super) fn put_retention_policy(&self, input: Value) -> Answer {
        let input: PutRetentionPolicy = decode(input)?;
        if !RETENTIONS.contains(&input.retention_in_days) {
            return Err(invalid("The specified retention in days is not one of the values that are offered"));
        }
        self.retain(&input.log_group_name, Some(input.retention_in_days))
    }

    pub(super) fn delete_retention_policy(&self, input: Value) -> Answer {
        let input: OneGroup = decode(input)?;
        self.retain(&input.log_group_name, None)
    }

    fn retain(&self, name: &str, days: Option<u32>) -> Answer {
        let mut state = self.state();
        let group = state.group(name)?;
        group.retention = days;
        self.journal.record(|| row::group(name, group));
        Ok(json!({}))
    }

    pub(super) fn create_log_stream(&self, input: Value) -> Answer {
        let input: OneStream = decode(input)?;
        check_name("logStreamName", &input.log_stream_name, |c| !":*".contains(c))?;
        let mut state = self.state();
        if state.group(&input.log_group_name)?.streams.contains_key(&input.log_stream_name) {
            return Err(already("The specified log stream already exists"));
        }
        self.add_stream(&mut state, &input.log_group_name, &input.log_stream_name, self.clock.millis());
        Ok(json!({}))
    }

    pub(super) fn delete_log_stream(&self, input: Value) -> Answer {
        let input: OneStream = decode(input)?;
        let mut state = self.state();
        let id = state.stream(&input.log_group_name, &input.log_stream_name)?.id;
        state.group(&input.log_group_name)?.streams.remove(&input.log_stream_name);
        self.journal.record(|| row::no_stream(id));
        Ok(json!({}))
    }
}

/// Names have 1 to 512 allowed characters.
fn check_name(member: &str, name: &str, allowed: impl Fn(char) -> bool) -> Result<(), ApiError> {
    if (1..=512).contains(&name.chars().count()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(invalid(format!("1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint")))
}
