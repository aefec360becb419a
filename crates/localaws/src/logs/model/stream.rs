//! A stream of events, in the order of arrival.

use std::ops::Range;

/// AWS adds 26 bytes to the size of each message.
const OVERHEAD: usize = 26;

#[derive(Debug)]
pub(crate) struct Event {
    /// The writer's time, in milliseconds since the Unix epoch.
    pub(crate) timestamp: u64,
    /// When the event arrived.
    pub(crate) ingested: u64,
    /// When readers can see it. Never earlier than for the event before.
    visible: u64,
    pub(crate) message: String,
}

impl Event {
    /// The size of the event by AWS's rule, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.message.len() + OVERHEAD
    }
}

#[derive(Debug)]
pub(crate) struct Stream {
    /// Unique among the streams of all groups.
    pub(crate) id: u64,
    pub(crate) created: u64,
    pub(crate) events: Vec<Event>,
    /// Whether the timestamps increase, so that a binary search works.
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

    /// The events that readers can see now.
    pub(crate) fn visible(&self, now: u64) -> &[Event] {
        let end = self.events.partition_point(|event| event.visible <= now);
        self.events.get(..end).unwrap_or_default()
    }

    /// The range of events in a time span, among the first `seen`. If the timestamps are not ordered, the range is too large.
    pub(crate) fn within(&self, seen: usize, span: &Range<u64>) -> Range<usize> {
        let events = self.events.get(..seen).unwrap_or_default();
        if !self.ordered {
            return 0..events.len();
        }
        let start = events.partition_point(|event| event.timestamp < span.start);
        start..events.partition_point(|event| event.timestamp < span.end).max(start)
    }
}
