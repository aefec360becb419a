//! One queue: its messages, and every way in which they change.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use tokio::sync::Notify;

use crate::{
    deduplication::{self, Deduplication},
    journal::Journal,
    sqs::{
        message::{Handle, Message, Standing},
        order::Order,
        row,
        setting::Settings,
    },
};

/// What a send was answered, for its repetitions.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) id: String,
    pub(super) sequence: Option<String>,
}

/// A queue. Whoever looks at it calls [`Queue::settle`] first, so that time has had its effect.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) settings: Settings,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created_s: u64,
    pub(super) modified_s: u64,
    pub(super) purged_ms: Option<u64>,
    pub(super) deduplication: Deduplication<Sent>,
    /// Wakes waiting receives whenever something may have become visible, or will sooner than they thought.
    pub(super) wake: Arc<Notify>,
    messages: HashMap<u64, Message>,
    order: Order,
    /// Delayed messages and those in flight, by the time at which they become visible.
    hidden: BTreeSet<(u64, u64)>,
    /// Every message by the time at which it was sent.
    ages: BTreeSet<(u64, u64)>,
    in_flight: usize,
    delayed: usize,
    /// The place of the newest message.
    last_place: u64,
    /// Of the changes, all of which are made here.
    journal: Journal,
}

/// How many messages a queue has, by who can see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
}

impl Queue {
    pub(super) fn new(name: String, arn: String, settings: Settings, tags: BTreeMap<String, String>, now_s: u64, journal: Journal) -> Self {
        Self {
            name,
            arn,
            order: Order::new(settings.fifo),
            settings,
            tags,
            created_s: now_s,
            modified_s: now_s,
            purged_ms: None,
            deduplication: Deduplication::default(),
            wake: Arc::default(),
            messages: HashMap::new(),
            hidden: BTreeSet::new(),
            ages: BTreeSet::new(),
            in_flight: 0,
            delayed: 0,
            last_place: 0,
            journal,
        }
    }

    /// Keeps the queue itself, after a change of what it is like.
    pub(super) fn keep(&self) {
        self.journal.record(|| row::queue(self));
    }

    /// Keeps nothing of the queue any more.
    pub(super) fn forget(&self) {
        self.journal.record(|| row::no_queue(&self.name, &self.arn));
    }

    /// Lets time have its effect: delays and visibility timeouts that are over, and messages that are too old.
    pub(super) fn settle(&mut self, now_ms: u64) {
        while let Some((sent_ms, place)) = self.ages.first().copied()
            && sent_ms + self.settings.retention_ms <= now_ms
        {
            self.remove(place);
        }
        while let Some((until_ms, place)) = self.hidden.first().copied()
            && until_ms <= now_ms
        {
            self.reveal(place);
        }
    }

    /// When the next hidden message becomes visible, if nobody touches it.
    pub(super) fn next_reveal_ms(&self) -> Option<u64> {
        self.hidden.first().map(|(until_ms, _)| *until_ms)
    }

    pub(super) fn counts(&self) -> Counts {
        Counts { visible: self.messages.len() - self.in_flight - self.delayed, in_flight: self.in_flight, delayed: self.delayed }
    }

    /// The next sequence number of a FIFO queue: 20 digits, as SQS has it.
    pub(super) fn next_sequence(&self) -> Option<String> {
        self.settings.fifo.then(|| format!("{:020}", self.last_place + 1))
    }

    /// The place of the newest message that ever was here.
    pub(super) fn last_place(&self) -> u64 {
        self.last_place
    }

    /// Remembers what a send was answered, for its repetitions.
    pub(super) fn remember(&mut self, key: String, now_ms: u64, sent: Sent) {
        self.journal.record(|| deduplication::row(&self.arn, &key, now_ms, &sent.id, sent.sequence.as_deref()));
        self.deduplication.remember(key, now_ms, sent);
    }

