//! `slipway logs`: shows one build's log.

pub(super) mod find;
mod fold;
pub(super) mod follow;
pub(super) mod inquiry;
pub(super) mod leave;
pub(super) mod output;
pub(super) mod record;
mod text;

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;

use self::{
    follow::{Followed, Follower, SETTLE},
    inquiry::{Inquiry, Known},
    leave::{until_interrupted, way_back},
    output::Output,
    record::{End, Record},
};
use super::{
    Exit,
    client::Daemon,
    exit::NotFollowed,
    show,
    site::{Location, Site},
    submit::{ending::Ending, follow::Follow},
};
use crate::{
    aws::Clients,
    job::{JobId, build::Build, reference::Reference},
};

/// The most pages of a hundred builds in which a job's build is looked for, from the newest.
const PAGES: usize = 10;
/// CodeBuild's status of a build that succeeded.
const SUCCEEDED: &str = "SUCCEEDED";

/// Show one build's log, nothing else mixed in
#[derive(Debug, Args)]
#[command(after_help = "\
The log's lines go to stdout as CodeBuild wrote them; the phases with their
times, and how the build ended, go to stderr. On a terminal there are colours,
unless NO_COLOR is set; elsewhere lines lose those that the build gave them.
Interrupted, it leaves the build alone and says how to come back.

A job's build is its latest; it is looked for among the 1,000 newest of each
project. A build's id needs no deployment to be named. A job that has no build
yet is waited for with --follow; without it, the daemon is asked why it waits.

