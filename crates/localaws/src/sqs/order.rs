//! Which visible message is next: the oldest, and on a FIFO queue never one whose group has a message in flight.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The messages of one queue that are not in flight, by their place in the queue. Every operation is O(log n).
#[derive(Debug)]
pub(super) enum Order {
    /// Visible messages.
    Standard(BTreeSet<u64>),
    /// Groups of messages.
    Fifo(Fifo),
}

#[derive(Debug, Default)]
pub(super) struct Fifo {
    groups: HashMap<String, Group>,
    /// The groups that may be served, by the place of their first message.
    open: BTreeSet<(u64, String)>,
}

#[derive(Debug, Default)]
struct Group {
    /// Messages not in flight, and whether each is visible (or still delayed).
    waiting: BTreeMap<u64, bool>,
    in_flight: usize,
}

impl Group {
    fn head(&self) -> Option<u64> {
        self.waiting.first_key_value().filter(|(_, visible)| **visible && self.in_flight == 0).map(|(place, _)| *place)
    }
}

impl Order {
    pub(super) fn new(fifo: bool) -> Self {
        if fifo { Self::Fifo(Fifo::default()) } else { Self::Standard(BTreeSet::new()) }
    }

    /// A new message, visible or delayed.
    pub(super) fn add(&mut self, place: u64, group: Option<&str>, visible: bool) {
        match self {
            Self::Standard(ready) if visible => {
                ready.insert(place);
            }
            Self::Standard(_) => {}
            Self::Fifo(fifo) => fifo.change(group, |group| {
                group.waiting.insert(place, visible);
            }),
        }
    }

    /// A message that is in flight from the beginning.
    pub(super) fn hold(&mut self, group: Option<&str>) {
        if let Self::Fifo(fifo) = self {
            fifo.change(group, |group| group.in_flight += 1);
        }
    }

    /// A delayed message, or one in flight, becomes visible.
    pub(super) fn reveal(&mut self, place: u64, group: Option<&str>, in_flight: bool) {
        match self {
            Self::Standard(ready) => {
                ready.insert(place);
            }
            Self::Fifo(fifo) => fifo.change(group, |group| {
                group.in_flight -= usize::from(in_flight);
                group.waiting.insert(place, true);
            }),
        }
    }

    /// A message leaves the queue.
    pub(super) fn remove(&mut self, place: u64, group: Option<&str>, in_flight: bool) {
        match self {
            Self::Standard(ready) => {
                ready.remove(&place);
            }
            Self::Fifo(fifo) => fifo.change(group, |group| {
                group.in_flight -= usize::from(in_flight);
                group.waiting.remove(&place);
            }),
        }
    }

    /// Puts up to `room` messages in flight, all of one group on a FIFO queue. Empty when nothing can be received now.
    pub(super) fn take(&mut self, room: usize) -> Vec<u64> {
        match self {
            Self::Standard(ready) => std::iter::from_fn(|| ready.pop_first()).take(room).collect(),
            Self::Fifo(fifo) => fifo.take(room),
        }
    }
}

impl Fifo {
    /// Changes a group and keeps `open` true to it.
    fn change(&mut self, name: Option<&str>, change: impl FnOnce(&mut Group)) {
        let name = name.unwrap_or_default();
        let group = self.groups.entry(name.to_owned()).or_default();
        let before = group.head();
        change(group);
        let after = group.head();
        if group.waiting.is_empty() && group.in_flight == 0 {
            self.groups.remove(name);
        }
        if before != after {
            if let Some(place) = before {
                self.open.remove(&(place, name.to_owned()));
            }
            if let Some(place) = after {
                self.open.insert((place, name.to_owned()));
            }
        }
    }

    fn take(&mut self, room: usize) -> Vec<u64> {
        let Some((_, name)) = self.open.first().cloned() else { return Vec::new() };
        let mut taken = Vec::new();
        self.change(Some(&name), |group| {
            while taken.len() < room
                && let Some(entry) = group.waiting.first_entry().filter(|entry| *entry.get())
            {
                taken.push(*entry.key());
                entry.remove();
            }
            group.in_flight += taken.len();
        });
        taken
    }
}
