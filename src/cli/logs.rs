//! `slipway logs`: one build's log.

pub(super) mod find;
mod fold;
pub(super) mod follow;
pub(super) mod leave;
pub(super) mod output;
pub(super) mod record;
mod text;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;

use self::{
    follow::{Followed, Follower, SETTLE},
    leave::{until_interrupted, way_back},
    output::Output,
    record::{End, Record},
};
use super::{
    Exit,
    client::{Client, Daemon, Failure},
    exit::NotFollowed,
    site::{Location, Site},
    submit::follow::Follow,
    wording,
};
use crate::{
    aws::Clients,
    http::api::DeadLetterList,
    job::{
        JobId,
        build::Build,
        plain::plain,
        reference::segment,
        standing::{DeadLetter, JobDetail, State},
    },
};

/// A job's build is looked for among so many hundreds of a project's newest builds.
const PAGES: usize = 10;
/// CodeBuild's name for the end that is none of trouble.
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

Exit codes: 0 shown, with --follow the build succeeded; 1 with --follow it did
not; 2 the job was rejected; 3 there is no log, or it cannot be read;
64 wrong usage; 130 interrupted.

Examples:
  slipway logs app-4711
  slipway logs app-4711 --follow --client client.toml
  slipway logs codebuild-flex:5fea7756-0ea4-451a-a703-a558b933e274 > build.log
  slipway logs app-4711 --json | jq -r 'select(.type == \"line\").text'")]
pub(super) struct Logs {
    /// A job's id; or a build's, PROJECT:UUID, or its ARN
    #[arg(value_name = "JOB-OR-BUILD")]
    what: String,

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

/// What the command's argument names.
enum Found {
    Build(Box<Build>),
    /// A job without a build, in this deployment.
    Nothing,
}

impl Logs {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let site = self.location.site(super::environment())?;
        let clients = Clients::from_environment(super::variable).await?;
        self.show(&clients, &site).await.with_context(|| NotFollowed(self.what.clone()))
    }

    async fn show(&self, clients: &Clients, site: &Site) -> anyhow::Result<Exit> {
        let settle = site.config.as_ref().map_or(SETTLE, |config| config.log.settle);
        let build = match self.find(clients, site).await? {
            Found::Build(build) => *build,
            Found::Nothing if self.follow => {
                // A job that was rejected never has a build. Only a daemon knows; without one it is waited for.
                let letter = match Client::new(&self.daemon) {
                    Ok(client) => self.rejected(&client).await,
                    Err(_) => None,
                };
                return match letter {
                    Some(letter) => self.tell_rejected(&letter),
                    None => self.wait(clients, site).await,
                };
            }
            Found::Nothing => return self.nothing(site).await,
        };
        let mut follower = Follower::new(clients, settle, Output::open(self.json));
        let (id, follow) = (build.id.clone(), self.follow);
        if let Some(ended) = until_interrupted(show(&mut follower, build, follow)).await? {
            return Ok(if follow && ended.status != SUCCEEDED { Exit::Failed } else { Exit::Done });
        }
        if follow && follower.current.is_some() {
            follower.output.note(&format!("\nThe build goes on. To come back to it: {}", way_back(&id, &Location::default()))).ok();
        }
        Ok(Exit::Interrupted)
    }

    async fn find(&self, clients: &Clients, site: &Site) -> anyhow::Result<Found> {
        // `arn:aws:codebuild:REGION:ACCOUNT:build/PROJECT:UUID`
        let what = self.what.rsplit_once(":build/").map_or(self.what.as_str(), |(_, id)| id);
        if what.contains(':') {
            let builds = clients.builds().get(&[what.to_owned()]).await?;
            let build = builds
                .into_iter()
                .next()
                .with_context(|| format!("there is no build {what}: it may be older than a year, or in another region or account"))?;
            return Ok(Found::Build(Box::new(build)));
        }
        let mut found = None::<Build>;
        for project in site.projects()? {
            let latest = find::latest(&clients.builds(), project, what, Timestamp::MIN, PAGES).await?;
            found = found.into_iter().chain(latest).max_by_key(|build| build.started_at);
        }
        Ok(found.map_or(Found::Nothing, |build| Found::Build(Box::new(build))))
    }

