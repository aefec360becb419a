//! The intake of one queue: takes room first, then receives no more than there is room for, and hands over. Nothing is hoarded, nothing
//! put back for lack of room.

mod complaint;
mod hand_over;

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};

use self::complaint::Complaints;
use super::{
    backlog::{Backlog, Reservation},
    dead_letters::DeadLetters,
    lease::Leases,
    notices::Notices,
    pause::Gate,
    worker::Worker,
};
use crate::{
    aws::{
        AwsError,
        queue::{BATCH, Delivery, Queue},
    },
    backoff::Backoff,
    config,
    pulse::Pulse,
    supervise::Jobs,
};

/// A loop that waits for room turns over this often.
const TURN: Duration = Duration::from_secs(10);
/// Receives of one queue under way at once, while each brings as much as it can: one alone brings ten messages in a round trip.
const RECEIVES: usize = 8;
/// How long the first receive waits until the queue's redrive policy is known.
const POLICY: Duration = Duration::from_secs(2);
/// When the drain begins, an answer that is on its way is taken. A poll that goes on is ended: it would take messages that are given back.
const LAST_ANSWER: Duration = Duration::from_millis(500);

/// The intake of one queue.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) queue: Queue,
    pub(crate) settings: config::Queue,
    pub(crate) dead_letters: Arc<DeadLetters>,
    pub(crate) leases: Leases,
    /// Room for what is held, over all queues.
    pub(crate) backlog: Backlog,
    /// Shut while the queue is paused.
    pub(crate) gate: Gate,
    /// The queue's number among those that share the room.
    pub(crate) index: usize,
    pub(crate) worker: Arc<Worker>,
    pub(crate) jobs: Jobs,
    /// Set when the queue has answered for the first time.
    pub(crate) answered: watch::Sender<bool>,
    pub(crate) notices: Notices,
}

/// A receive that has ended, and the room that was kept for what it brings.
type Received = (Vec<Reservation>, Result<Vec<Delivery>, AwsError>);

impl Intake {
    /// Receives until the drain begins.
    pub(crate) async fn serve(self, drain: tokio_util::sync::CancellationToken, pulse: Pulse) {
        let mut receives = FuturesUnordered::new();
        let mut backoff = Backoff::patient();
        let mut complaints = Complaints::new(self.notices.clone(), self.worker.clock, self.queue.url());
        // One at most.
        let mut counts = FuturesUnordered::new();
        // More than one only while all of them bring as much as they can.
        let mut wanted = 1;
        let mut paused_until: Option<Instant> = None;
        let mut gate = self.gate.clone();
        let mut learning = std::pin::pin!(self.dead_letters.learn().fuse());
        // Also the first messages are told when they were received for the last time; a queue that does not answer is not waited for.
        tokio::select! {
            biased;
            () = drain.cancelled() => return,
            _ = timeout(POLICY, &mut learning) => {}
        }
        loop {
            let is_open = gate.is_open();
            if is_open == Some(false) {
                // It is there, and nothing is wanted of it.
                self.answered.send_replace(true);
            }
            tokio::select! {
                biased;
                () = drain.cancelled() => break,
                () = gate.changed() => {}
                () = &mut learning => {}
                Some((room, answer)) = receives.next() => {
                    let (room, answer): Received = (room, answer);
                    pulse.beat();
                    let asked = room.len();
                    match self.take(room, answer) {
                        Ok(brought) => {
                            backoff = Backoff::patient();
                            wanted = if brought == asked { (wanted + 1).min(RECEIVES) } else { 1 };
                            complaints.answered(brought);
                            if brought == 0 && counts.is_empty() && complaints.is_due() {
                                counts.push(self.queue.waiting());
                            }
                        }
                        Err(error) => {
                            complaints.failed(&error);
                            paused_until = Some(Instant::now() + backoff.pause());
                            wanted = 1;
                        }
                    }
                }
                Some(count) = counts.next() => match count {
                    Err(error) if is_open.is_none() => complaints.failed(&error),
                    Ok(_) if is_open.is_none() => complaints.answered(0),
                    count => complaints.counted(count.unwrap_or_default()),
                },
                () = sleep_until(paused_until.unwrap_or_else(Instant::now)), if paused_until.is_some() => paused_until = None,
                room = self.backlog.reserve(self.index), if is_open == Some(true) && receives.len() < wanted && paused_until.is_none() => {
                    receives.push(self.receive(room));
                }
                // Without a receive under way, it is the wait for room or the pause that goes on.
                () = sleep(TURN), if receives.is_empty() => {
                    pulse.beat();
                    // While nobody knows what is paused, nothing is received: that the queue does not answer is told all the same.
                    if is_open.is_none() && counts.is_empty() {
                        counts.push(self.queue.waiting());
                    }
                }
            }
        }
        let last = async {
            while let Some((room, answer)) = receives.next().await {
                // Its messages come back when their visibility timeout is over, if an error hides them.
                self.take(room, answer).map(drop).unwrap_or_default();
            }
        };
        // Who leaves now gives back at once, and this poll would take it again.
        self.worker.shutdown.leave.run_until_cancelled(timeout(LAST_ANSWER, last)).await.and_then(Result::ok).unwrap_or_default();
    }

    async fn receive(&self, mut room: Vec<Reservation>) -> Received {
        if self.queue.is_fifo() {
            // One receive may bring several messages of a group, and SQS holds the others back only while one is in flight: taken one by
            // one, they come in order, each when the one before has been deleted.
            room.truncate(1);
        }
        // The first answer says that the daemon is ready: it is not waited for until a message comes.
        let wait = if *self.answered.borrow() { self.settings.wait } else { Duration::ZERO };
        let answer = self.queue.receive(room.len().min(BATCH), self.settings.visibility, wait).await;
        (room, answer)
    }

    /// Hands over what a receive has brought; how much that was.
    fn take(&self, room: Vec<Reservation>, answer: Result<Vec<Delivery>, AwsError>) -> Result<usize, AwsError> {
        let deliveries = answer?;
        self.answered.send_replace(true);
        let (count, received) = (deliveries.len(), Instant::now());
        self.backlog.brought(self.index, count);
        for (delivery, room) in deliveries.into_iter().zip(room) {
            self.hand_over(delivery, room, received);
        }
        Ok(count)
    }
}
