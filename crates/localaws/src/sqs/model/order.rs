//! The order of visible messages: the oldest comes first, unless its group must wait. On a FIFO queue, a group waits behind its first
//! message that is in flight or delayed. On a standard queue whose messages have groups (a fair queue), a group with many messages in
//! flight comes after all others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// SQS: a group is noisy if more than this many of its messages are in flight ...
const NOISY_ABOVE: usize = 30;
/// ... and if they are more than this fraction of all messages in flight: a tenth. So at most nine groups are noisy.
const NOISY_SHARE: usize = 10;

/// The messages of one queue by place. Every operation is O(log n).
#[derive(Debug)]
pub(crate) struct Order {
    fifo: bool,
    /// Messages without a group belong to the group with the empty name.
    groups: HashMap<String, Group>,
    /// The groups with a message that can be received, by the place of that message.
    heads: BTreeSet<(u64, String)>,
    in_flight: usize,
}

#[derive(Debug, Default)]
struct Group {
    /// On a FIFO queue: all messages, and whether each is visible. On a standard queue: the visible messages.
    places: BTreeMap<u64, bool>,
    in_flight: usize,
}

impl Group {
    fn head(&self) -> Option<u64> {
        self.places.first_key_value().filter(|(_, visible)| **visible).map(|(place, _)| *place)
    }
}

impl Order {
    pub(crate) fn new(fifo: bool) -> Self {
        Self { fifo, groups: HashMap::new(), heads: BTreeSet::new(), in_flight: 0 }
    }

    /// Adds a new message, visible or delayed.
    pub(crate) fn add(&mut self, place: u64, group: Option<&str>, visible: bool) {
        if visible || self.fifo {
            self.change(group, |group| {
                group.places.insert(place, visible);
            });
        }
    }

    /// Adds a message that is in flight already.
    pub(crate) fn hold(&mut self, place: u64, group: Option<&str>) {
        self.add(place, group, false);
        self.change(group, |group| group.in_flight += 1);
        self.in_flight += 1;
    }

    /// Makes a delayed message or a message in flight visible.
    pub(crate) fn reveal(&mut self, place: u64, group: Option<&str>, in_flight: bool) {
        self.change(group, |group| {
            group.in_flight -= usize::from(in_flight);
            group.places.insert(place, true);
        });
        self.in_flight -= usize::from(in_flight);
    }

    /// Removes a message.
    pub(crate) fn remove(&mut self, place: u64, group: Option<&str>, in_flight: bool) {
        self.change(group, |group| {
            group.in_flight -= usize::from(in_flight);
            group.places.remove(&place);
        });
        self.in_flight -= usize::from(in_flight);
    }

    /// Takes up to `room` messages, which are in flight then; on a FIFO queue all of one group. Empty: no message can be received now.
    pub(crate) fn take(&mut self, room: usize) -> Vec<u64> {
        if self.fifo { self.take_from_next(room) } else { std::iter::from_fn(|| self.take_from_next(1).pop()).take(room).collect() }
    }

    fn take_from_next(&mut self, room: usize) -> Vec<u64> {
        let quiet = || self.heads.iter().find(|(_, name)| !self.is_noisy(name));
        let next = if self.fifo { None } else { quiet() };
        let Some((_, name)) = next.or_else(|| self.heads.first()).cloned() else { return Vec::new() };
        let fifo = self.fifo;
        let mut taken = Vec::new();
        self.change(Some(&name), |group| {
            taken.extend(group.places.iter().take_while(|(_, visible)| **visible).take(room).map(|(place, _)| *place));
            for place in &taken {
                group.places.remove(place);
                if fifo {
                    group.places.insert(*place, false);
                }
            }
            group.in_flight += taken.len();
        });
        self.in_flight += taken.len();
        taken
    }

    fn is_noisy(&self, name: &str) -> bool {
        let own = self.groups.get(name).map_or(0, |group| group.in_flight);
        !name.is_empty() && own > NOISY_ABOVE && own * NOISY_SHARE > self.in_flight
    }

    /// Changes a group and updates `heads`.
    fn change(&mut self, name: Option<&str>, change: impl FnOnce(&mut Group)) {
        let name = name.unwrap_or_default();
        let group = self.groups.entry(name.to_owned()).or_default();
        let before = group.head();
        change(group);
        let after = group.head();
        if group.places.is_empty() && group.in_flight == 0 {
            self.groups.remove(name);
        }
        if before != after {
            if let Some(place) = before {
                self.heads.remove(&(place, name.to_owned()));
            }
            if let Some(place) = after {
                self.heads.insert((place, name.to_owned()));
            }
        }
    }
}
