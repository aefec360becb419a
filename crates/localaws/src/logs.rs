//! CloudWatch Logs: groups of streams of events.

mod error;
#[cfg(feature = "data")]
mod load;
mod model;
mod operation;
mod row;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Mutex;

use tokio::time::Duration;

use self::{
    error::invalid,
    model::{group::Group, stream::Stream},
    state::State,
};
use crate::{
    api::ApiError,
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
