//! A group of streams.

use std::collections::BTreeMap;

use super::stream::Stream;

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) created: u64,
    pub(crate) class: String,
    /// In days. Only stored: events do not expire here.
    pub(crate) retention: Option<u32>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) streams: BTreeMap<String, Stream>,
}

impl Group {
    pub(crate) fn new(created: u64) -> Self {
        Self { created, class: "STANDARD".to_owned(), retention: None, tags: BTreeMap::new(), streams: BTreeMap::new() }
    }
}
