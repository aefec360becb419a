//! One job: from the tracker if it is held or remembered, else from CodeBuild's builds.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::Console;
use crate::{
    aws::AwsError,
    config::Config,
    engine::index::Query,
    job::{
        JobId,
        build::Build,
        reference::Reference,
        standing::{JobDetail, JobStanding},
    },
};

/// How old a reading of the list of builds may be. Requests for unknown jobs so cause at most one reading a minute.
const FRESH: Duration = Duration::from_mins(1);
/// How many builds of one job are read: more than the attempts that a configuration allows.
const BUILDS: usize = 10;

impl Console {
    /// A job with all that is known of it: from memory, else from CodeBuild's builds. `None`: no job of this id is in memory, and no build
    /// of it is found as far back as [`Console::reach`].
    ///
    /// # Errors
    /// The job is not in memory, and CodeBuild does not answer or refuses.
    pub async fn job(&self, id: &JobId) -> Result<Option<JobDetail>, AwsError> {
        self.snapshot();
        if let Some(detail) = self.tracker().detail(id, |_| {}) {
            return Ok(Some(detail));
        }
        Ok(JobDetail::of_record(id, &self.builds(id).await?))
    }

    /// A job by its id or by one of its builds. By a build it is the job of that build, not a newer job of the same id.
    ///
    /// # Errors
    /// As [`Console::job`].
    pub async fn named(&self, name: &Reference) -> Result<Option<JobDetail>, AwsError> {
        let id = match name {
            Reference::Job(id) => Some(id.clone()),
            Reference::Build(_) => None,
        };
        for id in self.known(name).into_iter().chain(id) {
            if let Some(detail) = self.job(&id).await?.filter(|detail| is_named(detail, name)) {
                return Ok(Some(detail));
            }
        }
        let Some(build) = self.build(name).await? else { return Ok(None) };
        let Some(id) = build.job.clone() else { return Ok(None) };
        match self.job(&id).await? {
            Some(detail) if detail.standing.build_ids.contains(&build.id) => Ok(Some(detail)),
            _ => Ok(JobDetail::of_record(&id, &[build])),
        }
    }

    /// The id of the job to cancel, by its id or by one of its builds. `None`: no such build runs.
    ///
    /// # Errors
    /// As [`Console::job`].
    pub async fn cancellable(&self, name: &Reference) -> Result<Option<JobId>, AwsError> {
        if let Some(id) = self.known(name) {
            let is_it = self.tracker().detail(&id, |_| {}).is_none_or(|detail| is_named(&detail, name));
            return Ok(is_it.then_some(id));
        }
        match (self.build(name).await?, name) {
            (Some(build), _) if !build.has_ended() => Ok(build.job.clone()),
            // Another process may hold the job, or it is not received yet.
            (_, Reference::Job(id)) => Ok(Some(id.clone())),
            (_, Reference::Build(_)) => Ok(None),
        }
    }

    /// The id of a job that is held or remembered, by its id or by one of its builds. It makes no call.
    pub fn known(&self, name: &Reference) -> Option<JobId> {
        let snapshot = self.snapshot();
        let ids = |is_it: &dyn Fn(&JobStanding) -> bool| {
            snapshot.jobs.iter().find(|job| is_it(job)).and_then(|job| JobId::parse(job.job.id.as_deref()?).ok())
        };
        let by_id = || ids(&|job| matches!(name, Reference::Job(id) if job.job.id.as_deref() == Some(id.as_str())));
        by_id().or_else(|| ids(&|job| job.build_ids.iter().any(|build| name.names_build(build))))
    }

    /// The build that is named, as CodeBuild knows it.
    pub(super) async fn build(&self, name: &Reference) -> Result<Option<Arc<Build>>, AwsError> {
        let config = self.config();
        for id in name.builds(projects(&config)) {
            if let Some(build) = self.parts().worker.starter.status(id.into()).await? {
                return Ok(Some(build));
            }
        }
        Ok(None)
    }

    /// The builds of a job that is not in memory, the latest last.
    pub(super) async fn builds(&self, id: &JobId) -> Result<Vec<Arc<Build>>, AwsError> {
        let parts = self.parts();
        let now = Instant::now();
        let fresh = now.checked_sub(FRESH).unwrap_or(now);
        let since = parts.worker.clock.now().checked_sub(parts.index.reach()).unwrap_or_default();
        let config = self.config();
        let mut builds = Vec::new();
        for project in projects(&config) {
            for sighting in parts.index.find(&Query { project, job: id, since, fresh }).await?.into_iter().take(BUILDS) {
                builds.extend(parts.worker.starter.status(sighting.build_id).await?);
            }
        }
        builds.sort_by_key(|build| (build.started_at(), build.attempt));
        Ok(builds)
    }
}

/// Whether a job is the named one. If a build is named, it must be a build of the job.
fn is_named(detail: &JobDetail, name: &Reference) -> bool {
    match name {
        Reference::Job(_) => true,
        Reference::Build(id) => detail.standing.build_ids.iter().any(|build| **build == **id),
    }
}

/// The projects in which jobs are built.
fn projects(config: &Config) -> BTreeSet<&str> {
    config.profiles.values().map(|profile| profile.project.as_str()).collect()
}
