//! The straight line of one job: admit, start, watch, report, delete.

mod run;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use self::run::Run;
use super::{
    census::Census,
    index::Query,
    lease::Lease,
    reporter::{Ended, Reporter},
    roster::{Claim, Member, Roster, Seat},
    scheduler::Scheduler,
    starter::Starter,
    watcher::Watcher,
};
use crate::{
    aws::builds::Builds,
    clock::Clock,
    config::Config,
    job::{
        Job, OnConflict,
        event::{Origin, Timings},
        outcome::Status,
    },
    observe,
    shutdown::Shutdown,
};

/// A first delivery of a job that its sender named may repeat one that another process has built: builds as old as this count as seen.
const REPEAT_CHECK: Duration = Duration::from_secs(30);

/// What every job's line needs.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) builds: Builds,
    pub(crate) census: Census,
    pub(crate) scheduler: Scheduler,
    pub(crate) starter: Starter,
    pub(crate) watcher: Watcher,
    pub(crate) reporter: Reporter,
    pub(crate) roster: Roster,
    pub(crate) shutdown: Shutdown,
}

/// A job that was received.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) job: Box<Job>,
    pub(crate) origin: Origin,
    pub(crate) received: Instant,
    /// This receive included.
    pub(crate) receive_count: u32,
    /// Room among the waiting; given up when the job is admitted.
    pub(crate) room: OwnedSemaphorePermit,
}

/// The process is leaving, and the job goes back to the queue.
#[derive(Debug)]
struct Left;

impl Worker {
    /// Carries a job to its end, and its message with it.
    pub(crate) async fn carry(&self, arrival: Arrival, lease: Lease) {
        let (job, origin) = (arrival.job.clone(), arrival.origin.clone());
        let Ok(seat) = self.seat(&job, &origin).await else { return lease.give_back().await };
        let Some(seat) = seat else { return lease.settle().await };
        let Ok(ended) = self.line(arrival, &seat).await else { return lease.give_back().await };
        let status = ended.outcome.status;
        tokio::select! {
            biased;
            terminal = self.reporter.finished(&job, &origin, ended) => {
                observe::job_finished(&job.id, status.as_str());
                seat.ended(terminal, matches!(status, Status::Cancelled | Status::Superseded));
                lease.settle().await;
            }
            () = self.shutdown.leave.cancelled() => lease.give_back().await,
        }
    }

    /// The job's seat. `None`: another message of the same job had it, and its terminal event has been repeated.
    async fn seat(&self, job: &Job, origin: &Origin) -> Result<Option<Seat>, Left> {
        loop {
            let group = job.group.as_ref().map(|group| Member {
                key: group.key.clone(),
                supersedes: group.on_conflict == OnConflict::Supersede,
                age: (origin.enqueued_at, origin.message_id.clone()),
            });
            let mut terminal = match self.roster.claim(&job.id, group) {
                Claim::First(seat) => return Ok(Some(seat)),
                Claim::Repeat(terminal) => terminal,
            };
            observe::job_repeated(&job.id);
            let repeat = async {
                // An error means that the first has gone without an end: the seat is free again.
                let Ok(publication) = terminal.wait_for(Option::is_some).await.map(|it| it.clone()) else { return false };
                if let Some(publication) = publication {
                    self.reporter.repeat(&publication).await;
                }
                true
            };
            tokio::select! {
                biased;
                repeated = repeat => if repeated { return Ok(None) },
                () = self.shutdown.drain.cancelled() => return Err(Left),
            }
        }
    }

    async fn line(&self, arrival: Arrival, seat: &Seat) -> Result<Ended, Left> {
        let Arrival { job, origin, received, receive_count, room } = arrival;
        let Some(profile) = self.config.profiles.get(&job.profile) else { return Err(Left) };
        let mut timings = Timings { queued_seconds: self.since(origin.enqueued_at, received), ..Timings::default() };
        let is_new = receive_count == 1 && !seat.seen_before;
        if is_new {
            self.reporter.queued(&job, &origin).await;
        }
        // No earlier build can have the id of a message that is delivered for the first time.
        let looked = (is_new && job.id.as_str() == origin.message_id).then_some(received);
        let fresh = if is_new { received.checked_sub(REPEAT_CHECK).unwrap_or(received) } else { received };
        let query = Query { project: &profile.project, job: &job.id, since: self.horizon(origin.enqueued_at, received), fresh };
        let mut run = Run::new(self, &job, &origin, profile, &seat.cancel, query, room);
        run.looked = looked;
        let (build, attempt, outcome) = run.attempts(!is_new).await?;
        timings.waiting_seconds = run.began.map(|began| began.duration_since(received).as_secs_f64());
        if let Some(build) = &build {
            timings = timings.with_build(build);
        }
        Ok(Ended { build, attempt, outcome, timings })
    }

    /// Seconds from a time in the past to an instant.
    fn since(&self, past: Option<Timestamp>, instant: Instant) -> Option<f64> {
        Some(self.clock.at(instant).duration_since(past?).as_secs_f64().max(0.0))
    }

    /// Builds that started earlier are another job's: older than the message by more than the window of de-duplication.
    pub(crate) fn horizon(&self, enqueued_at: Option<Timestamp>, received: Instant) -> Timestamp {
        let enqueued = enqueued_at.unwrap_or_else(|| self.clock.at(received));
        enqueued.checked_sub(self.config.limits.deduplication).unwrap_or(Timestamp::MIN)
    }
}
