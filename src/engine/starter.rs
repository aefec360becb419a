//! Starts builds, each once: finds the build that is there already, keeps to the idempotency token, and says what a refusal means.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

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

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Starts builds. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Starter {
    builds: Builds,
    statuses: Batcher<Statuses>,
    index: Index,
}

/// Why a build has not been started.
#[derive(Debug)]
pub(crate) enum NotStarted {
    /// CodeBuild runs as many builds as it may.
    NoCapacity(AwsError),
    /// CodeBuild is throttling, or nobody knows whether the build has started: the same order may be given again.
    Unknown(AwsError),
    /// The token was used for another order: an earlier version or configuration has started the build, or is about to.
    StartedOtherwise(AwsError),
    /// CodeBuild will not start this build. `again`: another attempt could go better.
    Refused { failure: Failure, again: bool },
}

impl Starter {
    pub(crate) fn new(builds: Builds, statuses: Batcher<Statuses>, index: Index) -> Self {
        Self { builds, statuses, index }
    }

    /// The job's latest build, if it has one. Tries until CodeBuild answers.
    pub(crate) async fn find(&self, query: Query<'_>) -> Option<Arc<Build>> {
        let mut pauses = pauses();
        loop {
            match self.look_up(&query).await {
                Ok(found) => return found,
                Err(error) => observe::lookup_failed(query.job, &error),
            }
            sleep(pauses.pause()).await;
        }
    }

    async fn look_up(&self, query: &Query<'_>) -> Result<Option<Arc<Build>>, AwsError> {
        match self.index.find(query).await? {
            Some(sighting) => self.statuses.call(sighting.build_id).await,
            None => Ok(None),
        }
    }

    /// Gives the order to CodeBuild, once.
    pub(crate) async fn start(&self, order: &Order) -> Result<Arc<Build>, NotStarted> {
        match self.builds.start(order).await {
            Ok(build) => {
                self.index.record(&build).await;
                Ok(Arc::new(build))
            }
            Err(error) if error.is_token_mismatch() => Err(NotStarted::StartedOtherwise(error)),
            Err(error) => Err(match error.class {
                Class::Capacity => NotStarted::NoCapacity(error),
                Class::Throttled | Class::Transient | Class::Unreachable | Class::Credentials => NotStarted::Unknown(error),
                Class::Denied | Class::NotFound => NotStarted::Refused { failure: failure(&error), again: true },
                Class::Invalid => NotStarted::Refused { failure: failure(&error), again: false },
            }),
        }
    }
}

/// Pauses between tries at one build.
pub(crate) fn pauses() -> Backoff {
    Backoff::new(FIRST_PAUSE, LONGEST_PAUSE)
}

fn failure(error: &AwsError) -> Failure {
    Failure {
        kind: FailureKind::Platform,
        phase: None,
        code: error.code.clone(),
        message: format!("codebuild refused to start the build: {}", error.message),
        command: None,
    }
}
