//! Queues and their messages as rows of the store.

use crate::{
    change::{Cell, Change},
    sqs::model::{
        message::{Message, Standing},
        move_task::MoveTask,
        queue::Queue,
    },
};

/// Writes a queue, without its messages.
pub(super) fn queue(queue: &Queue) -> [Change; 1] {
    let sql = "INSERT INTO queue VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET attributes = excluded.attributes, \
               tags = excluded.tags, modified_s = excluded.modified_s";
    let values = [
        queue.name.as_str().into(),
        Cell::json(queue.settings.given()),
        Cell::json(&queue.tags),
        queue.created_s.into(),
        queue.modified_s.into(),
        queue.purged_ms.into(),
        queue.backlog.last_place().into(),
    ];
    [Change::new(sql, values)]
}

pub(super) fn no_queue(name: &str, arn: &str) -> [Change; 3] {
    [
        Change::new("DELETE FROM queue WHERE name = ?", [name.into()]),
        Change::new("DELETE FROM message WHERE queue = ?", [name.into()]),
        Change::new("DELETE FROM deduplication WHERE owner = ?", [arn.into()]),
    ]
}

pub(super) fn purged(queue: &str, now_ms: u64) -> [Change; 2] {
    [
        Change::new("DELETE FROM message WHERE queue = ?", [queue.into()]),
        Change::new("UPDATE queue SET purged_ms = ? WHERE name = ?", [now_ms.into(), queue.into()]),
    ]
}

/// Adds a message.
pub(super) fn message(queue: &str, place: u64, message: &Message) -> impl Iterator<Item = Change> {
    let (received_ms, hidden_until_ms) = standing(message.standing);
    let values = [
        queue.into(),
        place.into(),
        message.id.as_str().into(),
        message.body.as_str().into(),
        Cell::json(&message.attributes),
        Cell::json(&message.system_attributes),
        message.group.as_ref().into(),
        message.deduplication_id.as_ref().into(),
        message.sequence.as_ref().into(),
        message.sent_ms.into(),
        message.dead_letter_source.as_ref().into(),
        message.first_received_ms.into(),
        message.receives.into(),
        received_ms.into(),
        hidden_until_ms.into(),
    ];
    let counted = || Change::new("UPDATE queue SET last_place = ? WHERE name = ?", [place.into(), queue.into()]);
    let counted = message.sequence.is_some().then(counted);
    let added = Change::new("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values);
    [added].into_iter().chain(counted)
}

/// Writes the receives of a message, and until when it is hidden.
pub(super) fn seen(queue: &str, place: u64, message: &Message) -> [Change; 1] {
    let sql = "UPDATE message SET first_received_ms = ?, receives = ?, received_ms = ?, hidden_until_ms = ? WHERE queue = ? AND place = ?";
    let (received_ms, hidden_until_ms) = standing(message.standing);
    let values =
        [message.first_received_ms.into(), message.receives.into(), received_ms.into(), hidden_until_ms.into(), queue.into(), place.into()];
    [Change::new(sql, values)]
}

pub(super) fn no_message(queue: &str, place: u64) -> [Change; 1] {
    [Change::new("DELETE FROM message WHERE queue = ? AND place = ?", [queue.into(), place.into()])]
}

pub(super) fn moved(task: &MoveTask) -> [Change; 1] {
    let values = [
        task.source_arn.as_str().into(),
        task.destination_arn.as_ref().into(),
        task.rate.map_or(Cell::Null, Cell::Integer),
        (task.moved as u64).into(),
        task.started_ms.into(),
        (task.to_move as u64).into(),
        task.failure.as_ref().into(),
    ];
    [Change::new("INSERT INTO move VALUES (?, ?, ?, ?, ?, ?, ?)", values)]
}

/// When a message was received, and until when it is hidden.
fn standing(standing: Standing) -> (Option<u64>, Option<u64>) {
    match standing {
        Standing::Visible => (None, None),
        Standing::Delayed { until_ms } => (None, Some(until_ms)),
        Standing::InFlight { received_ms, until_ms } => (Some(received_ms), Some(until_ms)),
    }
}
