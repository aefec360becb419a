//! Groups of streams of events: what they are, and the patterns that find events.

pub(super) mod group;
pub(super) mod pattern;
pub(super) mod stream;
