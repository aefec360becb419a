//! Groups, streams and events as rows of the store.

use super::model::{group::Group, stream::Stream};
use crate::change::{Cell, Change};

/// Writes a group, without its streams.
pub(super) fn group(name: &str, group: &Group) -> [Change; 1] {
    let sql = "INSERT INTO log_group VALUES (?, ?, ?, ?, ?) \
               ON CONFLICT (name) DO UPDATE SET retention_days = excluded.retention_days, tags = excluded.tags";
    let days = group.retention.map(u64::from);
    [Change::new(sql, [name.into(), group.created.into(), group.class.as_str().into(), days.into(), Cell::json(&group.tags)])]
}

pub(super) fn no_group(name: &str) -> [Change; 3] {
    let events = "DELETE FROM log_event WHERE stream IN (SELECT id FROM log_stream WHERE log_group = ?)";
    [
        Change::new(events, [name.into()]),
        Change::new("DELETE FROM log_stream WHERE log_group = ?", [name.into()]),
        Change::new("DELETE FROM log_group WHERE name = ?", [name.into()]),
    ]
}

/// Adds a stream.
pub(super) fn stream(group: &str, name: &str, stream: &Stream) -> [Change; 1] {
    let values = [stream.id.into(), group.into(), name.into(), stream.created.into()];
    [Change::new("INSERT INTO log_stream VALUES (?, ?, ?, ?)", values)]
}

pub(super) fn no_stream(id: u64) -> [Change; 2] {
    [Change::new("DELETE FROM log_event WHERE stream = ?", [id.into()]), Change::new("DELETE FROM log_stream WHERE id = ?", [id.into()])]
}

/// Adds the events of a stream, beginning at a place.
pub(super) fn events(stream: &Stream, from: usize) -> impl Iterator<Item = Change> {
    let added = stream.events.iter().enumerate().skip(from);
    added.map(|(place, event)| {
        let (timestamp, ingested) = (event.timestamp.into(), event.ingested.into());
        let values = [stream.id.into(), (place as u64).into(), timestamp, ingested, event.message.as_str().into()];
        Change::new("INSERT INTO log_event VALUES (?, ?, ?, ?, ?)", values)
    })
}
