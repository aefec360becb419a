//! The straight line of one job: admit, start, watch, report, delete.

mod run;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use self::run::Run;
use super::{
    backlog::Place,
    deduplication::{Claim, Claimed, Deduplication, Member},
    recovery::Recovery,
    reporter::{Ended, Reporter},
    scheduler::{Full, Scheduler, Untold},
    starter::Starter,
    tracker::{Tracked, Tracker},
    watcher::Watcher,
};
use crate::{
    aws::builds::Builds,
    clock::Clock,
    config::{Config, Current},
    job::{
        Job, OnConflict, as_built,
        build::Build,
        event::{Origin, Timings},
        outcome::Failure,
    },
    observe,
    shutdown::Shutdown,
};

/// What every job's line needs.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) current: Current,
    pub(crate) clock: Clock,
    pub(crate) builds: Builds,
    pub(crate) recovery: Recovery,
    pub(crate) scheduler: Scheduler,
    pub(crate) starter: Starter,
    pub(crate) watcher: Watcher,
    pub(crate) reporter: Reporter,
    pub(crate) deduplication: Deduplication,
    pub(crate) tracker: Tracker,
    pub(crate) shutdown: Shutdown,
}

/// A job that was received.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) job: Arc<Job>,
    /// What held when it was received: the job keeps it.
    pub(crate) config: Arc<Config>,
    pub(crate) origin: Arc<Origin>,
    pub(crate) received: Instant,
    /// This receive included.
    pub(crate) receive_count: u32,
    /// A place among the jobs that could start.
    pub(crate) waiting: Option<Place>,
}

/// How a message was carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carried {
    /// Its end is told: the message may go.
    ToItsEnd,
    /// The process is leaving, and the job goes back to the queue.
    Back,
    /// Too many of its tenant wait: it is to be rejected.
    Full(Full),
}

/// Why a job is not carried to its end.
#[derive(Debug)]
enum Left {
    /// The process is leaving.
    Drained,
    /// Too many of its tenant wait.
    Full(Full),
}

impl Worker {
    /// Carries a job to its end. By reference: each function on the way would keep a copy of its own while the build runs.
    pub(crate) async fn carry(&self, arrival: &mut Arrival) -> Carried {
        match self.line(arrival).await {
            Ok(()) => Carried::ToItsEnd,
            Err(Left::Drained) => Carried::Back,
            Err(Left::Full(full)) => Carried::Full(full),
        }
    }

    async fn line(&self, arrival: &mut Arrival) -> Result<(), Left> {
        // What is done before and after the build, and quickly, has boxes of its own: a job keeps no room for it while its build runs.
        let Some(claimed) = Box::pin(self.claim(arrival)).await? else { return Ok(()) };
        let tracked = self.tracker.track(&arrival.job, &arrival.origin, &claimed.handle);
        let (ended, untold) = self.build(arrival, &claimed, &tracked).await?;
        Box::pin(self.report(arrival, claimed, tracked, ended)).await?;
        drop(untold);
        Ok(())
    }

    /// Tells of a job's end.
    async fn report(&self, arrival: &Arrival, claimed: Claimed, tracked: Tracked, ended: Ended) -> Result<(), Left> {
        let (job, origin) = (&arrival.job, &arrival.origin);
        let status = ended.outcome.status;
        // As the event tells it: the cause in the log is known by then.
        let mut failure = None;
        let seconds =
            [ended.timings.provisioning_seconds, ended.timings.building_seconds].into_iter().flatten().reduce(|sum, more| sum + more);
        let (told, origin) = as_built(job, origin, ended.build.as_deref());
        tokio::select! {
            biased;
            terminal = self.reporter.finished(&told, &origin, ended, |data| {
                failure.clone_from(&data.failure);
                tracked.reports(data);
            }) => {
                let part = |part: fn(&Failure) -> Option<&String>| failure.as_ref().and_then(part).map(String::as_str);
                let ending = observe::Ending { phase: part(|it| it.phase.as_ref()), code: part(|it| it.code.as_ref()), seconds };
                observe::job_finished(&job.id, status.as_str(), &ending);
                tracked.ended();
                claimed.ended(terminal);
                Ok(())
            }
            () = self.shutdown.leave.cancelled() => Err(Left::Drained),
        }
    }

