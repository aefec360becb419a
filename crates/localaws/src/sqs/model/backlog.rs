//! The messages of one queue, visible or hidden, and all ways in which they change.

use std::collections::{BTreeSet, HashMap};

use crate::sqs::model::{
    message::{Handle, Message, Standing},
    order::Order,
};

/// The messages by their places, which is the order in which they arrived.
#[derive(Debug)]
pub(crate) struct Backlog {
    messages: HashMap<u64, Message>,
    order: Order,
    /// Delayed messages and messages in flight, by the time at which they become visible.
    hidden: BTreeSet<(u64, u64)>,
    /// All messages, by the time at which they were sent.
    ages: BTreeSet<(u64, u64)>,
    in_flight: usize,
    delayed: usize,
    /// The place of the newest message so far, even if it is gone.
    last_place: u64,
}

/// How many messages of a queue are visible, in flight, and delayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) visible: usize,
    pub(crate) in_flight: usize,
    pub(crate) delayed: usize,
}

impl Backlog {
    pub(crate) fn new(fifo: bool) -> Self {
        Self {
            messages: HashMap::new(),
            order: Order::new(fifo),
            hidden: BTreeSet::new(),
            ages: BTreeSet::new(),
            in_flight: 0,
            delayed: 0,
            last_place: 0,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts { visible: self.messages.len() - self.in_flight - self.delayed, in_flight: self.in_flight, delayed: self.delayed }
    }

    pub(crate) fn last_place(&self) -> u64 {
        self.last_place
    }

    /// Makes the next message's place follow this one.
    #[cfg(feature = "data")]
    pub(crate) fn go_on_after(&mut self, place: u64) {
        self.last_place = place;
    }

    /// When the next hidden message becomes visible, if nothing changes it before.
    pub(crate) fn next_reveal_ms(&self) -> Option<u64> {
        self.hidden.first().map(|(until_ms, _)| *until_ms)
    }

    /// The place of the oldest message, if it was sent at `sent_ms` or before.
    pub(crate) fn sent_by(&self, sent_ms: u64) -> Option<u64> {
        self.ages.first().filter(|(oldest_ms, _)| *oldest_ms <= sent_ms).map(|(_, place)| *place)
    }

    pub(crate) fn message(&self, place: u64) -> Option<&Message> {
        self.messages.get(&place)
    }

    /// The message of a handle, if the handle is from its latest receive.
    pub(crate) fn named_by(&self, handle: &Handle) -> Option<&Message> {
        self.messages.get(&handle.place).filter(|message| message.id == handle.message_id && message.receives == handle.receive)
    }

    /// The places of the visible messages, the oldest first.
    pub(crate) fn visible_places(&self) -> Vec<u64> {
        let visible = |place: &u64| self.messages.get(place).is_some_and(|message| message.standing == Standing::Visible);
        let mut places: Vec<u64> = self.messages.keys().copied().filter(visible).collect();
        places.sort_unstable();
        places
    }

    /// Puts a message at its place, visible or not.
    pub(crate) fn put(&mut self, place: u64, message: Message) {
        let group = message.group.as_deref();
        match message.standing {
            Standing::Visible => self.order.add(place, group, true),
            Standing::Delayed { until_ms } => {
                self.hidden.insert((until_ms, place));
                self.delayed += 1;
                self.order.add(place, group, false);
            }
            Standing::InFlight { until_ms, .. } => {
                self.hidden.insert((until_ms, place));
                self.in_flight += 1;
                self.order.hold(place, group);
            }
        }
        self.ages.insert((message.sent_ms, place));
        self.messages.insert(place, message);
        self.last_place = self.last_place.max(place);
    }

    /// Makes the next visible messages (of one group, on a FIFO queue) be in flight, for `visibility_ms`.
    pub(crate) fn take(&mut self, room: usize, now_ms: u64, visibility_ms: u64) -> Vec<u64> {
        let taken = self.order.take(room);
        let until_ms = now_ms + visibility_ms;
        for place in &taken {
            if let Some(message) = self.messages.get_mut(place) {
                message.standing = Standing::InFlight { received_ms: now_ms, until_ms };
                self.hidden.insert((until_ms, *place));
                self.in_flight += 1;
            }
        }
        taken
    }

    /// Counts a receive of a message in flight.
    pub(crate) fn count_receive(&mut self, place: u64, now_ms: u64) -> Option<&Message> {
        let message = self.messages.get_mut(&place)?;
        message.receives += 1;
        message.first_received_ms.get_or_insert(now_ms);
        Some(message)
    }

    /// Changes when a message in flight becomes visible.
    pub(crate) fn hide_until(&mut self, place: u64, new_until_ms: u64) -> Option<&Message> {
        let message = self.messages.get_mut(&place)?;
        let Standing::InFlight { until_ms, .. } = &mut message.standing else { return None };
        self.hidden.remove(&(*until_ms, place));
        *until_ms = new_until_ms;
        self.hidden.insert((new_until_ms, place));
        Some(message)
    }

    /// Makes messages visible whose time has come.
    pub(crate) fn reveal(&mut self, now_ms: u64) {
        while let Some((until_ms, place)) = self.hidden.first().copied()
            && until_ms <= now_ms
        {
            let Some(message) = self.messages.get_mut(&place) else { return };
            let standing = std::mem::replace(&mut message.standing, Standing::Visible);
            let group = message.group.clone();
            let in_flight = self.unhide(place, standing);
            self.order.reveal(place, group.as_deref(), in_flight);
        }
    }

    /// Removes a message.
    pub(crate) fn remove(&mut self, place: u64) -> Option<Message> {
        let message = self.messages.remove(&place)?;
        let in_flight = self.unhide(place, message.standing);
        self.order.remove(place, message.group.as_deref(), in_flight);
        self.ages.remove(&(message.sent_ms, place));
        Some(message)
    }

    /// Removes all messages. Places continue after the last one's.
    pub(crate) fn clear(&mut self, fifo: bool) {
        *self = Self { last_place: self.last_place, ..Self::new(fifo) };
    }

    /// Removes a message from the hidden ones. Returns whether it was in flight.
    fn unhide(&mut self, place: u64, standing: Standing) -> bool {
        match standing {
            Standing::Visible => false,
            Standing::Delayed { until_ms } => {
                self.hidden.remove(&(until_ms, place));
                self.delayed -= 1;
                false
            }
            Standing::InFlight { until_ms, .. } => {
                self.hidden.remove(&(until_ms, place));
                self.in_flight -= 1;
                true
            }
        }
    }
}
