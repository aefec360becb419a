//! From the line to the attempt's build: waits for a place, looks for the build, starts it.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{super::Left, Run};
use crate::{
    engine::{
        index::Query,
        roster::Cancelled,
        scheduler::Slot,
        starter::{NotStarted, pauses},
    },
    job::{build::Build, order::translate, outcome::Failure},
    observe,
};

/// A token lives five minutes at CodeBuild. A start this long after the last look for the job's build could be a second build.
const TOKEN_LIFE: Duration = Duration::from_mins(4);

/// How an attempt begins.
pub(super) enum Begun {
    /// With its build, which may have ended already.
    Build(Arc<Build>),
    /// CodeBuild will not start it. `again`: another attempt could go better.
    Refused { failure: Failure, again: bool },
    /// Not at all: the job is to end.
    Cancelled(Cancelled),
}

impl Run<'_> {
    /// The attempt's build, found or started when there is a place and capacity for it; or why there is none.
    pub(super) async fn begin(&mut self, attempt: u32) -> Result<Begun, Left> {
        let order = translate(self.job, self.profile, attempt);
        let (starter, shutdown, cancel) = (&self.worker.starter, &self.worker.shutdown, self.cancel);
        let (mut pauses, mut pause, mut refused, mut unsure) = (pauses(), None, false, false);
        loop {
            let found = tokio::select! {
                biased;
                // A start that nobody knows the outcome of may have happened: whoever gets the message next looks for its build.
                () = shutdown.drain.cancelled() => return Err(Left),
                // A build that may run is not given up, but started once more with its token, so that it can be stopped.
                why = cancel.cancelled(), if !unsure => return self.give_up(attempt, why).await,
                found = self.prepare(attempt, pause.take(), refused) => found,
            };
            if let Some(build) = found {
                observe::build_adopted(&self.job.id, &build.id);
                return Ok(Begun::Build(build));
            }
            // Cut off, the order could still be carried out, with nobody to know of the build.
            let answer = tokio::select! {
                biased;
                () = shutdown.leave.cancelled() => return Err(Left),
                answer = starter.start(&order) => answer,
            };
            unsure = matches!(answer, Err(NotStarted::Unknown(_)));
            match answer {
                Ok(build) => {
                    observe::build_started(&self.job.id, &build.id, attempt);
                    if let Some(slot) = &self.slot {
                        slot.accepted();
                    }
                    return Ok(Begun::Build(build));
                }
                Err(NotStarted::NoCapacity(error)) => {
                    observe::start_delayed(&self.job.id, &error);
                    refused = true;
                    if let Some(slot) = self.slot.take() {
                        slot.refused();
                    }
                }
                Err(NotStarted::Unknown(error)) => {
                    observe::start_delayed(&self.job.id, &error);
                    pause = Some(pauses.pause());
                }
                Err(NotStarted::StartedOtherwise(error)) => {
                    observe::start_delayed(&self.job.id, &error);
                    self.looked = None;
                    self.query.fresh = Instant::now();
                    pause = Some(pauses.pause());
                }
                Err(NotStarted::Refused { failure, again }) => return Ok(Begun::Refused { failure, again }),
            }
        }
    }

    /// Ends a wait for a start. There may be a build that an earlier process has started: it is to be stopped, which is the follower's to do.
    async fn give_up(&mut self, attempt: u32, why: Cancelled) -> Result<Begun, Left> {
        if self.looked.is_some() {
            return Ok(Begun::Cancelled(why));
        }
        tokio::select! {
            biased;
            () = self.worker.shutdown.drain.cancelled() => Err(Left),
            found = self.find(attempt, Instant::now()) => Ok(found.map_or(Begun::Cancelled(why), Begun::Build)),
        }
    }

    /// Waits until the attempt may start. `Some`: it need not, there is its build.
    async fn prepare(&mut self, attempt: u32, pause: Option<Duration>, refused: bool) -> Option<Arc<Build>> {
        if let Some(pause) = pause {
            sleep(pause).await;
        }
        if self.slot.is_none() {
            self.slot = Some(self.place(refused).await);
            self.room = None;
        }
        self.seek(attempt).await
    }

    /// A place: the one that the job's running build holds already, or one in its turn.
    async fn place(&self, again: bool) -> Slot {
        match self.worker.census.claim(&self.job.id).await {
            Some(slot) => slot,
            None => self.worker.scheduler.admit(self.ticket.clone(), again).await,
        }
    }

    /// The attempt's build, or a later one's, unless it is certain that there is none or that the token still protects.
    async fn seek(&mut self, attempt: u32) -> Option<Arc<Build>> {
        if self.looked.is_some_and(|looked| looked.elapsed() < TOKEN_LIFE) {
            return None;
        }
        // What was started since `fresh` is protected by its token.
        let protected = Instant::now().checked_sub(TOKEN_LIFE / 2).unwrap_or(self.query.fresh);
        let fresh = self.query.fresh.max(protected);
        self.find(attempt, fresh).await
    }

    async fn find(&mut self, attempt: u32, fresh: Instant) -> Option<Arc<Build>> {
        let found = self.worker.starter.find(Query { fresh, ..self.query.clone() }).await;
        self.looked = Some(fresh);
        found.filter(|build| build.attempt.unwrap_or(1) >= attempt)
    }
}
