//! Reads queues and their messages from the store.

use rusqlite::Row;

use crate::{
    sqs::{
        Sqs,
        model::{
            attribute,
            message::{Message, Standing},
            move_task::MoveTask,
            queue::{Queue, Sent},
            setting::Settings,
        },
        state::{State, name_of},
    },
    store::{Error, Json, Store, unfit},
};

impl Sqs {
    /// Reads the state from the store. To be called before any operation.
    pub(crate) fn load(&self, store: &Store) -> Result<(), Error> {
        let mut state = self.state();
        store.each("SELECT * FROM queue", |row| {
            let queue = self.queue(row)?;
            state.queues.insert(queue.name.clone(), queue);
            Ok(())
        })?;
        store.each("SELECT * FROM message ORDER BY queue, place", |row| {
            if let Some(queue) = state.queues.get_mut(row.get_ref("queue")?.as_str()?) {
                queue.backlog.put(row.get("place")?, message(row)?);
            }
            Ok(())
        })?;
        store.each("SELECT * FROM deduplication ORDER BY since_ms", |row| state.remember(row))?;
        store.each("SELECT * FROM move ORDER BY rowid DESC", |row| {
            state.moves.push(task(row)?);
            Ok(())
        })
    }

    fn queue(&self, row: &Row<'_>) -> rusqlite::Result<Queue> {
        let name: String = row.get("name")?;
        let Json(attributes) = row.get("attributes")?;
        let Json(tags) = row.get("tags")?;
        let settings = Settings::new(name.strip_suffix(".fifo").is_some(), attributes).map_err(unfit)?;
        let arn = self.arn(&name);
        let mut queue = Queue::new(name, arn, settings, tags, row.get("created_s")?, self.journal.clone());
        queue.modified_s = row.get("modified_s")?;
        queue.purged_ms = row.get("purged_ms")?;
        queue.backlog.go_on_after(row.get("last_place")?);
        Ok(queue)
    }
}

impl State {
    fn remember(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let owner = row.get_ref("owner")?.as_str()?;
        // The other owners are topics.
        if let Some(queue) = self.queues.get_mut(name_of(owner)).filter(|queue| queue.arn == owner) {
            let sent = Sent { id: row.get("message_id")?, sequence: row.get("sequence")? };
            queue.deduplication.remember(row.get("key")?, row.get("since_ms")?, sent);
        }
        Ok(())
    }
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let body: String = row.get("body")?;
    let Json(attributes) = row.get("attributes")?;
    let Json(system_attributes) = row.get("system_attributes")?;
    Ok(Message {
        id: row.get("id")?,
        body_md5: attribute::md5_of(&body),
        body,
        attributes,
        system_attributes,
        group: row.get("message_group")?,
        deduplication_id: row.get("deduplication_id")?,
        sequence: row.get("sequence")?,
        sent_ms: row.get("sent_ms")?,
        first_received_ms: row.get("first_received_ms")?,
        receives: row.get("receives")?,
        dead_letter_source: row.get("dead_letter_source")?,
        standing: match (row.get("received_ms")?, row.get("hidden_until_ms")?) {
            (_, None) => Standing::Visible,
            (None, Some(until_ms)) => Standing::Delayed { until_ms },
            (Some(received_ms), Some(until_ms)) => Standing::InFlight { received_ms, until_ms },
        },
    })
}

fn task(row: &Row<'_>) -> rusqlite::Result<MoveTask> {
    Ok(MoveTask {
        source_arn: row.get("source_arn")?,
        destination_arn: row.get("destination_arn")?,
        rate: row.get("rate")?,
        moved: row.get("moved")?,
        to_move: row.get("to_move")?,
        started_ms: row.get("started_ms")?,
        failure: row.get("failure")?,
    })
}
