//! The dead letters of a deployment: look, redrive, delete, one request at a time. Used by the daemon, and by the command line without one.

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
    error::Error,
    hold::Hold,
    queue::{DeadLetterQueue, Source},
    reading::{self, Reading},
    selection::{Done, Refused, Selection},
};
use crate::{
    aws::{
        AwsError, Clients,
        queue::{BATCH, Delivery},
    },
    clock::Clock,
    config::{self, Current},
    engine::REASONS,
    job::standing::DeadLetter,
    observe,
    supervise::Jobs,
};

/// How long a request waits for the one before it.
const TURN: Duration = Duration::from_secs(5);

/// Handles the dead letters of a deployment. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admin {
    shared: Arc<Shared>,
    /// Requests run here, so that each ends even if its caller is gone.
    tasks: Jobs,
}

#[derive(Debug)]
struct Shared {
    sources: Vec<Source>,
    /// The configuration by which messages are read again. `None`: whether one would be accepted is not known.
    current: Option<Current>,
    clock: Clock,
    /// Held by the request that receives: another would not see the messages that it holds.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The last look. A look is bounded in messages and bytes.
    last: Mutex<Option<Arc<Look>>>,
}

/// The dead letters that a look has found.
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

enum Action {
    Redrive { body: Option<String> },
    Delete,
}

impl Admin {
    /// The dead letters of these queues.
    pub fn new(queues: &[config::Queue], clients: &Clients, current: Option<Current>, clock: Clock, tasks: Jobs) -> Self {
        let sources = queues.iter().map(|settings| Source::new(settings, clients)).collect();
        Self { shared: Arc::new(Shared { sources, current, clock, turn: Arc::default(), last: Mutex::default() }), tasks }
    }

    /// The lock for others in the process that receive from a dead-letter queue.
    pub(crate) fn turn(&self) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.shared.turn)
    }

    /// The last look, without the dead letters that were moved or deleted since. It makes no call.
    pub fn last(&self) -> Option<Arc<Look>> {
        self.shared.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads all dead letters. Each look adds one to a message's receive count.
    ///
    /// # Errors
    /// See [`Error`]; this holds for all that follow.
    pub async fn look(&self) -> Result<Arc<Look>, Error> {
        let shared = Arc::clone(&self.shared);
        self.apart(async move { shared.look().await }).await
    }

    /// Moves dead letters back to their jobs queue: each is sent there first, then deleted here. One that would be rejected again stays,
    /// unless `force` is set.
    pub async fn redrive(&self, selection: Selection) -> Result<Done, Error> {
        self.act(selection, Action::Redrive { body: None }).await
    }

    /// Moves one dead letter back with another body.
    pub async fn redrive_edited(&self, id: &str, body: String) -> Result<Done, Error> {
        self.act(Selection::of(id), Action::Redrive { body: Some(body) }).await
    }

    /// Deletes dead letters.
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
            // The caller may be gone.
            drop(sender.send(work.await));
        });
        answer.await.unwrap_or(Err(Error::BrokenOff))
    }
}

impl Shared {
    async fn look(&self) -> Result<Arc<Look>, Error> {
        let _turn = timeout(TURN, self.turn.lock()).await.map_err(|_| Error::Busy)?;
        let (mut letters, mut complete, since) = (Vec::new(), true, Instant::now());
        for found in DeadLetterQueue::all(&self.sources, None).await? {
            let hold = Hold::take(&found.queue, since, |_| false).await?;
            let retention = found.retention().await;
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
        for found in DeadLetterQueue::all(&self.sources, selection.queue.as_deref()).await? {
            let wanted =
                |held: &[Delivery]| held.iter().filter(|delivery| all.missing.iter().any(|id| **id == *delivery.message_id)).count();
            let mut hold = Hold::take(&found.queue, since, |held| !selection.ids.is_empty() && wanted(held) == all.missing.len()).await?;
            // If ids are named, the rest of the queue does not matter.
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

    /// Carries the action out for the messages that are meant. Those that stay go back into the hold.
    async fn handle(
        &self,
        found: &DeadLetterQueue<'_>,
        hold: &mut Hold,
        meant: Vec<Delivery>,
        action: &Action,
        force: bool,
        all: &mut Done,
    ) {
        // One at a time in a FIFO queue, to keep the order.
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
            // Only what was sent is deleted. If the delete fails, the message is on both queues, and the answer says so.
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

    /// Why a message may not be moved back. `None`: it may.
    fn refusal(&self, found: &DeadLetterQueue<'_>, delivery: &Delivery, action: &Action, force: bool) -> Option<Refused> {
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

    async fn send(&self, found: &DeadLetterQueue<'_>, delivery: &Delivery, body: Option<&str>) -> Result<(), AwsError> {
        let mut delivery = delivery.clone();
        delivery.attributes.remove(REASONS);
        if let Some(body) = body {
            body.clone_into(&mut delivery.body);
        }
        let source = found.of(&delivery);
        let id = source.jobs.pass_on(&delivery, &delivery.attributes).await?;
        observe::dead_letter_redriven(&delivery.message_id, &id, source.settings.name());
        Ok(())
    }

    fn read(&self, found: &DeadLetterQueue<'_>, delivery: &Delivery, retention: Option<Duration>) -> Reading {
        let place = reading::Place { queue: found.name(), envelope: found.of(delivery).settings.envelope, retention };
        let config = self.current.as_ref().map(Current::now);
        reading::read(delivery, &place, config.as_deref().map(|config| &config.profiles))
    }

    /// Removes dead letters that were moved or deleted from the last look.
    fn forget(&self, ids: &[String]) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(look) = last.as_mut()
            && look.letters.iter().any(|letter| ids.contains(&letter.id))
        {
            Arc::make_mut(look).letters.retain(|letter| !ids.contains(&letter.id));
        }
    }
}

fn undeleted(action: &Action, error: &AwsError) -> String {
    match action {
        Action::Redrive { .. } => {
            format!("was sent to the jobs queue and could not be deleted here: it is there twice now; delete it ({error})")
        }
        Action::Delete => format!("could not be deleted: {error}"),
    }
}