    /// The claim on the job's id. `None`: another message of the same job had it, and its terminal event has been repeated.
    async fn claim(&self, arrival: &mut Arrival) -> Result<Option<Claimed>, Left> {
        loop {
            let (job, origin) = (&arrival.job, &arrival.origin);
            let group = job.group.as_ref().map(|group| Member {
                key: group.key.clone(),
                supersedes: group.on_conflict == OnConflict::Supersede,
                age: (origin.enqueued_at, origin.message_id.clone()),
            });
            let handle = match self.deduplication.claim(&job.id, group) {
                Claim::First(claimed) => return Ok(Some(claimed)),
                Claim::Repeat(handle) => handle,
            };
            // It waits for another message, and not for a slot.
            arrival.waiting = None;
            observe::job_repeated(&job.id);
            let repeat = async {
                let publication = handle.gone().await;
                if let Some(publication) = &publication {
                    self.reporter.repeat(publication).await;
                }
                // Where the first has gone without an end, the id is free again.
                publication.is_some()
            };
            tokio::select! {
                biased;
                repeated = repeat => if repeated { return Ok(None) },
                () = self.shutdown.drain.cancelled() => return Err(Left::Drained),
            }
        }
    }

    async fn build(&self, arrival: &mut Arrival, claimed: &Claimed, tracked: &Tracked) -> Result<(Ended, Option<Untold>), Left> {
        let waiting = arrival.waiting.take();
        let arrival = &*arrival;
        let Some(profile) = arrival.config.profiles.get(&arrival.job.profile) else { return Err(Left::Drained) };
        let is_new = arrival.receive_count == 1 && !claimed.seen_before;
        if is_new {
            Box::pin(self.reporter.queued(&arrival.job, &arrival.origin)).await;
        }
        let mut run = Run::new(self, arrival, profile, claimed, tracked, is_new, waiting);
        let end = run.attempts().await?;
        // Its own references, so that only one of each is kept while the build runs.
        let (worker, arrival, claimed) = (run.worker, run.arrival, run.claimed);
        let mut timings = Timings {
            queued_seconds: worker.since(arrival.origin.enqueued_at, arrival.received),
            waiting_seconds: run.began.map(|began| began.duration_since(arrival.received).as_secs_f64()),
            ..Timings::default()
        };
        if let Some(build) = &end.build {
            timings = timings.with_build(build);
        }
        let untold = run.untold();
        // A build that ended by itself just before keeps its own end.
        let cancelled = claimed.handle.reason().filter(|why| why.status == end.outcome.status);
        Ok((Ended { build: end.build, attempt: end.attempt, outcome: end.outcome, cancelled, timings }, untold))
    }

    /// Seconds from a time in the past to an instant.
    fn since(&self, past: Option<Timestamp>, instant: Instant) -> Option<f64> {
        Some(self.clock.at(instant).duration_since(past?).as_secs_f64().max(0.0))
    }

    /// Builds that started earlier are another job's: older than the message by more than the window of de-duplication.
    pub(crate) fn horizon(&self, enqueued_at: Option<Timestamp>, received: Instant) -> Timestamp {
        let enqueued = enqueued_at.unwrap_or_else(|| self.clock.at(received));
        enqueued.checked_sub(self.current.now().limits.deduplication).unwrap_or(Timestamp::MIN)
    }
}

/// The job as its build was started for it: a message that finds the build may say otherwise. Only the message's id is always its own.
fn as_built(job: &Job, origin: &Origin, build: Option<&Build>) -> (Job, Origin) {
    let mut origin = origin.clone();
    let Some(build) = build else { return (job.clone(), origin) };
    origin.enqueued_at = build.record.as_ref().and_then(|record| record.enqueued_at).or(origin.enqueued_at);
    (as_built::as_built(job, build), origin)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{deduplication::JobHandle, scheduler::Slot},
        *,
    };
    use crate::job::{build::Phase, event::JobSummary, schedule::Ticket, standing::JobStanding};

    fn bytes<F>(_: impl FnOnce(&'static Worker, &'static mut Arrival) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_job_takes_little_memory_while_its_build_runs() {
        let bytes = bytes(Worker::carry);
        // With what carries it, it takes 1,024 then.
        assert!(bytes <= 936, "{bytes}: what is short needs a box of its own");
    }

    /// There is one of each for every build in flight; a byte more can take the next size that the allocator has, a fifth larger.
    #[test]
    fn what_is_kept_of_a_job_while_its_build_runs_is_small() {
        for (what, bytes, most) in [
            ("a build", size_of::<Build>(), 512 - 16),
            ("a phase", size_of::<Phase>(), 48),
            ("its standing", size_of::<JobStanding>(), 320 - 16),
            ("the job in it", size_of::<JobSummary>(), 256 - 16),
            ("the job", size_of::<Job>(), 256 - 16),
            ("its ticket", size_of::<Ticket>(), 192 - 16),
            ("its claim", size_of::<JobHandle>(), 160 - 16),
            ("its origin", size_of::<Origin>(), 112 - 16),
            ("its slot", size_of::<Slot>(), 80),
        ] {
            assert!(bytes <= most, "{what} takes {bytes} bytes, and {most} were enough");
        }
    }
}
