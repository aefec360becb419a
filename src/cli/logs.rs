//! `slipway logs`: one build's log.

pub(super) mod find;
mod fold;
pub(super) mod follow;
pub(super) mod leave;
pub(super) mod output;
pub(super) mod record;
mod text;

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;

use self::{
    follow::{Followed, Follower},
    leave::{until_interrupted, way_back},
    output::Output,
    record::{End, Record},
};
use super::{Exit, Usage, site};
use crate::{aws::Clients, job::build::Build};

/// How long late lines are waited for when no configuration says it.
pub(super) const SETTLE: Duration = Duration::from_secs(10);
/// A job's build is looked for among so many hundreds of a project's newest builds.
const PAGES: usize = 10;

/// Show one build's log, nothing else mixed in
#[derive(Debug, Args)]
#[command(after_help = "\
The log's lines go to stdout as CodeBuild wrote them; the phases with their times, and how the build ended, go to stderr. On a terminal
there are colours, unless NO_COLOR is set; elsewhere lines lose those that the build gave them. Interrupted, it leaves the build alone
and says how to come back.

A job's build is its latest; it is looked for among the 1,000 newest of each project: those of the configuration that --config or
SLIPWAY_CONFIG names, or --project, or local mode's where AWS_ENDPOINT_URL is on this machine. A build's id needs none of them.

With --json everything is on stdout, one JSON object a line, told apart by its \"type\":
  {\"type\":\"build\",\"build\":\"flex:5fea\",\"job\":\"app-4711\",\"attempt\":1,\"number\":17}
  {\"type\":\"phase\",\"build\":\"flex:5fea\",\"phase\":\"BUILD\",\"status\":\"FAILED\",\"seconds\":71.5,\"ended_at\":\"...\",\"code\":\"...\",\"message\":\"...\"}
  {\"type\":\"line\",\"build\":\"flex:5fea\",\"time\":\"2026-11-22T10:22:00.123Z\",\"text\":\"as it was logged\"}
  {\"type\":\"end\",\"build\":\"flex:5fea\",\"status\":\"failed\",\"complete\":true}
The end's status is the build's, in_progress if it was not waited for; complete says whether the end of the log was seen.

Exit codes: 0 shown, however the build ended; 1 not found, or not to be read; 130 interrupted.

Examples:
  slipway logs app-4711
  slipway logs app-4711 --follow --config slipway.toml
  slipway logs codebuild-flex:5fea7756-0ea4-451a-a703-a558b933e274 > build.log
  slipway logs app-4711 --json | jq -r 'select(.type == \"phase\") | \"\\(.phase) \\(.seconds)\"'")]
pub(super) struct Logs {
    /// A job's id; or a build's, PROJECT:UUID, or its ARN
    #[arg(value_name = "JOB-OR-BUILD")]
    what: String,

    /// Go on until the build has ended
    #[arg(long, short)]
    follow: bool,

    /// One JSON object a line
    #[arg(long)]
    json: bool,

    /// The CodeBuild project that builds the job
    #[arg(long, value_name = "NAME")]
    project: Option<String>,

    /// A configuration file whose profiles' projects are looked through
    #[arg(long, value_name = "FILE", env = "SLIPWAY_CONFIG")]
    config: Option<PathBuf>,
}

impl Logs {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let clients = Clients::from_environment(super::variable).await?;
        let (build, settle) = self.find(&clients).await?;
        let mut follower = Follower::new(&clients, settle, Output::open(self.json));
        let (id, follow) = (build.id.clone(), self.follow);
        if until_interrupted(show(&mut follower, build, follow)).await?.is_some() {
            return Ok(Exit::Done);
        }
        if follow && follower.current.is_some() {
            follower.output.note(&format!("\nThe build goes on. To come back to it: {}", way_back(&id, None))).ok();
        }
        Ok(Exit::Interrupted)
    }

    /// The build, and how long its late lines are waited for.
    async fn find(&self, clients: &Clients) -> anyhow::Result<(Build, Duration)> {
        // `arn:aws:codebuild:REGION:ACCOUNT:build/PROJECT:UUID`
        let what = self.what.rsplit_once(":build/").map_or(self.what.as_str(), |(_, id)| id);
        if what.contains(':') {
            let builds = clients.builds().get(&[what.to_owned()]).await?;
            let Some(build) = builds.into_iter().next() else { bail!("there is no build {what}") };
            return Ok((build, SETTLE));
        }
        let site = match &self.project {
            Some(_) => None,
            None => site::find(self.config.as_deref(), super::environment())?,
        };
        let projects = match (&self.project, &site) {
            (Some(project), _) => BTreeSet::from([project.clone()]),
            (None, Some(site)) => site.projects.clone(),
            (None, None) => return Err(Usage("which project? name it with --project or --config".to_owned()).into()),
        };
        let mut found = None::<Build>;
        for project in &projects {
            let latest = find::latest(&clients.builds(), project, what, Timestamp::MIN, PAGES).await?;
            found = found.into_iter().chain(latest).max_by_key(|build| build.started_at);
        }
        let settle = site.and_then(|site| site.config).map_or(SETTLE, |config| config.log.settle);
        match found {
            Some(build) => Ok((build, settle)),
            None => bail!(
                "there is no build of {what} among the newest of {}: the job may still wait for its turn, or have been rejected",
                projects.into_iter().collect::<Vec<_>>().join(", ")
            ),
        }
    }
}

async fn show(follower: &mut Follower, build: Build, keep_on: bool) -> anyhow::Result<()> {
    let Followed { build, complete } = follower.follow(build, keep_on).await?;
    let end = End { build: Some(&build.id), status: build.status.to_lowercase(), complete: Some(complete), ..End::default() };
    follower.output.tell(&Record::End(end))?;
    if !build.has_ended() {
        follower.output.note("it is shown as far as it has come; --follow goes on to its end")?;
    }
    follower.output.flush()?;
    Ok(())
}
