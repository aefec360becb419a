//! CloudWatch Logs: groups of streams of events.

mod describe;
mod filter;
mod group;
#[cfg(feature = "data")]
mod load;
mod pattern;
mod put;
mod read;
mod row;
mod stream;
mod tag;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Mutex};

use serde_json::Value;
use tokio::time::Duration;

use self::{group::Group, stream::Stream};
use crate::{
    api::{Answer, ApiError},
    clock::Clock,
    journal::{Held, Journal},
};

/// The service.
#[derive(Debug)]
pub struct Logs {
    clock: Clock,
    region: String,
    account: String,
    state: Mutex<State>,
    /// Of the state's changes.
    journal: Journal,
}

#[derive(Debug, Default)]
struct State {
    groups: BTreeMap<String, Group>,
    /// The id of the newest stream.
    last_stream: u64,
    ingestion_delay: Duration,
    empty_pages: bool,
}

impl Logs {
    pub fn new(clock: Clock, region: impl Into<String>, account: impl Into<String>) -> Self {
        Self { clock, region: region.into(), account: account.into(), state: Mutex::default(), journal: Journal::default() }
    }

    /// The same, with its changes kept.
    pub(crate) fn kept_by(self, journal: &Journal) -> Self {
        Self { journal: journal.fork(), ..self }
    }

    /// From now on events become visible only this long after they were appended, as they do on AWS.
    pub fn set_ingestion_delay(&self, delay: Duration) {
        self.state().ingestion_delay = delay;
    }

    /// Whether `GetLogEvents` reading forward answers every other page empty although there is more, as AWS does at times.
    pub fn set_empty_pages(&self, empty_pages: bool) {
        self.state().empty_pages = empty_pages;
    }

    /// Carries out one operation of the API.
    pub(crate) fn call(&self, operation: &str, input: Value) -> Answer {
        match operation {
            "CreateLogGroup" => self.create_log_group(input),
            "CreateLogStream" => self.create_log_stream(input),
            "DeleteLogGroup" => self.delete_log_group(input),
            "DeleteLogStream" => self.delete_log_stream(input),
            "DeleteRetentionPolicy" => self.delete_retention_policy(input),
            "DescribeLogGroups" => self.describe_log_groups(input),
            "DescribeLogStreams" => self.describe_log_streams(input),
            "FilterLogEvents" => self.filter_log_events(input),
            "GetLogEvents" => self.get_log_events(input),
            "ListTagsForResource" => self.list_tags_for_resource(input),
            "PutLogEvents" => self.put_log_events(input),
            "PutRetentionPolicy" => self.put_retention_policy(input),
            "TagResource" => self.tag_resource(input),
            "UntagResource" => self.untag_resource(input),
            _ => Err(ApiError::new("UnknownOperationException", format!("CloudWatch Logs has no operation {operation} here"))),
        }
    }

    /// Appends events, `(milliseconds since the Unix epoch, message)`, and creates the group and the stream if they are not there.
    pub(crate) fn append(&self, group: &str, stream: &str, events: Vec<(u64, String)>) {
        let now = self.clock.millis();
        let mut state = self.state();
        if state.stream(group, stream).is_err() {
            if !state.groups.contains_key(group) {
                self.add_group(&mut state, group, Group::new(now));
            }
            self.add_stream(&mut state, group, stream, now);
        }
        let visible = state.visible_from(now);
        if let Ok(stream) = state.stream(group, stream) {
            self.add_events(stream, now, visible, events);
        }
    }

    fn add_group(&self, state: &mut State, name: &str, group: Group) {
        self.journal.record(|| row::group(name, &group));
        state.groups.insert(name.to_owned(), group);
    }

    fn add_stream(&self, state: &mut State, group: &str, name: &str, now: u64) {
        state.last_stream += 1;
        let stream = Stream::new(state.last_stream, now);
        self.journal.record(|| row::stream(group, name, &stream));
        if let Ok(group) = state.group(group) {
            group.streams.insert(name.to_owned(), stream);
        }
    }

    fn add_events(&self, stream: &mut Stream, now: u64, visible: u64, events: Vec<(u64, String)>) {
        let before = stream.events.len();
        stream.append(now, visible, events);
        self.journal.record(|| row::events(stream, before));
    }

    fn state(&self) -> Held<'_, State> {
        Held::new(&self.state, &self.journal)
    }

    fn group_arn(&self, group: &str) -> String {
        format!("arn:aws:logs:{}:{}:log-group:{group}", self.region, self.account)
    }

    /// A group's name, given by name or by identifier, which may also be the group's ARN.
    fn group_name(&self, name: Option<String>, identifier: Option<String>) -> Result<String, ApiError> {
        match (name, identifier) {
            (Some(name), None) => Ok(name),
            (None, Some(identifier)) => Ok(self.in_arn(&identifier).unwrap_or(&identifier).to_owned()),
            _ => Err(invalid("Exactly one of logGroupName and logGroupIdentifier must be given")),
        }
    }

    /// The group's name in its ARN, which may end in `:*`.
    fn in_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let name = arn.strip_prefix(&self.group_arn(""))?;
        Some(name.strip_suffix(":*").unwrap_or(name))
    }
}

impl State {
    fn visible_from(&self, now: u64) -> u64 {
        now.saturating_add(u64::try_from(self.ingestion_delay.as_millis()).unwrap_or(u64::MAX))
    }

    fn group(&mut self, name: &str) -> Result<&mut Group, ApiError> {
        self.groups.get_mut(name).ok_or_else(|| no_resource("The specified log group does not exist."))
    }

    fn stream(&mut self, group: &str, stream: &str) -> Result<&mut Stream, ApiError> {
        let streams = &mut self.group(group)?.streams;
        streams.get_mut(stream).ok_or_else(|| no_resource("The specified log stream does not exist."))
    }
}

fn no_resource(message: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

/// A page's size: the one asked for, within the bounds, or the largest.
fn page_size(limit: Option<i64>, most: usize) -> Result<usize, ApiError> {
    let Some(limit) = limit else { return Ok(most) };
    let rule = match usize::try_from(limit) {
        Ok(size) if (1..=most).contains(&size) => return Ok(size),
        Ok(size) if size > most => format!("less than or equal to {most}"),
        _ => "greater than or equal to 1".to_owned(),
    };
    Err(invalid(format!(
        "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value {rule}"
    )))
}
