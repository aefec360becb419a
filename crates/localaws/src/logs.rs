//! CloudWatch Logs: groups, streams and events.

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
    /// Records changes of the state.
    journal: Journal,
}

impl Logs {
    pub fn new(clock: Clock, region: impl Into<String>, account: impl Into<String>) -> Self {
        Self { clock, region: region.into(), account: account.into(), state: Mutex::default(), journal: Journal::default() }
    }

    /// The same service, with its changes recorded in `journal`.
    pub(crate) fn kept_by(self, journal: &Journal) -> Self {
        Self { journal: journal.fork(), ..self }
    }

    /// Sets the delay after which readers see an event. On AWS there is such a delay.
    pub fn set_ingestion_delay(&self, delay: Duration) {
        self.state().ingestion_delay = delay;
    }

    /// Sets whether every other page of `GetLogEvents`, read forward, is empty although there is more, as happens on AWS.
    pub fn set_empty_pages(&self, empty_pages: bool) {
        self.state().empty_pages = empty_pages;
    }

    /// Appends events, `(milliseconds since the Unix epoch, message)`. Creates the group and the stream if they do not exist.
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

    /// The name of a group that is given by name or by identifier. An identifier may be the group's ARN.
    fn group_name(&self, name: Option<String>, identifier: Option<String>) -> Result<String, ApiError> {
        match (name, identifier) {
            (Some(name), None) => Ok(name),
            (None, Some(identifier)) => Ok(self.in_arn(&identifier).unwrap_or(&identifier).to_owned()),
            _ => Err(invalid("Exactly one of logGroupName and logGroupIdentifier must be given")),
        }
    }

    /// The name of the group in an ARN, which may end with `:*`.
    fn in_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let name = arn.strip_prefix(&self.group_arn(""))?;
        Some(name.strip_suffix(":*").unwrap_or(name))
    }
}
