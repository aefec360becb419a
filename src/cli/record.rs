//! What is known of a job, and can be done, without a daemon: by CodeBuild's builds and the job queue.

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

/// The most pages of a hundred builds of a project that are read, and the greatest age of a build: the longest time of a build and its
/// wait.
const PAGES: usize = 20;
const OLDEST: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);

/// The deployment to ask without a daemon.
#[derive(Debug, Clone, Args)]
pub(super) struct Records {
    #[command(flatten)]
    location: Location,
}

/// The sender of cancelling messages.
#[derive(Debug)]
pub(super) struct Sender {
    queue: Queue,
    builds: Builds,
    projects: Vec<String>,
}

impl Records {
    /// A job by its latest build. `failure`: why the daemon did not answer, which is told to the user.
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
        found.sort_by_key(|build| build.started_at());
        match JobDetail::of_record(id, &found) {
            Some(detail) => Ok(detail),
            None => bail!(
                "CodeBuild has no build of {id} among the latest: it may wait on the queue, it may have been rejected (slipway dlq ls), or no job has this id"
            ),
        }
    }

    /// The job queue, for cancelling messages. `failure`: why the daemon did not answer, which is told to the user.
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
            // The cause is that no daemon answers, and not wrong usage.
            bail!(
                "{failure}; to ask AWS instead, name the deployment: --client FILE, --config FILE, or --queue-url URL with --project NAME"
            );
        }
        Ok(site)
    }
}

impl Sender {
    /// The id of the named job.
    pub(super) async fn target(&self, name: &Reference) -> anyhow::Result<JobId> {
        match (build(&self.builds, name, &self.projects).await?, name) {
            (Some(build), _) if build.has_ended() => bail!("the build {} has ended", build.id),
            (Some(build), _) => build.job.clone().with_context(|| format!("the build {} is no job's", build.id)),
            (None, Reference::Job(id)) => Ok(id.clone()),
            (None, Reference::Build(_)) => bail!("CodeBuild has no build {name} here: check AWS_REGION and whose credentials these are"),
        }
    }

    /// Sends a message that cancels a job, for the process that has it or will receive it.
    pub(super) async fn cancel(&self, job: &JobId, reason: Option<String>) -> anyhow::Result<()> {
        let body = serde_json::to_string(&CancelMessage { version: 1, cancel: job.clone(), reason })?;
        let unique = format!("cancel-{:016x}", fastrand::u64(..));
        self.queue.send_to(&place(&body, self.queue.is_fifo(), unique), &body, &Attributes::new()).await?;
        Ok(())
    }
}

/// The named build, if a build is named.
async fn build<'a>(builds: &Builds, name: &Reference, projects: impl IntoIterator<Item = &'a String>) -> anyhow::Result<Option<Build>> {
    let ids = match name {
        // An ARN or id names its project.
        Reference::Build(id) => vec![id.clone()],
        Reference::Job(_) => name.builds(projects.into_iter().map(String::as_str)),
    };
    if ids.is_empty() {
        return Ok(None);
    }
    let found = builds.get(&ids).await.with_context(|| format!("cannot look for the build {name}"))?;
    Ok(found.into_iter().next())
}