    /// Waits for the job's first build, and follows it.
    async fn wait(&self, clients: &Clients, site: &Site) -> anyhow::Result<Exit> {
        let mut follow = Follow::new(clients, site, Output::open(self.json));
        follow.follower.output.note(&format!("{} has no build yet: waiting for it; Ctrl-C ends that", self.what))?;
        let followed = until_interrupted(follow.wait(&self.what)).await;
        follow.close(matches!(followed, Ok(None)), &self.location).await;
        Ok(followed?.unwrap_or(Exit::Interrupted))
    }

    /// Why there is no build, as far as the daemon knows it, and what to type next.
    async fn nothing(&self, site: &Site) -> anyhow::Result<Exit> {
        let projects = site.projects.iter().cloned().collect::<Vec<_>>().join(", ");
        let client = Client::new(&self.daemon)?;
        let why = match JobId::parse(&self.what) {
            Ok(id) => match client.get::<JobDetail>(&format!("/jobs/{}", segment(id.as_str()))).await {
                Ok(detail) => standing(&self.what, &detail),
                Err(Failure::Refused(problem)) if problem.status == 404 => {
                    if let Some(letter) = self.rejected(&client).await {
                        return self.tell_rejected(&letter);
                    }
                    format!("the daemon at {} does not know it either: it ended long ago, or was never sent", self.daemon.url)
                }
                Err(failure) => format!("it waits for its turn, was rejected, or was never sent; {failure}"),
            },
            Err(rule) => format!("and no job is called so: an id {rule}"),
        };
        let back = way_back(&self.what, &self.location);
        anyhow::bail!("there is no build of {} among the newest of {projects}: {why}\n  to wait for its build: {back}", self.what)
    }

    /// The dead letter that the job is, as far as the daemon sees it.
    async fn rejected(&self, client: &Client) -> Option<DeadLetter> {
        let list = client.get::<DeadLetterList>("/dead-letters").await.ok()?;
        list.letters.into_iter().rev().find(|letter| letter.job.as_deref() == Some(&*self.what) || letter.id == self.what)
    }

    fn tell_rejected(&self, letter: &DeadLetter) -> anyhow::Result<Exit> {
        let mut output = Output::open(self.json);
        let end = End { job: Some(&self.what), status: "rejected".to_owned(), problems: &letter.problems, ..End::default() };
        output.tell(&Record::End(end))?;
        output.note(&format!("  its message is among the dead letters: slipway dlq show {}", letter.id))?;
        output.flush()?;
        Ok(Exit::Rejected)
    }
}

/// Where a job without a build stands.
fn standing(job: &str, detail: &JobDetail) -> String {
    let standing = &detail.standing;
    let about = plain(&wording::about(standing)).into_owned();
    match standing.state {
        State::Waiting => format!("it waits: {about}; slipway show {job} says more"),
        State::Running => "its build has only just begun; ask again".to_owned(),
        State::Reporting | State::Ended => {
            let failure = detail.failure.as_ref().map(|failure| plain(&failure.message).into_owned());
            let why = failure.or(Some(about)).filter(|why| !why.is_empty()).map(|why| format!(": {why}")).unwrap_or_default();
            format!("it is {} without one{why}", wording::state(standing).0)
        }
    }
}

async fn show(follower: &mut Follower, build: Build, keep_on: bool) -> anyhow::Result<Build> {
    let Followed { build, complete } = follower.follow(build, keep_on).await?;
    let end = End { build: Some(&build.id), status: build.status.to_lowercase(), complete: Some(complete), ..End::default() };
    follower.output.tell(&Record::End(end))?;
    if !build.has_ended() {
        follower.output.note("it is shown as far as it has come; --follow goes on to its end")?;
    }
    follower.output.flush()?;
    Ok(build)
}
