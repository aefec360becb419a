//! One job: from the table of those that are held or remembered, else from CodeBuild's record.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::Console;
use crate::{
    aws::AwsError,
    engine::index::Query,
    job::{JobId, build::Build, standing::JobDetail},
};

/// A reading of the builds' list that is as old serves here: whoever asks for jobs that nobody knows causes no more than a reading a minute.
const FRESH: Duration = Duration::from_mins(1);
/// Builds of one job that are looked at: more attempts than a configuration allows.
const BUILDS: usize = 10;

impl Console {
    /// A job with all that is known of it: one that is held or remembered, else what CodeBuild's builds say. `None`: there is none by this
    /// id, as far back as [`Console::reach`].
    pub async fn job(&self, id: &JobId) -> Result<Option<JobDetail>, AwsError> {
        self.snapshot();
        if let Some(detail) = self.tracker().detail(id, |_| {}) {
            return Ok(Some(detail));
        }
        Ok(JobDetail::of_record(id, &self.builds(id).await?))
    }

    /// The builds of a job that nobody remembers, the latest last.
    pub(super) async fn builds(&self, id: &JobId) -> Result<Vec<Arc<Build>>, AwsError> {
        let parts = self.parts();
        let now = Instant::now();
        let fresh = now.checked_sub(FRESH).unwrap_or(now);
        let since = parts.worker.clock.now().checked_sub(parts.index.reach()).unwrap_or_default();
        let config = self.config();
        let mut projects: Vec<&str> = config.profiles.values().map(|profile| profile.project.as_str()).collect();
        projects.sort_unstable();
        projects.dedup();
        let mut builds = Vec::new();
        for project in projects {
            for sighting in parts.index.find(&Query { project, job: id, since, fresh }).await?.into_iter().take(BUILDS) {
                builds.extend(parts.worker.starter.status(sighting.build_id).await?);
            }
        }
        builds.sort_by_key(|build| (build.started_at, build.attempt));
        Ok(builds)
    }
}
