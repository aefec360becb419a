//! Runs the demo: sends all messages, and reads events until the last job has ended.

use std::{collections::BTreeMap, path::Path, pin::pin, time::Duration};

use anyhow::Context;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{
    container,
    ledger::Ledger,
    paint::Tone,
    plan::{self, Planned},
    repository::Repositories,
    screen::Screen,
};
use crate::{
    aws::queue::{BATCH, Delivery, Queue},
    job::{
        JobId,
        event::{Event, EventKind},
        message::wire::CancelMessage,
    },
    local::Local,
};

/// The time between two refreshes of the screen.
const TICK: Duration = Duration::from_millis(100);
/// A receive of events; they come at once, so this bounds only how long the last look takes.
const WAIT: Duration = Duration::from_secs(1);
const VISIBILITY: Duration = Duration::from_secs(30);
/// The time limit. Jobs that have not ended then are shown as they are.
const LONGEST: Duration = Duration::from_secs(50);

/// The parts of a run.
pub(super) struct Play<'a> {
    jobs: Queue,
    results: Queue,
    repositories: &'a Repositories,
    screen: &'a mut Screen,
    ledger: &'a mut Ledger,
    /// The jobs to cancel, and when.
    cancellations: BTreeMap<&'static str, Instant>,
}

impl<'a> Play<'a> {
    pub(super) fn new(local: &'a Local, repositories: &'a Repositories, screen: &'a mut Screen, ledger: &'a mut Ledger) -> Self {
        let (jobs, results) = (local.clients.queue(&local.provision.jobs), local.clients.queue(&local.provision.results));
        Self { jobs, results, repositories, screen, ledger, cancellations: BTreeMap::new() }
    }

    /// Runs to the end. The answer is why no image was built, if none was.
    pub(super) async fn run(&mut self, home: &Path) -> anyhow::Result<Option<String>> {
        for planned in plan::plan(self.repositories) {
            self.send(planned).await?;
        }
        let mut engine = pin!(container::find(home));
        let (mut asked, mut left_out) = (false, None);
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let end = Instant::now() + LONGEST;
        while !(asked && self.ledger.is_complete()) && Instant::now() < end {
            let results = self.results.clone();
            let mut receive = pin!(results.receive(BATCH, VISIBILITY, WAIT));
            let deliveries = loop {
                tokio::select! {
                    deliveries = &mut receive => break deliveries?,
                    found = &mut engine, if !asked => {
                        asked = true;
                        match found {
                            Ok(engine) => self.send(plan::image(self.repositories, engine)).await?,
                            Err(why) => left_out = Some(why),
                        }
                    }
                    _ = ticks.tick() => {
                        self.screen.tick();
                        self.cancel().await?;
                    }
                }
            };
            self.take(deliveries).await?;
        }
        Ok(left_out)
    }

    async fn send(&mut self, planned: Planned) -> anyhow::Result<()> {
        let mut ids = Vec::new();
        for _ in 0..planned.copies {
            ids.push(self.jobs.send(&planned.body, &BTreeMap::new()).await?);
        }
        self.screen.watch(planned.name)?;
        self.ledger.sent(planned, ids);
        Ok(())
    }

    async fn take(&mut self, deliveries: Vec<Delivery>) -> anyhow::Result<()> {
        for delivery in deliveries {
            let event: Event = serde_json::from_str(&delivery.body).context("an event cannot be read")?;
            self.results.delete(&delivery.receipt).await?;
            let Some((entry, event, again)) = self.ledger.note(event, delivery.body) else { continue };
            self.screen.event(entry, event, again)?;
            if let (EventKind::Started, Some(pause)) = (event.kind, entry.planned.cancel_after) {
                self.cancellations.insert(entry.planned.name, Instant::now() + pause);
            }
        }
        Ok(())
    }

    /// Takes events that came after the last end, which are too many.
    pub(super) async fn late(&mut self) -> anyhow::Result<()> {
        let deliveries = self.results.receive(BATCH, VISIBILITY, Duration::ZERO).await?;
        self.take(deliveries).await
    }

    /// Cancels the jobs that are due.
    async fn cancel(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        let due: Vec<_> = self.cancellations.iter().filter(|(_, at)| **at <= now).map(|(name, _)| *name).collect();
        for name in due {
            self.cancellations.remove(name);
            let id = JobId::parse(name).map_err(anyhow::Error::msg)?;
            let message = CancelMessage { version: 1, cancel: id, reason: Some("nobody needs it any more".to_owned()) };
            self.jobs.send(&serde_json::to_string(&message)?, &BTreeMap::new()).await?;
            self.screen.happened(name, ("cancel", Tone::Plain), "a message asks to stop it")?;
        }
        Ok(())
    }
}
