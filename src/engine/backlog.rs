//! The messages that the daemon holds, each from its receive to its end. There are two bounds: `limits.waiting` counts the jobs that could
//! start, `limits.waiting_bytes` bounds the memory of all messages. A job that cannot start because of a limit of its own gives up its
//! place in the count, so that it does not stop others from being received. When room is scarce, queues share it by their weights.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::{aws::queue::BATCH, config::Config, job::standing::Held as Used};

/// The unit of a message's size, in bytes.
const UNIT: usize = 1024;
/// Bytes that a message takes besides its body: its task, its lease, its entries in tables.
const OVERHEAD: usize = 3 * 1024;

/// The bounds. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Backlog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Notified when room becomes free, or when a queue no longer waits for it.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    most_places: usize,
    places: usize,
    most_units: usize,
    units: usize,
    queues: Vec<Queue>,
    /// The usage of the queue that got room last. A queue that begins to wait starts from here, so that it has no credit from idle time.
    turn: f64,
}

/// One of the queues that share the room.
#[derive(Debug)]
struct Queue {
    weight: f64,
    /// Receives that wait for room.
    wants: usize,
    /// Messages received from it, divided by its weight.
    brought: f64,
}

/// Room for one message.
#[derive(Debug)]
pub(crate) struct Reservation {
    /// Held while the job waits for its turn and could start.
    pub(crate) waiting: Place,
    /// Held until the message has left the daemon.
    pub(crate) held: Held,
}

/// A place in the count.
#[derive(Debug)]
pub(crate) struct Place(Backlog);

/// The room that one message takes.
#[derive(Debug)]
pub(crate) struct Held {
    units: usize,
    backlog: Backlog,
}

/// A receive that waits for room.
struct Want<'a>(&'a Backlog, usize);

impl Backlog {
    pub(crate) fn new(config: &Config) -> Self {
        let queue = |queue: &crate::config::Queue| Queue { weight: f64::from(queue.weight.unwrap_or(1)), wants: 0, brought: 0.0 };
        let queues = config.queues.iter().map(queue).collect();
        let state = State { most_places: 0, places: 0, most_units: 0, units: 0, queues, turn: 0.0 };
        let backlog = Self { shared: Arc::new(Shared { state: Mutex::new(state), changed: Notify::new() }) };
        backlog.reconfigure(config);
        backlog
    }

    /// Changes the bounds. Messages beyond the new bounds stay.
    pub(crate) fn reconfigure(&self, config: &Config) {
        self.change(|state| {
            state.most_places = config.limits.waiting;
            state.most_units = (config.limits.waiting_bytes / UNIT).max(units(0));
            for (queue, settings) in state.queues.iter_mut().zip(&config.queues) {
                queue.weight = f64::from(settings.weight.unwrap_or(1));
            }
        });
    }

    /// Waits for room for at least one message of a queue, and takes it for at most as many as one receive returns.
    pub(crate) async fn reserve(&self, queue: usize) -> Vec<Reservation> {
        let want = self.want(queue);
        loop {
            let mut changed = std::pin::pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            let taken = self.with(|state| if state.is_turn_of(queue) { state.take(queue) } else { 0 });
            if taken > 0 {
                drop(want);
                let one = |_| Reservation { waiting: Place(self.clone()), held: Held { units: units(0), backlog: self.clone() } };
                return (0..taken).map(one).collect();
            }
            changed.await;
        }
    }

    /// Counts the messages that a receive has returned.
    pub(crate) fn brought(&self, queue: usize, count: usize) {
        #[expect(clippy::cast_precision_loss, reason = "at most ten")]
        self.with(|state| state.queues[queue].brought += count as f64 / state.queues[queue].weight);
    }

    /// How many more jobs that could start may be held.
    pub(crate) fn free(&self) -> usize {
        self.with(|state| state.most_places.saturating_sub(state.places))
    }

    /// How much of the bounds is used. `waiting`: jobs that could start.
    pub(crate) fn held(&self, waiting: usize) -> Used {
        let whole = |units: usize| units * UNIT;
        self.with(|state| Used {
            waiting,
            waiting_limit: state.most_places,
            bytes: whole(state.units),
            bytes_limit: whole(state.most_units),
        })
    }

    fn want(&self, queue: usize) -> Want<'_> {
        self.with(|state| {
            let queue = &mut state.queues[queue];
            queue.brought = queue.brought.max(state.turn);
            queue.wants += 1;
        });
        Want(self, queue)
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.shared.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, work: impl FnOnce(&mut State)) {
        self.with(work);
        self.shared.changed.notify_waiters();
    }
}

impl State {
    /// Whether no other queue that waits for room has received less for its weight.
    fn is_turn_of(&self, queue: usize) -> bool {
        let brought = self.queues[queue].brought;
        self.queues.iter().all(|other| other.wants == 0 || other.brought >= brought)
    }

    /// Takes the room for one receive of a queue, at most the queue's share: an empty queue leaves room for the others. The answer is for
    /// how many messages.
    fn take(&mut self, queue: usize) -> usize {
        let at_once = (self.most_places / self.queues.len().max(1)).clamp(1, BATCH);
        let places = self.most_places.saturating_sub(self.places).min(at_once);
        let left = self.most_units.saturating_sub(self.units);
        let taken = places.min(left / units(0));
        self.places += taken;
        self.units += taken * units(0);
        if taken > 0 {
            self.turn = self.queues[queue].brought;
        }
        taken
    }
}

impl Reservation {
    /// Takes the room of the message that was received. It may exceed the bound: the message is held already. The excess is bounded by what
    /// the receives under way return.
    pub(crate) fn weigh(&mut self, body_bytes: usize) {
        let more = units(body_bytes) - self.held.units;
        self.held.units += more;
        self.held.backlog.with(|state| state.units += more);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.change(|state| state.places -= 1);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.backlog.change(|state| state.units -= self.units);
    }
}

impl Drop for Want<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.queues[self.1].wants -= 1);
    }
}

/// A message's size in [`UNIT`]s.
fn units(body_bytes: usize) -> usize {
    (body_bytes + OVERHEAD).div_ceil(UNIT)
}

#[cfg(test)]
mod tests;