    /// Adds a message, visible or delayed.
    pub(super) fn insert(&mut self, message: Message) {
        let place = self.last_place + 1;
        self.journal.record(|| row::message(&self.name, place, &message));
        self.put(place, message);
        self.wake.notify_waiters();
    }

    /// Puts a message in its place, whatever its standing.
    pub(super) fn put(&mut self, place: u64, message: Message) {
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

    /// Makes the next message's place follow this one.
    #[cfg(feature = "data")]
    pub(super) fn go_on_after(&mut self, place: u64) {
        self.last_place = place;
    }

    /// Takes the next visible messages (of one group, on a FIFO queue) in flight, for `visibility_ms`.
    pub(super) fn take(&mut self, room: usize, now_ms: u64, visibility_ms: u64) -> Vec<u64> {
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

    /// Counts a receive of a message in flight, and gives the message and its new handle.
    pub(super) fn count_receive(&mut self, place: u64, now_ms: u64) -> Option<(&Message, Handle)> {
        let message = self.messages.get_mut(&place)?;
        message.receives += 1;
        message.first_received_ms.get_or_insert(now_ms);
        self.journal.record(|| row::seen(&self.name, place, message));
        let handle = Handle { place, receive: message.receives, message_id: message.id.clone(), queue: self.name.clone() };
        Some((message, handle))
    }

    pub(super) fn message(&self, place: u64) -> Option<&Message> {
        self.messages.get(&place)
    }

    /// The message that a handle names, if this is its newest receive.
    pub(super) fn named_by(&self, handle: &Handle) -> Option<&Message> {
        self.messages.get(&handle.place).filter(|message| message.id == handle.message_id && message.receives == handle.receive)
    }

    /// Moves the end of a message's time in flight.
    pub(super) fn hide_until(&mut self, place: u64, new_until_ms: u64, now_ms: u64) {
        if let Some(message) = self.messages.get_mut(&place)
            && let Standing::InFlight { until_ms, .. } = &mut message.standing
        {
            self.hidden.remove(&(*until_ms, place));
            *until_ms = new_until_ms;
            self.journal.record(|| row::seen(&self.name, place, message));
            self.hidden.insert((new_until_ms, place));
            self.settle(now_ms);
            self.wake.notify_waiters();
        }
    }

    /// Takes a message out of the queue for good.
    pub(super) fn remove(&mut self, place: u64) -> Option<Message> {
        let message = self.messages.remove(&place)?;
        self.journal.record(|| row::no_message(&self.name, place));
        let in_flight = self.unhide(place, message.standing);
        self.order.remove(place, message.group.as_deref(), in_flight);
        self.ages.remove(&(message.sent_ms, place));
        // On a FIFO queue this may open the message's group.
        self.wake.notify_waiters();
        Some(message)
    }

    /// Removes every message.
    pub(super) fn purge(&mut self, now_ms: u64) {
        self.journal.record(|| row::purged(&self.name, now_ms));
        self.messages.clear();
        self.hidden.clear();
        self.ages.clear();
        self.order = Order::new(self.settings.fifo);
        (self.in_flight, self.delayed) = (0, 0);
        self.purged_ms = Some(now_ms);
    }

    /// The messages that are visible, from the oldest.
    pub(super) fn visible_places(&self) -> Vec<u64> {
        let visible = |place: &u64| self.messages.get(place).is_some_and(|message| message.standing == Standing::Visible);
        let mut places: Vec<u64> = self.messages.keys().copied().filter(visible).collect();
        places.sort_unstable();
        places
    }

    fn reveal(&mut self, place: u64) {
        let Some(message) = self.messages.get_mut(&place) else { return };
        let standing = std::mem::replace(&mut message.standing, Standing::Visible);
        let group = message.group.clone();
        let in_flight = self.unhide(place, standing);
        self.order.reveal(place, group.as_deref(), in_flight);
    }

    /// Forgets when a message was to become visible; says whether it was in flight.
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
