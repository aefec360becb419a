//! The messages that were sent, and their events.

use super::plan::Planned;
use crate::job::event::{Event, EventKind};

/// A message that was sent, with its events in the order in which they came.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) planned: Planned,
    /// What its events are about: the job's id, or the message's.
    subjects: Vec<String>,
    pub(super) events: Vec<Event>,
}

/// Everything that was sent.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) entries: Vec<Entry>,
    /// The ids of events that are about nothing that was sent.
    pub(super) strangers: Vec<String>,
    /// Every event as it came.
    pub(super) bodies: Vec<String>,
}

impl Ledger {
    /// Notes a message under the ids that SQS gave its copies.
    pub(super) fn sent(&mut self, planned: Planned, message_ids: Vec<String>) {
        let subjects = std::iter::once(planned.name.to_owned()).chain(message_ids).collect();
        self.entries.push(Entry { planned, subjects, events: Vec::new() });
    }

    /// Notes an event; gives what it is about, and whether its id has come before.
    pub(super) fn note(&mut self, event: Event, body: String) -> Option<(&Entry, &Event, bool)> {
        self.bodies.push(body);
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.subjects.contains(&event.subject)) else {
            self.strangers.push(event.id);
            return None;
        };
        let again = entry.events.iter().any(|seen| seen.id == event.id);
        entry.events.push(event);
        let entry: &Entry = entry;
        entry.events.last().map(|event| (entry, event, again))
    }

    /// Whether every message has had its terminal event.
    pub(super) fn is_complete(&self) -> bool {
        self.entries.iter().all(|entry| entry.terminals().count() >= entry.planned.copies)
    }
}

impl Entry {
    /// The events that end the job.
    pub(super) fn terminals(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| matches!(event.kind, EventKind::Finished | EventKind::Rejected))
    }

    /// How the job ended.
    pub(super) fn end(&self) -> Option<&Event> {
        self.terminals().next()
    }

    /// The events that must have come, by id, repeats included.
    pub(super) fn wanted_ids(&self) -> Vec<String> {
        let [name, rest @ ..] = self.subjects.as_slice() else { return Vec::new() };
        if !self.planned.is_built() {
            // A message without a readable id is rejected under its own.
            let told = self.end().map_or(name, |event| &event.subject);
            return vec![format!("{told}/rejected")];
        }
        let finished = std::iter::repeat_n(format!("{name}/finished"), rest.len());
        [format!("{name}/queued"), format!("{name}/1/started")].into_iter().chain(finished).collect()
    }
}
