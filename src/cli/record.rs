//! What can be known and done of a job where no daemon answers: CodeBuild's builds, and the job queue.

use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use super::{
    Usage,
    client::Failure,
    logs::find,
    site::{Location, Site},
};
use crate::{
    aws::{
        Clients,
        queue::{Attributes, Queue, place},
    },
    clock::Clock,
    job::{JobId, message::wire::CancelMessage, standing::JobDetail},
};

/// Pages of a hundred builds of a project that are looked through, and how old the oldest may be: as long as a build and its wait can take.
const PAGES: usize = 20;
const OLDEST: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);

/// Where AWS is asked in a daemon's place.
#[derive(Debug, Clone, Args)]
pub(super) struct Records {
    #[command(flatten)]
    location: Location,
}

/// Sends to a job queue.
#[derive(Debug)]
pub(super) struct Sender(Queue);

impl Records {
    /// A job as its latest build tells of it. `failure`: why no daemon was asked, which is told.
    pub(super) async fn job(&self, id: &JobId, failure: &Failure) -> anyhow::Result<JobDetail> {
        let site = self.site(failure)?;
        super::note(&format!(
            "{failure}; this is CodeBuild's record: whether the job waits, and what happened before its build, is not known"
        ))?;
        let builds = Clients::from_environment(super::variable).await?.builds();
        let since = Clock::system().now().checked_sub(OLDEST).unwrap_or_default();
        let mut found = Vec::new();
        for project in site.projects()? {
            let build = find::latest(&builds, project, id.as_str(), since, PAGES).await;
            found.extend(build.with_context(|| format!("cannot look through the builds of {project}"))?.map(Arc::new));
        }
        found.sort_by_key(|build| build.started_at);
        match JobDetail::of_record(id, &found) {
            Some(detail) => Ok(detail),
            None => bail!("CodeBuild has no build of {id} among the latest: it may wait, it may have been rejected, or it is no job's id"),
        }
    }

    /// The job queue, to send what a daemon would have been told. `failure`: why none was, which is told.
    pub(super) async fn sender(&self, failure: &Failure) -> anyhow::Result<Sender> {
        let site = self.site(failure)?;
        super::note(&format!("{failure}; the wish is put on the queue instead: whether there is such a job is not known"))?;
        Ok(Sender(Clients::from_environment(super::variable).await?.queue(site.queue()?)))
    }

    fn site(&self, failure: &Failure) -> anyhow::Result<Site> {
        let site = self.location.site(super::environment())?;
        if site.queue.is_none() && site.projects.is_empty() {
            return Err(Usage(format!("{failure}; to ask AWS instead, name the configuration with --config")).into());
        }
        Ok(site)
    }
}

impl Sender {
    /// Asks whoever has a job, or will receive it, to cancel it.
    pub(super) async fn cancel(&self, job: &JobId, reason: Option<String>) -> anyhow::Result<()> {
        let body = serde_json::to_string(&CancelMessage { version: 1, cancel: job.clone(), reason })?;
        let unique = format!("cancel-{:016x}", fastrand::u64(..));
        self.0.send_to(&place(&body, self.0.is_fifo(), unique), &body, &Attributes::new()).await?;
        Ok(())
    }
}
