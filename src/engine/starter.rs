//! Starts builds, each once: finds the build that is there already, keeps to the idempotency token, and takes capacity for what it
//! is: a reason to wait.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::index::{Index, Query};
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

/// A token lives five minutes at CodeBuild; after this a repeated start could be a second build.
const TOKEN_LIFE: Duration = Duration::from_mins(4);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Starts builds. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Starter {
    builds: Builds,
    statuses: Batcher<Statuses>,
    index: Index,
}

/// CodeBuild will not start this build.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) failure: Failure,
    /// Whether another attempt could go better.
    pub(crate) again: bool,
}

impl Starter {
    pub(crate) fn new(builds: Builds, statuses: Batcher<Statuses>, index: Index) -> Self {
        Self { builds, statuses, index }
    }

    /// The job's latest build, if it has one. Tries until CodeBuild answers.
    pub(crate) async fn find(&self, query: Query<'_>) -> Option<Arc<Build>> {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            match self.look_up(&query).await {
                Ok(found) => return found,
                Err(error) => observe::lookup_failed(query.job, &error),
            }
            sleep(backoff.pause()).await;
        }
    }

    async fn look_up(&self, query: &Query<'_>) -> Result<Option<Arc<Build>>, AwsError> {
        match self.index.find(query).await? {
            Some(sighting) => self.statuses.call(sighting.build_id).await,
            None => Ok(None),
        }
    }

    /// Starts the build, waiting as long as there is no capacity. `query` finds it, should it have been started already.
    pub(crate) async fn start(&self, order: &Order, attempt: u32, query: Query<'_>) -> Result<Arc<Build>, Refused> {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut asked = Instant::now();
        loop {
            if asked.elapsed() > TOKEN_LIFE {
                // One of the tries may have started a build whose answer was lost, and the token no longer protects.
                if let Some(build) = self.of_attempt(attempt, &query).await {
                    return Ok(build);
                }
                asked = Instant::now();
            }
            match self.builds.start(order).await {
                Ok(build) => {
                    self.index.record(&build).await;
                    return Ok(Arc::new(build));
                }
                Err(error) if error.is_token_mismatch() => {
                    // The same job was started with another request, by an earlier version or configuration.
                    if let Some(build) = self.of_attempt(attempt, &query).await {
                        return Ok(build);
                    }
                    observe::start_delayed(query.job, &error);
                }
                Err(error) => match error.class {
                    Class::Capacity | Class::Throttled | Class::Transient => observe::start_delayed(query.job, &error),
                    Class::Denied | Class::NotFound => return Err(refused(&error, true)),
                    Class::Invalid => return Err(refused(&error, false)),
                },
            }
            sleep(backoff.pause()).await;
        }
    }

    async fn of_attempt(&self, attempt: u32, query: &Query<'_>) -> Option<Arc<Build>> {
        let found = self.find(Query { fresh: Instant::now(), ..query.clone() }).await;
        found.filter(|build| build.attempt.unwrap_or(1) >= attempt)
    }
}

fn refused(error: &AwsError, again: bool) -> Refused {
    let failure = Failure {
        kind: FailureKind::Platform,
        phase: None,
        code: error.code.clone(),
        message: format!("codebuild refused to start the build: {}", error.message),
        command: None,
    };
    Refused { failure, again }
}
