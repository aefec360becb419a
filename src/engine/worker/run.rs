//! What a job does with its place: attempts at its build, as long as it is the platform that fails.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep},
};

use super::{Left, Worker};
use crate::{
    aws::Class,
    backoff::Backoff,
    config::Profile,
    engine::{
        index::Query,
        roster::{Cancel, Cancelled},
        scheduler::Slot,
        starter::{NotStarted, pauses},
        watcher::Lost,
    },
    job::{
        Job,
        build::Build,
        event::Origin,
        line::Ticket,
        order::translate,
        outcome::{Failure, FailureKind, Outcome, Status, Verdict, judge},
    },
    observe,
};

/// Between a fault of the platform and the next attempt.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(2);
/// A token lives five minutes at CodeBuild. A start this long after the last look for the job's build could be a second build.
const TOKEN_LIFE: Duration = Duration::from_mins(4);

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
    /// Whether a start may have happened without our knowing it.
    tried: bool,
    /// When the job got its first build.
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
        Self { worker, job, origin, profile, cancel, query, ticket, room: Some(room), slot: None, looked: None, tried: false, began: None }
    }

    /// Attempts at the job until it has ended. `again`: the message was received before, so that there may be a build already.
    pub(super) async fn attempts(&mut self, again: bool) -> Result<End, Left> {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut attempt = 1;
        // What has ended needs no place to be reported.
        let mut found = if again { self.find_ended().await? } else { None };
        loop {
            let build = match found.take() {
                Some(build) => Ok(build),
                None => match self.begin(attempt).await? {
                    Ok(begun) => begun,
                    Err(why) => return Ok((None, attempt - 1, Outcome { status: why.status, failure: None })),
                },
            };
            self.began.get_or_insert_with(Instant::now);
            let (build, failure, again) = match build {
                Ok(build) => {
                    attempt = build.attempt.unwrap_or(attempt);
                    let (build, verdict) = self.follow(attempt, build).await?;
                    match verdict {
                        Verdict::Ended(outcome) => return Ok((Some(build), attempt, outcome)),
                        Verdict::PlatformFault(failure) => (Some(build), failure, true),
                    }
                }
                Err((failure, again)) => (None, failure, again),
            };
            if !again || attempt >= self.worker.config.retry.attempts {
                return Ok((build, attempt, Outcome { status: Status::Errored, failure: Some(failure) }));
            }
            observe::attempt_failed(&self.job.id, attempt, &failure.message);
            attempt += 1;
            self.tried = false;
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

    /// The attempt's build, or why there is none: CodeBuild's refusal, and whether another attempt could go better; or a cancellation.
    async fn begin(&mut self, attempt: u32) -> Result<Result<Result<Arc<Build>, (Failure, bool)>, Cancelled>, Left> {
        let (shutdown, cancel) = (&self.worker.shutdown, self.cancel);
        let why = tokio::select! {
            biased;
            // A start that is cut off here may have happened: whoever gets the message next looks for its build.
            () = shutdown.drain.cancelled() => return Err(Left),
            why = cancel.cancelled() => why,
            begun = self.build(attempt) => return Ok(Ok(begun)),
        };
        if self.looked.is_some() && !self.tried {
            return Ok(Err(why));
        }
        // There may be a build: it is to be stopped, which is the follower's to do.
        tokio::select! {
            biased;
            () = shutdown.drain.cancelled() => Err(Left),
            found = self.find(attempt, Instant::now()) => Ok(found.map(Ok).ok_or(why)),
        }
    }

    /// Finds the attempt's build, or starts it when there is a place and capacity for it.
    async fn build(&mut self, attempt: u32) -> Result<Arc<Build>, (Failure, bool)> {
        let order = translate(self.job, self.profile, attempt);
        let (starter, mut pauses, mut refused) = (&self.worker.starter, pauses(), false);
        loop {
            if self.slot.is_none() {
                self.slot = Some(self.place(refused).await);
                self.room = None;
            }
            if let Some(build) = self.seek(attempt).await {
                observe::build_adopted(&self.job.id, &build.id);
                return Ok(build);
            }
            self.tried = true;
            match starter.start(&order).await {
                Ok(build) => {
                    observe::build_started(&self.job.id, &build.id, attempt);
                    if let Some(slot) = &self.slot {
                        slot.accepted();
                    }
                    return Ok(build);
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
                    sleep(pauses.pause()).await;
                }
                Err(NotStarted::StartedOtherwise(error)) => {
                    observe::start_delayed(&self.job.id, &error);
                    self.looked = None;
                    self.query.fresh = Instant::now();
                    sleep(pauses.pause()).await;
                }
                Err(NotStarted::Refused { failure, again }) => return Err((failure, again)),
            }
        }
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
        let id = build.id.clone();
        let stopping = async {
            let why = self.cancel.cancelled().await;
            self.stop(&id).await;
            why
        };
        tokio::pin!(stopping);
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut following => break ended,
                why = &mut stopping, if cancelled.is_none() => cancelled = Some(why),
                () = worker.shutdown.leave.cancelled() => return Err(Left),
            }
        };
        Ok(match ended {
            Ok(build) => {
                let verdict = judge(&build);
                // A build that an earlier process has stopped is ended already; the reason may have come back with the jobs.
                (build, overrule(verdict, cancelled.or_else(|| self.cancel.reason())))
            }
            Err(Lost::Gone) => (build, Verdict::PlatformFault(gone())),
        })
    }

    /// Asks CodeBuild to stop a build until it has heard.
    async fn stop(&self, build_id: &str) {
        let mut pauses = pauses();
        while let Err(error) = self.worker.builds.stop(build_id).await {
            observe::stop_failed(build_id, &error);
            if error.class == Class::NotFound {
                return;
            }
            sleep(pauses.pause()).await;
        }
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

fn gone() -> Failure {
    Failure {
        kind: FailureKind::Platform,
        phase: None,
        code: Some("BUILD_NOT_FOUND".to_owned()),
        message: "codebuild no longer knows the build".to_owned(),
        command: None,
    }
}
