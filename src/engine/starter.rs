//! Starts builds, each once: looks for a build that exists already, uses an idempotency token, and classifies refusals.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

use super::index::{Index, Query, Superseding};
use crate::{
    aws::{
        AwsError, Class,
        batch::Batcher,
        builds::{Builds, Statuses},
    },
    backoff::Backoff,
    job::{
        build::Build,
        order::Order,
        outcome::{Failure, FailureKind},
    },
    observe,
};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The most concurrent `StartBuild` calls. More would only hold connections and memory, and CodeBuild throttles them.
const STARTS: usize = 32;
/// How long a refusal to list builds is tried again: a new permission takes some seconds to take effect.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Starts builds. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Starter {
    builds: Builds,
    statuses: Batcher<Statuses>,
    index: Index,
    /// One permit for each concurrent start.
    starts: Arc<Semaphore>,
}

/// Why a build was not started.
#[derive(Debug)]
pub(crate) enum NotStarted {
    /// CodeBuild has no capacity for another build.
    NoCapacity(AwsError),
    /// CodeBuild throttles, or the credentials do not work: nothing was carried out, and the same order may be given again.
    Throttled(AwsError),
    /// It is not known whether the build has started. The same order may be given again; if that is refused, look for the build first.
    Unknown(AwsError),
    /// The token was used for another order: a process with another version or configuration has started the build, or is about to.
    StartedOtherwise(AwsError),
    /// CodeBuild refuses this build. `again`: another attempt may succeed.
    Refused { failure: Failure, again: bool },
}

impl Starter {
    pub(crate) fn new(builds: Builds, statuses: Batcher<Statuses>, index: Index) -> Self {
        Self { builds, statuses, index, starts: Arc::new(Semaphore::new(STARTS)) }
    }

    /// The job's latest build, if it has one. Asks until CodeBuild answers.
    ///
    /// # Errors
    /// CodeBuild has refused to list builds for as long as [`PATIENCE`].
    pub(crate) async fn find(&self, query: Query<'_>) -> Result<Option<Arc<Build>>, AwsError> {
        let mut pauses = pauses();
        let mut refused_since = None;
        loop {
            let error = match self.look(&query).await {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            observe::lookup_failed(query.job, &error);
            if !error.class.is_refusal() {
                refused_since = None;
            } else if refused_since.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
                return Err(error);
            }
            sleep(pauses.pause()).await;
        }
    }

    /// As [`Starter::find`], asking once.
    pub(crate) async fn look(&self, query: &Query<'_>) -> Result<Option<Arc<Build>>, AwsError> {
        for sighting in self.index.find(query).await? {
            let build = self.statuses.call(sighting.build_id).await?;
            // A build that still runs belongs to the job, however old it is.
            let is_the_jobs = |build: &Arc<Build>| sighting.started_at >= query.since || !build.has_ended();
            if let Some(build) = build.filter(is_the_jobs) {
                return Ok(Some(build));
            }
        }
        Ok(None)
    }

    /// A build as it is now. `None`: CodeBuild does not know it.
    pub(crate) async fn status(&self, build_id: Arc<str>) -> Result<Option<Arc<Build>>, AwsError> {
        self.statuses.call(build_id).await
    }

    /// The newest job of a group that cancels older ones, among those that had a build.
    pub(crate) async fn superseding(&self, group: &str) -> Option<Superseding> {
        self.index.superseding(group).await
    }

    /// Gives the order to CodeBuild, once. It is written when its turn comes: thousands may wait for theirs.
    pub(crate) async fn start(&self, order: impl FnOnce() -> Order) -> Result<Arc<Build>, NotStarted> {
        // The semaphore is never closed.
        let _start = self.starts.acquire().await;
        match Box::pin(self.builds.start(&order())).await {
            Ok(build) => {
                self.index.record(&build).await;
                Ok(Arc::new(build))
            }
            Err(error) if error.is_token_mismatch() => Err(NotStarted::StartedOtherwise(error)),
            Err(error) => Err(match error.class {
                Class::Capacity => NotStarted::NoCapacity(error),
                Class::Throttled | Class::Credentials => NotStarted::Throttled(error),
                Class::Transient | Class::Unreachable => NotStarted::Unknown(error),
                Class::Denied | Class::NotFound => NotStarted::Refused { failure: start_refused(&error), again: true },
                Class::Invalid => NotStarted::Refused { failure: start_refused(&error), again: false },
            }),
        }
    }
}

/// Pauses between tries at one build.
pub(crate) fn pauses() -> Backoff {
    Backoff::new(FIRST_PAUSE, LONGEST_PAUSE)
}

fn start_refused(error: &AwsError) -> Failure {
    failure(error, format!("codebuild refused to start the build: {}", error.message))
}

/// The failure of a job for which CodeBuild refuses to list builds: without the list a start could be a second one.
pub(crate) fn lookup_refused(project: &str, error: &AwsError) -> Failure {
    failure(error, format!("codebuild refused to list the builds of the project {project}: {}", error.message))
}

fn failure(error: &AwsError, message: String) -> Failure {
    Failure { kind: FailureKind::Platform, phase: None, code: error.code.clone(), message, command: None }
}
