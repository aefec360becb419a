//! Starts builds, each once: finds the build that is there already, keeps to the idempotency token, and says what a refusal means.

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
/// Starts under way at once: more only hold connections and memory, and CodeBuild throttles them.
const STARTS: usize = 32;
/// For so long a refusal to look for builds may pass: a permission that has just been given takes some seconds to hold.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Starts builds. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Starter {
    builds: Builds,
    statuses: Batcher<Statuses>,
    index: Index,
    /// One permit for each start that may be under way.
    starts: Arc<Semaphore>,
}

/// Why a build has not been started.
#[derive(Debug)]
pub(crate) enum NotStarted {
    /// CodeBuild runs as many builds as it may.
    NoCapacity(AwsError),
    /// CodeBuild is throttling, or the credentials do not hold: nothing was carried out, and the same order may be given again.
    Throttled(AwsError),
    /// Nobody knows whether the build has started: the same order may be given again, and no refusal is believed before the build has
    /// been looked for.
    Unknown(AwsError),
    /// The token was used for another order: an earlier version or configuration has started the build, or is about to.
    StartedOtherwise(AwsError),
    /// CodeBuild will not start this build. `again`: another attempt could go better.
    Refused { failure: Failure, again: bool },
}

impl Starter {
    pub(crate) fn new(builds: Builds, statuses: Batcher<Statuses>, index: Index) -> Self {
        Self { builds, statuses, index, starts: Arc::new(Semaphore::new(STARTS)) }
    }

    /// The job's latest build, if it has one. Asks until CodeBuild answers; an error: it has refused to for as long as [`PATIENCE`].
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

    /// One look at what [`Starter::find`] asks for.
    pub(crate) async fn look(&self, query: &Query<'_>) -> Result<Option<Arc<Build>>, AwsError> {
        for sighting in self.index.find(query).await? {
            let build = self.statuses.call(sighting.build_id).await?;
            // A build that still runs is the job's, however old it is.
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

    /// Gives the order to CodeBuild, once.
    pub(crate) async fn start(&self, order: &Order) -> Result<Arc<Build>, NotStarted> {
        // The semaphore is never closed.
        let _start = self.starts.acquire().await;
        match Box::pin(self.builds.start(order)).await {
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

/// CodeBuild does not say which builds there are: none is started that could be a second one.
pub(crate) fn lookup_refused(project: &str, error: &AwsError) -> Failure {
    failure(error, format!("codebuild refused to list the builds of the project {project}: {}", error.message))
}

fn failure(error: &AwsError, message: String) -> Failure {
    Failure { kind: FailureKind::Platform, phase: None, code: error.code.clone(), message, command: None }
}
