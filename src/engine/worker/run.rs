//! What a job does once it is received: attempts at its build, as long as it is the platform that fails.

mod begin;
mod follow;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep},
};

use self::begin::Begun;
use super::{Left, Worker};
use crate::{
    backoff::Backoff,
    config::Profile,
    engine::{index::Query, roster::Cancel, scheduler::Slot},
    job::{
        Job,
        build::Build,
        event::Origin,
        line::Ticket,
        outcome::{Outcome, Status, Verdict},
    },
    observe,
};

/// Between a fault of the platform and the next attempt.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// The job's last build, the number of its attempt (0: none), and how it ended.
type End = (Option<Arc<Build>>, u32, Outcome);

/// One job on its way.
pub(super) struct Run<'a> {
    worker: &'a Worker,
    job: &'a Job,
    origin: &'a Origin,
    profile: &'a Profile,
    cancel: &'a Cancel,
    query: Query<'a>,
    ticket: Ticket,
    /// Room among the waiting, until the job has its first place.
    room: Option<OwnedSemaphorePermit>,
    /// The place among the running.
    slot: Option<Slot>,
    /// Every build of the job that was started before is known. `None`: nobody has looked.
    pub(super) looked: Option<Instant>,
    /// When the job got its first build, or was refused it.
    pub(super) began: Option<Instant>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        worker: &'a Worker,
        job: &'a Job,
        origin: &'a Origin,
        profile: &'a Profile,
        cancel: &'a Cancel,
        query: Query<'a>,
        room: OwnedSemaphorePermit,
    ) -> Self {
        let ticket = Ticket {
            profile: job.profile.clone(),
            tenant: job.tenant.clone(),
            priority: job.priority,
            group: job.group.as_ref().map(|group| group.key.clone()),
            arrival: worker.scheduler.arrival(),
        };
        Self { worker, job, origin, profile, cancel, query, ticket, room: Some(room), slot: None, looked: None, began: None }
    }

    /// Attempts at the job until it has ended. `again`: the message was received before, so that there may be a build already.
    pub(super) async fn attempts(&mut self, again: bool) -> Result<End, Left> {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut attempt = 1;
        // What has ended needs no place to be reported.
        let mut found = if again { self.find_ended().await? } else { None };
        loop {
            let begun = match found.take() {
                Some(build) => Begun::Build(build),
                None => self.begin(attempt).await?,
            };
            let (build, failure, again) = match begun {
                Begun::Cancelled(why) => return Ok((None, attempt - 1, Outcome { status: why.status, failure: None })),
                Begun::Refused { failure, again } => {
                    self.began.get_or_insert_with(Instant::now);
                    (None, failure, again)
                }
                Begun::Build(build) => {
                    self.began.get_or_insert_with(Instant::now);
                    attempt = build.attempt.unwrap_or(attempt);
                    let (build, verdict) = self.follow(attempt, build).await?;
                    match verdict {
                        Verdict::Ended(outcome) => return Ok((Some(build), attempt, outcome)),
                        Verdict::PlatformFault(failure) => (Some(build), failure, true),
                    }
                }
            };
            if !again || attempt >= self.worker.config.retry.attempts {
                return Ok((build, attempt, Outcome { status: Status::Errored, failure: Some(failure) }));
            }
            observe::attempt_failed(&self.job.id, attempt, &failure.message);
            attempt += 1;
            tokio::select! {
                biased;
                () = self.worker.shutdown.drain.cancelled() => return Err(Left),
                why = self.cancel.cancelled() => return Ok((build, attempt - 1, Outcome { status: why.status, failure: None })),
                () = sleep(backoff.pause()) => {}
            }
        }
    }

    /// The job's build, if it has ended already.
    async fn find_ended(&mut self) -> Result<Option<Arc<Build>>, Left> {
        let query = self.query.clone();
        tokio::select! {
            biased;
            () = self.worker.shutdown.drain.cancelled() => Err(Left),
            found = self.worker.starter.find(query) => {
                let ended = found.filter(|build| build.has_ended());
                if let Some(build) = &ended {
                    observe::build_adopted(&self.job.id, &build.id);
                }
                Ok(ended)
            }
        }
    }
}
