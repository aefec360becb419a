//! The straight line of one job: admit, start, watch, report, delete.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep},
};

use super::{
    index::Query,
    lease::Lease,
    reporter::{Ended, Reporter},
    roster::{Cancel, Cancelled, Claim, Roster, Seat},
    scheduler::Scheduler,
    starter::{Refused, Starter},
    watcher::{Lost, Watcher},
};
use crate::{
    aws::builds::Builds,
    backoff::Backoff,
    clock::Clock,
    config::{Config, Profile},
    job::{
        Job, OnConflict,
        build::Build,
        event::{Origin, Timings},
        line::Ticket,
        order::translate,
        outcome::{Failure, FailureKind, Outcome, Status, Verdict, judge},
    },
    observe,
    shutdown::Shutdown,
};

/// A first delivery of a job that its sender named may repeat one that another process has built: builds as old as this count as seen.
const REPEAT_CHECK: Duration = Duration::from_secs(30);
/// Between a fault of the platform and the next attempt.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// What every job's line needs.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) builds: Builds,
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
        let Ok(seat) = self.seat(&job).await else { return lease.give_back().await };
        let Some(seat) = seat else { return lease.settle().await };
        let Ok(ended) = self.line(arrival, &seat).await else { return lease.give_back().await };
        let status = ended.outcome.status;
        tokio::select! {
            terminal = self.reporter.finished(&job, &origin, ended) => {
                observe::job_finished(&job.id, status.as_str());
                seat.ended(terminal);
                lease.settle().await;
            }
            () = self.shutdown.leave.cancelled() => lease.give_back().await,
        }
    }

    /// The job's seat. `None`: another message of the same job had it, and its terminal event has been repeated.
    async fn seat(&self, job: &Job) -> Result<Option<Seat>, Left> {
        loop {
            let group = job.group.as_ref().map(|group| group.key.as_str());
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
        if let Some(group) = job.group.as_ref().filter(|group| group.on_conflict == OnConflict::Supersede) {
            self.roster.supersede(&group.key, &job.id);
        }

        let ticket = Ticket {
            profile: job.profile.clone(),
            tenant: job.tenant.clone(),
            priority: job.priority,
            group: job.group.as_ref().map(|group| group.key.clone()),
        };
        let slot = tokio::select! {
            biased;
            () = self.shutdown.drain.cancelled() => return Err(Left),
            why = seat.cancel.cancelled() => return Ok(unbuilt(&why, timings)),
            slot = self.scheduler.admit(ticket) => slot,
        };
        drop(room);

        let must_be_sought = !is_new || job.id.as_str() != origin.message_id;
        let fresh = if is_new { received.checked_sub(REPEAT_CHECK).unwrap_or(received) } else { received };
        let query = Query { project: &profile.project, job: &job.id, since: self.horizon(origin.enqueued_at, received), fresh };
        let found = tokio::select! {
            found = self.starter.find(query.clone()), if must_be_sought => found,
            () = std::future::ready(()), if !must_be_sought => None,
            () = self.shutdown.drain.cancelled() => return Err(Left),
        };
        let mut run = Run { worker: self, job: &job, origin: &origin, profile, cancel: &seat.cancel, query };
        let ended = run.attempts(found, || timings.waiting_seconds = Some(received.elapsed().as_secs_f64())).await;
        drop(slot);
        let (build, attempt, outcome) = ended?;
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

type End = (Option<Arc<Build>>, u32, Outcome);

/// A job that has its place among the running.
struct Run<'a> {
    worker: &'a Worker,
    job: &'a Job,
    origin: &'a Origin,
    profile: &'a Profile,
    cancel: &'a Cancel,
    query: Query<'a>,
}

impl Run<'_> {
    /// Attempts at the job until it has ended, as long as it is the platform that fails.
    async fn attempts(&mut self, mut found: Option<Arc<Build>>, mut waited: impl FnMut()) -> Result<End, Left> {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut attempt = 1;
        loop {
            let build = match found.take() {
                Some(build) => {
                    attempt = build.attempt.unwrap_or(attempt);
                    observe::build_adopted(&self.job.id, &build.id);
                    Ok(build)
                }
                None => match self.start(attempt).await? {
                    Ok(started) => started,
                    Err(why) => return Ok((None, attempt - 1, Outcome { status: why.status, failure: None })),
                },
            };
            waited();
            let (build, failure, again) = match build {
                Ok(build) => {
                    let (build, verdict) = self.follow(attempt, build).await?;
                    match verdict {
                        Verdict::Ended(outcome) => return Ok((Some(build), attempt, outcome)),
                        Verdict::PlatformFault(failure) => (Some(build), failure, true),
                    }
                }
                Err(refused) => (None, refused.failure, refused.again),
            };
            if !again || attempt >= self.worker.config.retry.attempts {
                return Ok((build, attempt, Outcome { status: Status::Errored, failure: Some(failure) }));
            }
            observe::attempt_failed(&self.job.id, attempt, &failure.message);
            attempt += 1;
            tokio::select! {
                () = sleep(backoff.pause()) => {}
                () = self.worker.shutdown.drain.cancelled() => return Err(Left),
                why = self.cancel.cancelled() => return Ok((build, attempt - 1, Outcome { status: why.status, failure: None })),
            }
        }
    }

    async fn start(&self, attempt: u32) -> Result<Result<Result<Arc<Build>, Refused>, Cancelled>, Left> {
        let order = translate(self.job, self.profile, attempt);
        tokio::select! {
            biased;
            started = self.worker.starter.start(&order, attempt, self.query.clone()) => {
                if let Ok(build) = &started {
                    observe::build_started(&self.job.id, &build.id, attempt);
                }
                Ok(Ok(started))
            }
            // A start that is cut off here may have happened: whoever gets the message next looks for its build.
            () = self.worker.shutdown.drain.cancelled() => Err(Left),
            why = self.cancel.cancelled() => {
                let query = Query { fresh: Instant::now(), ..self.query.clone() };
                match self.worker.starter.find(query).await.filter(|build| build.attempt.unwrap_or(1) >= attempt) {
                    Some(build) => Ok(Ok(Ok(build))),
                    None => Ok(Err(why)),
                }
            }
        }
    }

    /// Follows a build to its end; a cancellation stops it.
    async fn follow(&self, attempt: u32, build: Arc<Build>) -> Result<(Arc<Build>, Verdict), Left> {
        let worker = self.worker;
        if !build.has_ended() {
            worker.reporter.started(self.job, self.origin, attempt, &build).await;
        }
        let _running = observe::running();
        let following = worker.watcher.until_ended(Arc::clone(&build), |_| {});
        tokio::pin!(following);
        let mut cancelled = None;
        let ended = loop {
            tokio::select! {
                ended = &mut following => break ended,
                why = self.cancel.cancelled(), if cancelled.is_none() => {
                    if let Err(error) = worker.builds.stop(&build.id).await {
                        observe::stop_failed(&build.id, &error);
                    }
                    cancelled = Some(why);
                }
                () = worker.shutdown.leave.cancelled() => return Err(Left),
            }
        };
        Ok(match ended {
            Ok(build) => {
                let verdict = judge(&build);
                (build, overrule(verdict, cancelled))
            }
            Err(Lost::Gone) => (build, Verdict::PlatformFault(gone())),
        })
    }
}

/// A build that was stopped for us ended as we said.
fn overrule(verdict: Verdict, cancelled: Option<Cancelled>) -> Verdict {
    match (verdict, cancelled) {
        (Verdict::Ended(outcome), Some(why)) if outcome.status == Status::Cancelled => {
            Verdict::Ended(Outcome { status: why.status, ..outcome })
        }
        (verdict, _) => verdict,
    }
}

fn unbuilt(why: &Cancelled, timings: Timings) -> Ended {
    Ended { build: None, attempt: 0, outcome: Outcome { status: why.status, failure: None }, timings }
}

fn gone() -> Failure {
    Failure {
        kind: FailureKind::Platform,
        phase: None,
        code: Some("BUILD_NOT_FOUND".to_owned()),
        message: "codebuild no longer knows the build".to_owned(),
        command: None,
    }
}
