//! What can be known and done of a job where no daemon answers: CodeBuild's builds, and the job queue.

use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use super::{
    client::Failure,
    logs::find,
    site::{Location, Site},
};
use crate::{
    aws::{
        Clients,
        builds::Builds,
        queue::{Attributes, Queue, place},
    },
    clock::Clock,
    job::{JobId, build::Build, message::wire::CancelMessage, reference::Reference, standing::JobDetail},
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
pub(super) struct Sender {
    queue: Queue,
    builds: Builds,
    projects: Vec<String>,
}

impl Records {
    /// A job as its latest build tells of it. `failure`: why no daemon was asked, which is told.
    pub(super) async fn job(&self, name: &Reference, failure: &Failure) -> anyhow::Result<JobDetail> {
        let site = self.site(failure)?;
        super::note(&format!(
            "{failure}; this is CodeBuild's record: whether the job waits, and what happened before its build, is not known"
        ))?;
        let builds = Clients::from_environment(super::variable).await?.builds();
        if let Some(build) = build(&builds, name, site.projects.iter()).await? {
            let id = build.job.clone().with_context(|| format!("the build {} is no job's", build.id))?;
            return JobDetail::of_record(&id, &[Arc::new(build)]).with_context(|| format!("{name} is no build of a job"));
        }
        let Reference::Job(id) = name else {
            bail!("CodeBuild has no build {name} here: check AWS_REGION and whose credentials these are")
        };
        let since = Clock::system().now().checked_sub(OLDEST).unwrap_or_default();
        let mut found = Vec::new();
        for project in site.projects()? {
            let build = find::latest(&builds, project, id.as_str(), since, PAGES).await;
            found.extend(build.with_context(|| format!("cannot look through the builds of {project}"))?.map(Arc::new));
        }
        found.sort_by_key(|build| build.started_at);
        match JobDetail::of_record(id, &found) {
            Some(detail) => Ok(detail),
            None => bail!(
                "CodeBuild has no build of {id} among the latest: it may wait on the queue, it may have been rejected (slipway dlq ls), or no job has this id"
            ),
        }
    }

    /// The job queue, to send what a daemon would have been told. `failure`: why none was, which is told.
    pub(super) async fn sender(&self, failure: &Failure) -> anyhow::Result<Sender> {
        let site = self.site(failure)?;
        super::note(&format!("{failure}; the cancellation is put on the queue instead: whether there is such a job is not known"))?;
        let clients = Clients::from_environment(super::variable).await?;
        let projects = site.projects.iter().cloned().collect();
        Ok(Sender { queue: clients.queue(site.queue()?), builds: clients.builds(), projects })
    }

    fn site(&self, failure: &Failure) -> anyhow::Result<Site> {
        let site = self.location.site(super::environment())?;
        if site.queue.is_none() && site.projects.is_empty() {
            // That nobody answers is the cause, and no wrong usage.
            bail!(
                "{failure}; to ask AWS instead, name the deployment: --client FILE, --config FILE, or --queue-url URL with --project NAME"
            );
        }
        Ok(site)
    }
}

impl Sender {
    /// The id of the job that is named.
    pub(super) async fn target(&self, name: &Reference) -> anyhow::Result<JobId> {
        match (build(&self.builds, name, &self.projects).await?, name) {
            (Some(build), _) if build.has_ended() => bail!("the build {} has ended", build.id),
            (Some(build), _) => build.job.clone().with_context(|| format!("the build {} is no job's", build.id)),
            (None, Reference::Job(id)) => Ok(id.clone()),
            (None, Reference::Build(_)) => bail!("CodeBuild has no build {name} here: check AWS_REGION and whose credentials these are"),
        }
    }

    /// Asks whoever has a job, or will receive it, to cancel it.
    pub(super) async fn cancel(&self, job: &JobId, reason: Option<String>) -> anyhow::Result<()> {
        let body = serde_json::to_string(&CancelMessage { version: 1, cancel: job.clone(), reason })?;
        let unique = format!("cancel-{:016x}", fastrand::u64(..));
        self.queue.send_to(&place(&body, self.queue.is_fifo(), unique), &body, &Attributes::new()).await?;
        Ok(())
    }
}

/// The build that is named, if it is one that is.
async fn build<'a>(builds: &Builds, name: &Reference, projects: impl IntoIterator<Item = &'a String>) -> anyhow::Result<Option<Build>> {
    let ids = match name {
        // Whoever has it need not name its project.
        Reference::Build(id) => vec![id.clone()],
        Reference::Job(_) => name.builds(projects.into_iter().map(String::as_str)),
    };
    if ids.is_empty() {
        return Ok(None);
    }
    let found = builds.get(&ids).await.with_context(|| format!("cannot look for the build {name}"))?;
    Ok(found.into_iter().next())
}
