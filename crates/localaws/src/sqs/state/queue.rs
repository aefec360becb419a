//! Changes of a queue. Each is recorded.

use crate::{
    deduplication,
    sqs::{
        model::{
            message::{Handle, Message},
            queue::{Queue, Sent},
        },
        row,
    },
};

impl Queue {
    /// Records the queue itself, after a change of its settings.
    pub(crate) fn keep(&self) {
        self.journal.record(|| row::queue(self));
    }

    /// Removes the queue from the store.
    pub(crate) fn forget(&self) {
        self.journal.record(|| row::no_queue(&self.name, &self.arn));
    }

    /// Brings the queue up to date: delays and visibility timeouts may be over, and messages too old.
    pub(crate) fn settle(&mut self, now_ms: u64) {
        if let Some(sent_ms) = now_ms.checked_sub(self.settings.retention_ms) {
            while let Some(place) = self.backlog.sent_by(sent_ms) {
                self.remove(place);
            }
        }
        self.backlog.reveal(now_ms);
    }

    /// Remembers the answer to a send, for repeated sends.
    pub(crate) fn remember(&mut self, key: String, now_ms: u64, sent: Sent) {
        self.journal.record(|| deduplication::row(&self.arn, &key, now_ms, &sent.id, sent.sequence.as_deref()));
        self.deduplication.remember(key, now_ms, sent);
    }

    /// Adds a message, visible or delayed.
    pub(crate) fn insert(&mut self, message: Message) {
        let place = self.backlog.last_place() + 1;
        self.journal.record(|| row::message(&self.name, place, &message));
        self.backlog.put(place, message);
        self.wake.notify_waiters();
    }

    /// Counts a receive of a message in flight. Returns the message and its new handle.
    pub(crate) fn count_receive(&mut self, place: u64, now_ms: u64) -> Option<(&Message, Handle)> {
        let message = self.backlog.count_receive(place, now_ms)?;
        self.journal.record(|| row::seen(&self.name, place, message));
        let handle = Handle { place, receive: message.receives, message_id: message.id.clone(), queue: self.name.clone() };
        Some((message, handle))
    }

    /// Changes when a message in flight becomes visible.
    pub(crate) fn hide_until(&mut self, place: u64, until_ms: u64, now_ms: u64) {
        if let Some(message) = self.backlog.hide_until(place, until_ms) {
            self.journal.record(|| row::seen(&self.name, place, message));
            self.settle(now_ms);
            self.wake.notify_waiters();
        }
    }

    /// Removes a message.
    pub(crate) fn remove(&mut self, place: u64) -> Option<Message> {
        let message = self.backlog.remove(place)?;
        self.journal.record(|| row::no_message(&self.name, place));
        // On a FIFO queue the next message of the group may be visible now.
        self.wake.notify_waiters();
        Some(message)
    }

    /// Removes all messages.
    pub(crate) fn purge(&mut self, now_ms: u64) {
        self.journal.record(|| row::purged(&self.name, now_ms));
        self.backlog.clear(self.settings.fifo);
        self.purged_ms = Some(now_ms);
    }
}
