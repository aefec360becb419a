//! What a job does once it is received: attempts at its build, as long as it is the platform that fails.

mod begin;
mod follow;
mod look;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use self::begin::Begun;
use super::{Arrival, Left, Worker};
use crate::{
    backoff::Backoff,
    config::Profile,
    engine::{
        backlog::Place,
        deduplication::{Cancelled, Claimed},
        scheduler::{Announced, GroupLock, Prospect, Slot, Untold},
        tracker::Tracked,
    },
    job::{
        build::Build,
        outcome::{Failure, Outcome, Status, Verdict},
        policy,
        schedule::{Age, Ticket},
    },
    observe,
};

/// A first delivery of a job that its sender named may repeat one that another process has built: builds as old as this count as seen.
const REPEAT_CHECK: Duration = Duration::from_secs(30);

/// How a job ended.
pub(super) struct End {
    /// Its last build.
    pub(super) build: Option<Arc<Build>>,
    /// The number of its attempt; 0: none.
    pub(super) attempt: u32,
    pub(super) outcome: Outcome,
}

/// One job on its way.
pub(super) struct Run<'a> {
    pub(super) worker: &'a Worker,
    pub(super) arrival: &'a Arrival,
    profile: &'a Profile,
    pub(super) claimed: &'a Claimed,
    tracked: &'a Tracked,
    /// Of the [`Query`] for its builds.
    since: Timestamp,
    fresh: Instant,
    ticket: Arc<Ticket>,
    /// A place among the jobs that could start, until the job has its first slot or cannot start for a reason of its own.
    waiting: Option<Prospect>,
    /// Younger ones of its group wait for it.
    _announced: Option<Announced>,
    /// It was received for the first time, and may be turned away.
    is_new: bool,
    /// Held from the first slot to the job's end.
    group: Option<GroupLock>,
    /// Held while the build is started and runs.
    slot: Option<Slot>,
    /// Every build of the job that was started before is known. `None`: nobody has looked.
    looked: Option<Instant>,
    /// When the job got its first build, or was refused it.
    pub(super) began: Option<Instant>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        worker: &'a Worker,
        arrival: &'a Arrival,
        profile: &'a Profile,
        claimed: &'a Claimed,
        tracked: &'a Tracked,
        is_new: bool,
        waiting: Option<Place>,
    ) -> Self {
        let Arrival { job, origin, received, .. } = arrival;
        let ticket = Arc::new(Ticket {
            job: job.id.clone(),
            queue: Arc::clone(&origin.queue),
            profile: job.profile.clone(),
            project: profile.project.clone(),
            tenant: job.tenant.clone(),
            repository: policy::repository(&job.source.url).into(),
            priority: job.priority,
            group: job.group.as_ref().map(|group| group.key.clone()),
            age: Age {
                enqueued_ms: origin.enqueued_at.unwrap_or_else(|| worker.clock.now()).as_millisecond(),
                message_id: Arc::clone(&origin.message_id),
            },
            arrival: worker.scheduler.arrival(),
        });
        let waiting = waiting.and_then(|place| worker.scheduler.prospect(&ticket, place));
        tracked.waits(ticket.arrival);
        Self {
            worker,
            arrival,
            profile,
            claimed,
            tracked,
            since: worker.horizon(origin.enqueued_at, *received),
            fresh: if is_new { received.checked_sub(REPEAT_CHECK).unwrap_or(*received) } else { *received },
            waiting,
            _announced: worker.scheduler.announce(&ticket),
            is_new,
            ticket,
            group: None,
            slot: None,
            // No earlier build can have the id of a message that is delivered for the first time.
            looked: (is_new && job.id.as_str() == &*origin.message_id).then_some(*received),
            began: None,
        }
    }

    /// Attempts at the job until it has ended. Whatever is alive beside [`Run::follow`] is kept while the build runs, and so the rest has
    /// ended, or boxes of its own.
    pub(super) async fn attempts(&mut self) -> Result<End, Left> {
        let mut attempt = 1;
        loop {
            let begun = Box::pin(self.begin(attempt)).await?;
            if !matches!(begun, Begun::Cancelled(_)) {
                self.began.get_or_insert_with(Instant::now);
            }
            let end = match begun {
                Begun::Cancelled(why) => return Ok(cancelled(None, attempt - 1, &why)),
                Begun::Refused { failure, again: true } => Box::pin(self.failed(None, attempt, *failure)).await?,
                Begun::Refused { failure, again: false } => Some(errored(None, attempt, *failure)),
                Begun::Build(build) => {
                    attempt = build.attempt.unwrap_or(attempt);
                    let (build, verdict) = self.follow(attempt, build).await?;
                    if let Some(slot) = &mut self.slot {
                        slot.built(&build, &verdict);
                    }
                    match verdict {
                        Verdict::Ended(outcome) => Some(End { build: Some(build), attempt, outcome }),
                        Verdict::PlatformFault(failure) => Box::pin(self.failed(Some(build), attempt, failure)).await?,
                    }
                }
            };
            match end {
                Some(end) => return Ok(end),
                None => attempt += 1,
            }
        }
    }

    /// An attempt failed, and another could go better: waits until it may begin. The job's end, if there is none.
    async fn failed(&mut self, build: Option<Arc<Build>>, attempt: u32, failure: Failure) -> Result<Option<End>, Left> {
        let retry = &self.arrival.config.retry;
        if attempt >= retry.attempts {
            return Ok(Some(errored(build, attempt, failure)));
        }
        observe::attempt_failed(&self.arrival.job.id, attempt, &failure.message);
        self.tracked.fails(attempt, &failure.message);
        // Others may build meanwhile; the group stays the job's.
        self.slot = None;
        let mut backoff = Backoff::after(attempt.saturating_sub(1), retry.pause, retry.longest_pause);
        tokio::select! {
            biased;
            () = self.worker.shutdown.drain.cancelled() => Err(Left::Drained),
            why = self.claimed.handle.cancelled() => Ok(Some(cancelled(build, attempt, &why))),
            () = sleep(backoff.pause()) => Ok(None),
        }
    }

    /// What the job holds until its end is told. Its slot is free.
    pub(super) fn untold(&mut self) -> Option<Untold> {
        self.slot.take().and_then(|mut slot| slot.untold.take())
    }

    /// Gives the place in the count of waiting jobs up.
    fn stop_waiting(&mut self) {
        self.waiting = None;
    }
}

fn errored(build: Option<Arc<Build>>, attempt: u32, failure: Failure) -> End {
    End { build, attempt, outcome: Outcome { status: Status::Errored, failure: Some(failure) } }
}

fn cancelled(build: Option<Arc<Build>>, attempt: u32, why: &Cancelled) -> End {
    End { build, attempt, outcome: Outcome { status: why.status, failure: None } }
}
