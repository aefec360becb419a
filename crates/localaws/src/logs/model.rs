//! Groups, streams and events, and the patterns that find events.

pub(super) mod group;
pub(super) mod pattern;
pub(super) mod stream;
