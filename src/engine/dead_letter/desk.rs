//! The desk where dead letters are handled, one visitor at a time: in the daemon, and on the command line without one.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};

use super::{
    hold::Hold,
    reading::{self, Reading},
    selection::{Done, Refused, Selection},
};
use crate::{
    aws::{
        AwsError, Clients,
        queue::{BATCH, Delivery, Queue},
    },
    clock::Clock,
    config::{self, Current},
    engine::{REASONS, dead_letters::DeadLetters},
    job::standing::DeadLetter,
    observe,
    supervise::Jobs,
};

/// How long one visitor waits for another.
const TURN: Duration = Duration::from_secs(5);

/// The dead letters of a deployment. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Desk {
    shared: Arc<Shared>,
    /// What is begun is carried to its end, even when nobody waits for it any more.
    tasks: Jobs,
}

#[derive(Debug)]
struct Shared {
    counters: Vec<Counter>,
    /// By which a message is read again. `None`: nobody can say what would be accepted.
    current: Option<Current>,
    clock: Clock,
    /// Held by who receives: what one holds another would not see.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Bounded as a look is.
    last: Mutex<Option<Arc<Look>>>,
}

/// A jobs queue and where its dead letters lie.
#[derive(Debug)]
struct Counter {
    settings: config::Queue,
    jobs: Queue,
    dead: DeadLetters,
}

/// A dead-letter queue, and the jobs queues that it belongs to.
struct Found<'a> {
    queue: Queue,
    counters: Vec<&'a Counter>,
}

/// What a look has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Look {
    /// When it was made: RFC 3339 in UTC.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: Timestamp,
    /// The oldest first.
    pub letters: Vec<DeadLetter>,
    /// Whether these are all: a look takes 1,000 messages, 16 MiB or 10 s at most.
    pub complete: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such dead-letter queue.
    #[error("{0}")]
    Unknown(String),
    /// Somebody else is at it.
    #[error("somebody else looks at the dead letters: try again in a minute")]
    Busy,
    /// The process leaves, or has failed.
    #[error("the look was broken off: what it hid is visible again within a minute")]
    BrokenOff,
    /// SQS does not answer as it should.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

enum Action {
    Redrive { body: Option<String> },
    Delete,
}

impl Desk {
    /// The dead letters of these queues.
    pub fn new(queues: &[config::Queue], clients: &Clients, current: Option<Current>, clock: Clock, tasks: Jobs) -> Self {
        let counter = |settings: &config::Queue| {
            let jobs = clients.queue(&settings.url);
            let dead = DeadLetters::new(settings, &jobs, clients);
            Counter { settings: settings.clone(), jobs, dead }
        };
        let counters = queues.iter().map(counter).collect();
        Self { shared: Arc::new(Shared { counters, current, clock, turn: Arc::default(), last: Mutex::default() }), tasks }
    }

    /// For whoever else in the process receives from a dead-letter queue.
    pub(crate) fn turn(&self) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.shared.turn)
    }

    /// What the last look found, without those that have been done with since. It asks nobody.
    pub fn last(&self) -> Option<Arc<Look>> {
        self.shared.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at all of them. Each message counts one receive more.
    pub async fn look(&self) -> Result<Arc<Look>, Error> {
        let shared = Arc::clone(&self.shared);
        self.apart(async move { shared.look().await }).await
    }

    /// Moves some back to their jobs queue: sent there first, then deleted here. What would be rejected again stays, unless forced.
    pub async fn redrive(&self, selection: Selection) -> Result<Done, Error> {
        self.act(selection, Action::Redrive { body: None }).await
    }

    /// Moves one back with another body.
    pub async fn redrive_edited(&self, id: &str, body: String) -> Result<Done, Error> {
        self.act(Selection::of(id), Action::Redrive { body: Some(body) }).await
    }

    /// Deletes some.
    pub async fn delete(&self, selection: Selection) -> Result<Done, Error> {
        self.act(selection, Action::Delete).await
    }

    async fn act(&self, selection: Selection, action: Action) -> Result<Done, Error> {
        let shared = Arc::clone(&self.shared);
        self.apart(async move { shared.act(&selection, &action).await }).await
    }

    async fn apart<T: Send + 'static>(&self, work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Result<T, Error> {
        let (sender, answer) = oneshot::channel();
        self.tasks.spawn("dead letters", async move {
            // Who asked may have gone.
            drop(sender.send(work.await));
        });
        answer.await.unwrap_or(Err(Error::BrokenOff))
    }
}

