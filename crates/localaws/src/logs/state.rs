//! The state of CloudWatch Logs.

use std::collections::BTreeMap;

use tokio::time::Duration;

use super::{
    error::no_resource,
    model::{group::Group, stream::Stream},
};
use crate::api::ApiError;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) groups: BTreeMap<String, Group>,
    /// The id of the newest stream.
    pub(super) last_stream: u64,
    pub(super) ingestion_delay: Duration,
    pub(super) empty_pages: bool,
}

impl State {
    pub(super) fn visible_from(&self, now: u64) -> u64 {
        now.saturating_add(u64::try_from(self.ingestion_delay.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn group(&mut self, name: &str) -> Result<&mut Group, ApiError> {
        self.groups.get_mut(name).ok_or_else(|| no_resource("The specified log group does not exist."))
    }

    pub(super) fn stream(&mut self, group: &str, stream: &str) -> Result<&mut Stream, ApiError> {
        let streams = &mut self.group(group)?.streams;
        streams.get_mut(stream).ok_or_else(|| no_resource("The specified log stream does not exist."))
    }
}