With --json everything is on stdout, one JSON object a line:
  {\"type\":\"build\",\"build\":\"flex:5fea\",\"job\":\"app-4711\",\"attempt\":1,
   \"number\":17}
  {\"type\":\"phase\",\"build\":\"flex:5fea\",\"phase\":\"BUILD\",\"status\":\"FAILED\",
   \"seconds\":71.5,\"ended_at\":\"...\",\"code\":\"...\",\"message\":\"...\"}
  {\"type\":\"line\",\"build\":\"flex:5fea\",\"time\":\"2026-11-22T10:22:00.123Z\",
   \"text\":\"as it was logged\"}
  {\"type\":\"end\",\"build\":\"flex:5fea\",\"status\":\"failed\",\"complete\":true}
The end's status is the build's, in_progress if it was not waited for; complete
says whether the end of the log was seen.

Without a daemon that answers (--daemon), whether a job without a build waits,
was cancelled or was rejected is not known: then --follow waits for its build
for 30 minutes at most.

Exit codes: 0 shown, with --follow the build succeeded; 1 with --follow it did
not; 2 the job was rejected; 3 there is no log, or it cannot be read;
64 wrong usage; 78 the configuration is wrong; 130 interrupted.

Examples:
  slipway logs app-4711
  slipway logs app-4711 --follow --client client.toml
  slipway logs codebuild-flex:5fea7756-0ea4-451a-a703-a558b933e274 > build.log
  slipway logs app-4711 --json | jq -r 'select(.type == \"line\").text'")]
pub(super) struct Logs {
    /// A job's id; or a build's id (PROJECT:UUID), its ARN, or the ARN's last part
    #[arg(value_name = "JOB-OR-BUILD", value_parser = show::job)]
    what: Reference,

    /// Go on until the build has ended, and exit as it did
    #[arg(long, short)]
    follow: bool,

    /// One JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    daemon: Daemon,

    #[command(flatten)]
    location: Location,
}

/// What the argument names.
enum Found {
    Build(Box<Build>),
    /// A job without a build, in this deployment.
    Nothing(JobId),
}

impl Logs {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let site = self.location.site(super::environment())?;
        // Find the deployment first: its error says more than one about the AWS environment.
        if matches!(self.what, Reference::Job(_)) {
            site.projects()?;
        }
        let clients = Clients::from_environment(super::variable).await?;
        self.show(&clients, &site).await.with_context(|| NotFollowed(self.what.to_string()))
    }

    async fn show(&self, clients: &Clients, site: &Site) -> anyhow::Result<Exit> {
        let settle = site.config.as_ref().map_or(SETTLE, |config| config.log.settle);
        let mut follower = Follower::new(clients, settle, Output::open(self.json));
        let build = match self.find(clients, site).await? {
            Found::Build(build) => *build,
            Found::Nothing(job) => {
                let inquiry = Inquiry::new(&self.daemon, &job)?;
                match inquiry.ask().await {
                    Known::Built(id) => follower.look(&id).await?,
                    known if self.follow => return self.wait(clients, site, inquiry, known).await,
                    known => return self.nothing(site, known),
                }
            }
        };
        let (id, follow) = (build.id.clone(), self.follow);
        if let Some(ended) = until_interrupted(tell(&mut follower, build, follow)).await? {
            return Ok(if follow && *ended.status != *SUCCEEDED { Exit::Failed } else { Exit::Done });
        }
        if follow && follower.current.is_some() {
            follower.output.note(&format!("\nThe build goes on. To come back to it: {}", way_back(&id, &Location::default()))).ok();
        }
        Ok(Exit::Interrupted)
    }

    async fn find(&self, clients: &Clients, site: &Site) -> anyhow::Result<Found> {
        let named = match &self.what {
            Reference::Build(id) => vec![id.clone()],
            job @ Reference::Job(_) => job.builds(site.projects()?.iter().map(String::as_str)),
        };
        let build = if named.is_empty() { None } else { clients.builds().get(&named).await?.into_iter().next() };
        let job = match (build, &self.what) {
            (Some(build), _) => return Ok(Found::Build(Box::new(build))),
            (None, Reference::Build(id)) => {
                bail!("there is no build {id}: it may be older than a year, or in another region (AWS_REGION) or account (AWS_PROFILE)")
            }
            (None, Reference::Job(job)) => job,
        };
        let mut found = None::<Build>;
        for project in site.projects()? {
            let latest = find::latest(&clients.builds(), project, job.as_str(), Timestamp::MIN, PAGES).await?;
            found = found.into_iter().chain(latest).max_by_key(Build::started_at);
        }
        Ok(found.map_or_else(|| Found::Nothing(job.clone()), |build| Found::Build(Box::new(build))))
    }

    /// Waits for the job's first build, and follows it. `known`: what the daemon says of the job.
    async fn wait(&self, clients: &Clients, site: &Site, mut inquiry: Inquiry, known: Known) -> anyhow::Result<Exit> {
        let mut follow = Follow::new(clients, site, Output::open(self.json));
        let job = self.what.to_string();
        let mut words = inquiry.heard(&known)?.unwrap_or_default();
        if let Known::Waits(why) = &known {
            words = format!("{job} has no build yet: {why}");
        }
        if let Some(end) = Ending::known(known) {
            end.tell(&job, false, &mut follow.follower.output)?;
            return Ok(end.exit());
        }
        follow.follower.output.note(&format!("{words}; Ctrl-C ends the wait"))?;
        let followed = until_interrupted(follow.wait(&job, inquiry)).await;
        follow.close(matches!(followed, Ok(None)), &self.location).await;
        Ok(followed?.unwrap_or(Exit::Interrupted))
    }

    /// The error if there is no build: why, as far as the daemon knows, and what to type next.
    fn nothing(&self, site: &Site, known: Known) -> anyhow::Result<Exit> {
        let job = &self.what;
        let why = match &known {
            Known::Waits(why) => format!("{why}; slipway show {job} says more"),
            Known::Unknown(why) => {
                format!("{why}; the job waits on the queue, was rejected (slipway dlq ls), ended long ago, or was never sent")
            }
            Known::Built(_) | Known::Ended(_) | Known::Rejected(_) => String::new(),
        };
        if let Some(end) = Ending::known(known) {
            end.tell(&job.to_string(), false, &mut Output::open(self.json))?;
            return Ok(if end.exit() == Exit::Rejected { Exit::Rejected } else { Exit::NotFollowed });
        }
        let projects = site.projects.iter().cloned().collect::<Vec<_>>().join(", ");
        let back = way_back(&job.to_string(), &self.location);
        bail!("there is no build of {job} among the newest of {projects}: {why}\n  to wait for its build: {back}")
    }
}

async fn tell(follower: &mut Follower, build: Build, keep_on: bool) -> anyhow::Result<Build> {
    let Followed { build, complete } = follower.follow(build, keep_on).await?;
    let end = End { build: Some(&build.id), status: build.status.to_lowercase(), complete: Some(complete), ..End::default() };
    follower.output.tell(&Record::End(end))?;
    if !build.has_ended() {
        follower.output.note("it is shown as far as it has come; --follow goes on to its end")?;
    }
    follower.output.flush()?;
    Ok(build)
}