impl Shared {
    async fn look(&self) -> Result<Arc<Look>, Error> {
        let _turn = timeout(TURN, self.turn.lock()).await.map_err(|_| Error::Busy)?;
        let (mut letters, mut complete, since) = (Vec::new(), true, Instant::now());
        for found in self.queues(None).await? {
            let hold = Hold::take(&found.queue, since, |_| false).await?;
            let retention = retention(&found.queue).await;
            letters.extend(hold.held.iter().map(|delivery| self.read(&found, delivery, retention).letter));
            complete &= hold.complete;
            hold.give_back().await;
        }
        letters.sort_by(|one, other| (&one.sent_at, &one.id).cmp(&(&other.sent_at, &other.id)));
        let look = Arc::new(Look { time: self.clock.now(), letters, complete });
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&look));
        Ok(look)
    }

    async fn act(&self, selection: &Selection, action: &Action) -> Result<Done, Error> {
        let _turn = timeout(TURN, self.turn.lock()).await.map_err(|_| Error::Busy)?;
        let since = Instant::now();
        let mut all = Done { complete: true, missing: selection.ids.clone(), ..Done::default() };
        for found in self.queues(selection.queue.as_deref()).await? {
            let wanted =
                |held: &[Delivery]| held.iter().filter(|delivery| all.missing.iter().any(|id| **id == *delivery.message_id)).count();
            let mut hold = Hold::take(&found.queue, since, |held| !selection.ids.is_empty() && wanted(held) == all.missing.len()).await?;
            // Who names ids wants no more than these.
            all.complete &= hold.complete || !selection.ids.is_empty();
            let (meant, rest) = std::mem::take(&mut hold.held).into_iter().partition(|delivery| {
                let letter = self.read(&found, delivery, None).letter;
                selection.covers(&letter)
            });
            hold.held = rest;
            self.handle(&found, &mut hold, meant, action, selection.force, &mut all).await;
            hold.give_back().await;
            all.missing.retain(|id| !all.done.contains(id) && !all.refused.iter().any(|refused| refused.id == *id));
        }
        self.forget(&all.done);
        Ok(all)
    }

    /// Does it to those that are meant; what stays is put back into the hold.
    async fn handle(&self, found: &Found<'_>, hold: &mut Hold, meant: Vec<Delivery>, action: &Action, force: bool, all: &mut Done) {
        // In a FIFO queue they keep their order.
        let at_once = if found.queue.is_fifo() { 1 } else { BATCH };
        let mut meant = meant.into_iter().peekable();
        while meant.peek().is_some() && hold.has_time() {
            let mut ready = Vec::new();
            for delivery in meant.by_ref().take(at_once) {
                match self.refusal(found, &delivery, action, force) {
                    Some(refused) => {
                        all.refused.push(refused);
                        hold.held.push(delivery);
                    }
                    None => ready.push(delivery),
                }
            }
            if let Action::Redrive { body } = action {
                let sent = join_all(ready.iter().map(|delivery| self.send(found, delivery, body.as_deref()))).await;
                let (mut gone, mut stay) = (Vec::new(), Vec::new());
                for (delivery, sent) in ready.into_iter().zip(sent) {
                    match sent {
                        Ok(()) => gone.push(delivery),
                        Err(error) => {
                            all.refused.push(Refused::because(&delivery.message_id, format!("could not be sent: {error}")));
                            stay.push(delivery);
                        }
                    }
                }
                hold.held.extend(stay);
                ready = gone;
            }
            // Nothing is deleted that has not been sent; what has been sent and cannot be deleted is there twice, and says so.
            for (delivery, deleted) in ready.iter().zip(hold.delete(&ready).await) {
                match deleted {
                    Ok(()) => all.done.push(delivery.message_id.to_string()),
                    Err(error) => all.refused.push(Refused::because(&delivery.message_id, undeleted(action, &error))),
                }
            }
        }
        all.complete &= meant.peek().is_none();
        hold.held.extend(meant);
    }

    /// Why one may not be moved back.
    fn refusal(&self, found: &Found<'_>, delivery: &Delivery, action: &Action, force: bool) -> Option<Refused> {
        let Action::Redrive { body } = action else { return None };
        let delivery = Delivery { body: body.clone().unwrap_or_else(|| delivery.body.clone()), ..delivery.clone() };
        let today = self.read(found, &delivery, None).today;
        (!force && !today.is_empty()).then(|| match &self.current {
            Some(_) => Refused { id: delivery.message_id.to_string(), problems: today },
            None => {
                Refused::because(&delivery.message_id, "without a configuration nobody can say whether it would be accepted".to_owned())
            }
        })
    }

    async fn send(&self, found: &Found<'_>, delivery: &Delivery, body: Option<&str>) -> Result<(), AwsError> {
        let mut delivery = delivery.clone();
        delivery.attributes.remove(REASONS);
        if let Some(body) = body {
            body.clone_into(&mut delivery.body);
        }
        let counter = found.of(&delivery);
        let id = counter.jobs.pass_on(&delivery, &delivery.attributes).await?;
        observe::dead_letter_redriven(&delivery.message_id, &id, counter.settings.name());
        Ok(())
    }

    fn read(&self, found: &Found<'_>, delivery: &Delivery, retention: Option<Duration>) -> Reading {
        let name = found.queue.url().rsplit('/').next().unwrap_or_default();
        let place = reading::Place { queue: name, envelope: found.of(delivery).settings.envelope, retention };
        let config = self.current.as_ref().map(Current::now);
        reading::read(delivery, &place, config.as_deref().map(|config| &config.profiles))
    }

    /// Every dead-letter queue once; of those of one name only, if one is named.
    async fn queues(&self, named: Option<&str>) -> Result<Vec<Found<'_>>, Error> {
        let mut all: Vec<Found<'_>> = Vec::new();
        for counter in &self.counters {
            let Some(queue) = counter.dead.find().await? else { continue };
            match all.iter_mut().find(|found| found.queue.url() == queue.url()) {
                Some(found) => found.counters.push(counter),
                None => all.push(Found { queue: queue.clone(), counters: vec![counter] }),
            }
        }
        all.retain(|found| named.is_none_or(|name| found.is_called(name)));
        match named {
            _ if !all.is_empty() => Ok(all),
            Some(name) => Err(Error::Unknown(format!("there is no dead-letter queue {name}, and none of a jobs queue {name}"))),
            None => Err(Error::Unknown("no jobs queue has a dead-letter queue".to_owned())),
        }
    }

    /// Takes those that have been done with out of the last look.
    fn forget(&self, ids: &[String]) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(look) = last.as_mut()
            && look.letters.iter().any(|letter| ids.contains(&letter.id))
        {
            Arc::make_mut(look).letters.retain(|letter| !ids.contains(&letter.id));
        }
    }
}

impl Found<'_> {
    /// The jobs queue that a message came from, as far as it says; else the first.
    fn of(&self, delivery: &Delivery) -> &Counter {
        let from = delivery.moved_from.as_deref().and_then(|arn| arn.rsplit(':').next());
        let named = from.and_then(|name| self.counters.iter().find(|counter| counter.settings.name() == name));
        named.unwrap_or(&self.counters[0])
    }

    fn is_called(&self, name: &str) -> bool {
        self.queue.url().rsplit('/').next() == Some(name) || self.counters.iter().any(|counter| counter.settings.name() == name)
    }
}

/// How long a queue keeps messages, where it may be asked.
async fn retention(queue: &Queue) -> Option<Duration> {
    queue.retention().await.ok().flatten()
}

fn undeleted(action: &Action, error: &AwsError) -> String {
    match action {
        Action::Redrive { .. } => {
            format!("was sent to the jobs queue and could not be deleted here: it is there twice now; delete it ({error})")
        }
        Action::Delete => format!("could not be deleted: {error}"),
    }
}
