//! A stream: events in the order of their arrival.

use std::ops::Range;

/// AWS counts 26 bytes for each event beside its message.
const OVERHEAD: usize = 26;

#[derive(Debug)]
pub(crate) struct Event {
    /// Milliseconds since the Unix epoch, as the writer says.
    pub(crate) timestamp: u64,
    /// When the event came.
    pub(crate) ingested: u64,
    /// When readers begin to see it. Never falls from one event to the next.
    visible: u64,
    pub(crate) message: String,
}

impl Event {
    /// Its bytes as AWS counts them.
    pub(crate) fn size(&self) -> usize {
        self.message.len() + OVERHEAD
    }
}

#[derive(Debug)]
pub(crate) struct Stream {
    /// Its own among the streams of all groups.
    pub(crate) id: u64,
    pub(crate) created: u64,
    pub(crate) events: Vec<Event>,
    /// Timestamps rise with the order of arrival, so that a time can be searched for.
    ordered: bool,
    pub(crate) bytes: usize,
}

impl Stream {
    pub(crate) fn new(id: u64, created: u64) -> Self {
        Self { id, created, events: Vec::new(), ordered: true, bytes: 0 }
    }

    pub(crate) fn append(&mut self, now: u64, visible: u64, events: Vec<(u64, String)>) {
        for (timestamp, message) in events {
            let last = self.events.last();
            self.ordered &= last.is_none_or(|last| last.timestamp <= timestamp);
            let visible = last.map_or(visible, |last| last.visible.max(visible));
            let event = Event { timestamp, ingested: now, visible, message };
            self.bytes += event.size();
            self.events.push(event);
        }
    }

    /// What readers see by now.
    pub(crate) fn visible(&self, now: u64) -> &[Event] {
        let end = self.events.partition_point(|event| event.visible <= now);
        self.events.get(..end).unwrap_or_default()
    }

    /// Where among the first `seen` events those of the time span lie. Unordered timestamps make it an upper bound.
    pub(crate) fn within(&self, seen: usize, span: &Range<u64>) -> Range<usize> {
        let events = self.events.get(..seen).unwrap_or_default();
        if !self.ordered {
            return 0..events.len();
        }
        let start = events.partition_point(|event| event.timestamp < span.start);
        start..events.partition_point(|event| event.timestamp < span.end).max(start)
    }
}
