//! Reads groups, streams and events from the store.

use std::collections::HashMap;

use super::{
    Logs,
    model::{group::Group, stream::Stream},
};
use crate::store::{Error, Json, Store};

impl Logs {
    /// Reads the state from the store. To be called before any operation.
    pub(crate) fn load(&self, store: &Store) -> Result<(), Error> {
        let mut state = self.state();
        store.each("SELECT * FROM log_group", |row| {
            let Json(tags) = row.get("tags")?;
            let group =
                Group { class: row.get("class")?, retention: row.get("retention_days")?, tags, ..Group::new(row.get("created_ms")?) };
            state.groups.insert(row.get("name")?, group);
            Ok(())
        })?;
        let (mut streams, mut names) = (HashMap::new(), Vec::new());
        store.each("SELECT * FROM log_stream", |row| {
            let id = row.get("id")?;
            streams.insert(id, Stream::new(id, row.get("created_ms")?));
            names.push((row.get("log_group")?, row.get("name")?, id));
            Ok(())
        })?;
        store.each("SELECT * FROM log_event ORDER BY stream, place", |row| {
            if let Some(stream) = streams.get_mut(&row.get("stream")?) {
                let ingested = row.get("ingested_ms")?;
                stream.append(ingested, ingested, vec![(row.get("timestamp_ms")?, row.get("message")?)]);
            }
            Ok(())
        })?;
        for (group, name, id) in names {
            let group: Option<&mut Group> = state.groups.get_mut::<String>(&group);
            if let (Some(group), Some(stream)) = (group, streams.remove(&id)) {
                group.streams.insert(name, stream);
            }
            state.last_stream = state.last_stream.max(id);
        }
        Ok(())
    }
}
