//! From an attempt to its build: found, or started once.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{super::Left, Run};
use crate::{
    aws::{AwsError, Class},
    engine::{
        deduplication::Cancelled,
        scheduler::{Full, GroupLock},
        starter::{NotStarted, PATIENCE, lookup_refused, pauses},
    },
    job::{build::Build, order::translate, outcome::Failure},
    observe,
};

/// How an attempt begins. It stays beside the build for as long as that runs, and is kept small.
pub(super) enum Begun {
    /// With its build, which may have ended already.
    Build(Arc<Build>),
    /// CodeBuild will not start it. `again`: another attempt could go better.
    Refused { failure: Box<Failure>, again: bool },
    /// Not at all: the job is to end.
    Cancelled(Box<Cancelled>),
}

/// What comes before a start.
enum Ready {
    /// There is a slot, and no build.
    ToStart,
    /// It need not be started, there is its build.
    Build(Arc<Build>),
    /// CodeBuild does not say whether there is a build.
    Refused(Failure),
    /// Nobody wants the build any more.
    Cancelled(Cancelled),
    /// Too many of its tenant wait.
    Full(Full),
}

impl Run<'_> {
    /// The attempt's build, found or started when there is a slot and capacity for it; or why there is none.
    pub(super) async fn begin(&mut self, attempt: u32) -> Result<Begun, Left> {
        let (worker, claimed) = (self.worker, self.claimed);
        let shutdown = &worker.shutdown;
        // `unsure`: a start may have been carried out, and the build has not been looked for since.
        let (mut pauses, mut pause, mut refused, mut unsure) = (pauses(), None, false, false);
        loop {
            let ready = tokio::select! {
                biased;
                // A start that nobody knows the outcome of may have happened: whoever gets the message next looks for its build.
                () = shutdown.drain.cancelled() => return Err(Left::Drained),
                // A build that may run is not given up, but started once more with its token, so that it can be stopped.
                why = claimed.handle.cancelled(), if !unsure => return Box::pin(self.give_up(attempt, why)).await,
                ready = self.prepare(attempt, pause.take(), refused) => ready,
            };
            match ready {
                Ready::ToStart => {}
                Ready::Build(build) => {
                    observe::build_adopted(&self.arrival.job.id, &build.id);
                    self.tracked.runs(build.attempt.unwrap_or(attempt), &build, "found");
                    return Ok(Begun::Build(build));
                }
                // What is not known now is not tried again beside a build that may run.
                Ready::Refused(failure) => {
                    worker.scheduler.refused(&self.profile.project, &failure.message);
                    return Ok(Begun::Refused { failure: failure.into(), again: !unsure });
                }
                Ready::Cancelled(why) => return Ok(Begun::Cancelled(why.into())),
                Ready::Full(full) => return Err(Left::Full(full)),
            }
            // Cut off, the order could still be carried out, with nobody to know of the build.
            let mut answer = tokio::select! {
                biased;
                () = shutdown.leave.cancelled() => return Err(Left::Drained),
                answer = self.start(attempt) => answer,
            };
            if unsure && matches!(answer, Err(NotStarted::NoCapacity(_) | NotStarted::Refused { .. })) {
                let seen = tokio::select! {
                    biased;
                    () = shutdown.drain.cancelled() => return Err(Left::Drained),
                    seen = Box::pin(self.look_again(attempt)) => seen,
                };
                match seen {
                    Ok(Some(build)) => answer = Ok(build),
                    Ok(None) => unsure = false,
                    Err(error) => {
                        return Ok(Begun::Refused { failure: lookup_refused(&self.profile.project, &error).into(), again: false });
                    }
                }
            }
            match answer {
                Ok(build) => {
                    observe::build_started(&self.arrival.job.id, &build.id, attempt);
                    self.tracked.runs(attempt, &build, "started");
                    if let Some(slot) = &mut self.slot {
                        slot.accepted();
                    }
                    return Ok(Begun::Build(build));
                }
                Err(NotStarted::NoCapacity(error)) => {
                    observe::start_delayed(&self.arrival.job.id, &error);
                    self.tracked.note(format!("CodeBuild has no capacity: {}", error.message));
                    refused = true;
                    if let Some(slot) = self.slot.take() {
                        slot.refused(&error.message);
                    }
                }
                Err(NotStarted::Throttled(error)) => {
                    observe::start_delayed(&self.arrival.job.id, &error);
                    self.tracked.note(format!("the start is delayed: {}", error.message));
                    if error.class == Class::Throttled {
                        worker.scheduler.throttled(&error.message);
                    }
                    pause = Some(pauses.pause());
                }
                Err(NotStarted::Unknown(error)) => {
                    observe::start_delayed(&self.arrival.job.id, &error);
                    self.tracked.note(format!("whether the build was started is not known yet: {}", error.message));
                    unsure = true;
                    pause = Some(pauses.pause());
                }
                Err(NotStarted::StartedOtherwise(error)) => {
                    observe::start_delayed(&self.arrival.job.id, &error);
                    self.looked = None;
                    self.fresh = Instant::now();
                    pause = Some(pauses.pause());
                }
                Err(NotStarted::Refused { failure, again }) => {
                    // What is wrong with one order says nothing of the others.
                    if again {
                        worker.scheduler.refused(&self.profile.project, &failure.message);
                    }
                    return Ok(Begun::Refused { failure: failure.into(), again });
                }
            }
        }
    }

    async fn start(&self, attempt: u32) -> Result<Arc<Build>, NotStarted> {
        let order = || translate(&self.arrival.job, self.profile, attempt, self.arrival.origin.enqueued_at);
        Box::pin(self.worker.starter.start(order)).await
    }

    /// Ends a wait for a start. There may be a build that an earlier process has started: it is to be stopped, which is the follower's to do.
    async fn give_up(&mut self, attempt: u32, why: Cancelled) -> Result<Begun, Left> {
        self.stop_waiting();
        self.tracked.cancelling(&why);
        if self.looked.is_some() {
            return Ok(Begun::Cancelled(why.into()));
        }
        let found = tokio::select! {
            biased;
            () = self.worker.shutdown.drain.cancelled() => return Err(Left::Drained),
            found = self.find(attempt, Instant::now()) => found,
        };
        Ok(match found {
            Ok(Some(build)) => Begun::Build(build),
            Ok(None) => Begun::Cancelled(why.into()),
            // A project that is gone, or closed to us, has nothing to stop.
            Err(error) => {
                observe::lookup_failed(&self.arrival.job.id, &error);
                Begun::Cancelled(why.into())
            }
        })
    }

    /// Waits until the attempt may start. A slot is held only when all that must be known is known: whoever waits for an answer about
    /// something that is missing keeps nobody else from building.
    async fn prepare(&mut self, attempt: u32, pause: Option<Duration>, mut again: bool) -> Ready {
        if let Some(pause) = pause {
            sleep(pause).await;
            self.worker.scheduler.pace().await;
        }
        let refused = |run: &Self, error: AwsError| Ready::Refused(lookup_refused(&run.profile.project, &error));
        loop {
            if self.slot.is_none() {
                if let Err(error) = Box::pin(self.worker.recovery.counted(&self.profile.project, PATIENCE)).await {
                    return refused(self, error);
                }
                match Box::pin(self.seek(attempt)).await {
                    Ok(Some(build)) => return self.adopt(build),
                    Ok(None) => {}
                    Err(error) => return refused(self, error),
                }
                if let Some(why) = Box::pin(self.outdated()).await {
                    return Ready::Cancelled(why);
                }
                let is_new = self.is_new && attempt == 1 && !again;
                let mut slot = match self.worker.scheduler.admit(Arc::clone(&self.ticket), is_new).await {
                    Ok(slot) => slot,
                    Err(full) => return Ready::Full(full),
                };
                self.hold(slot.group.take());
                self.slot = Some(slot);
                self.stop_waiting();
            }
            if self.is_known() {
                return Ready::ToStart;
            }
            // The wait was long. One look, and if it fails, the others go on meanwhile.
            match Box::pin(self.look(attempt)).await {
                Ok(Some(build)) => return self.adopt(build),
                Ok(None) => return Ready::ToStart,
                Err(error) => observe::lookup_failed(&self.arrival.job.id, &error),
            }
            self.slot = None;
            again = true;
        }
    }

    /// A build that is there already. One that runs takes the slot that is kept for it, or one beyond the limits, as it runs already.
    fn adopt(&mut self, build: Arc<Build>) -> Ready {
        self.stop_waiting();
        if self.slot.is_none() && !build.has_ended() {
            let occupy = || self.worker.scheduler.occupy(&self.ticket, build.started_at());
            let (slot, group) = self.worker.recovery.claim(&self.arrival.job.id, &build.id).unwrap_or_else(occupy);
            self.slot = Some(slot);
            self.hold(group);
        }
        Ready::Build(build)
    }

    /// Keeps the group to the job's end: further attempts need not wait for it.
    fn hold(&mut self, group: Option<GroupLock>) {
        if group.is_some() {
            self.group = group;
            Arc::make_mut(&mut self.ticket).group = None;
        }
    }

    /// A newer job of the group that cancels this one, and that had its build in another process.
    async fn outdated(&self) -> Option<Cancelled> {
        let group = self.arrival.job.group.as_ref()?;
        let newer = self.worker.starter.superseding(&group.key).await?;
        if newer.job == self.arrival.job.id || self.arrival.origin.enqueued_at.is_none_or(|enqueued_at| enqueued_at >= newer.enqueued_at) {
            return None;
        }
        self.claimed.superseded(newer.job);
        self.claimed.handle.reason()
    }
}
