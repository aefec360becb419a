//! `slipway jobs`: what runs and waits, and why.

mod list;

use std::{
    io::{self, Write},
    time::Duration,
};

use anyhow::bail;
use clap::Args;
use tokio::time::sleep;
use url::form_urlencoded::Serializer;

use super::{
    Exit, Usage,
    client::{Client, Daemon, Failure},
    logs::leave::until_interrupted,
    paint::Paint,
    stdout, table,
};
use crate::{
    clock::Clock,
    http::api::{JobList, LimitsNow},
    job::standing::Pause,
};

/// The time between two looks. The daemon's list is at most a second old.
const PAUSE: Duration = Duration::from_secs(1);
/// For so many looks a daemon may not answer: it may be restarting.
const PATIENCE: u32 = 30;
/// Clears the screen and moves to its top.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Show what runs and waits, and why
#[derive(Debug, Args)]
#[command(after_help = "\
The daemon is asked where --daemon says. Without --state or --all, jobs that
have ended are left out. Each option but --daemon may come several times: values
of one option are alternatives, different options all have to fit.

With --json the answer is the API's (GET /api/v1/jobs); with --json --watch
there is one such object a line, whenever it has changed.

Exit codes: 0 shown; 1 no daemon answers, or it refuses; 64 wrong usage.

Examples:
  slipway jobs
  slipway jobs --watch
  slipway jobs --tenant team-a --state waiting
  slipway jobs --status failed --status errored
  slipway jobs --all --search 1.4.2 --json | jq -r '.jobs[].id'")]
pub(super) struct Jobs {
    #[command(flatten)]
    daemon: Daemon,

    /// Go on showing it, anew every second
    #[arg(long, short)]
    watch: bool,

    /// Also those that have ended, as far as they are remembered
    #[arg(long, short)]
    all: bool,

    /// Jobs in this state: waiting, running, reporting or ended
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,

    #[arg(long, value_name = "STATUS", help = "Jobs that ended so: succeeded, failed, timed_out, cancelled, superseded or errored")]
    status: Vec<String>,

    /// Jobs that wait for this reason: limit, tenant, profile, repository, project, group, paused or capacity
    #[arg(long, value_name = "REASON")]
    reason: Vec<String>,

    /// Jobs of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Vec<String>,

    /// Jobs of this profile
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,

    /// Jobs of this repository, such as github.com/acme/app
    #[arg(long, value_name = "HOST/OWNER/NAME")]
    repository: Vec<String>,

    /// Jobs of the group with this key
    #[arg(long, value_name = "KEY")]
    group: Vec<String>,

    /// Jobs with this label
    #[arg(long, value_name = "NAME[=VALUE]")]
    label: Vec<String>,

    /// Jobs with this text in the id, source, tenant, labels or decisive line
    #[arg(long, short = 'q', value_name = "TEXT")]
    search: Vec<String>,

    /// How many jobs at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,

    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Jobs {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.daemon)?;
        let path = self.path();
        if self.watch {
            return Ok(until_interrupted(self.watch(&client, &path)).await?.unwrap_or(Exit::Done));
        }
        let list: JobList = client.get(&path).await?;
        stdout::print(&self.render(&list, &self.pauses(&client).await, table::width(&io::stdout()), None)?)?;
        Ok(Exit::Done)
    }

    async fn watch(&self, client: &Client, path: &str) -> anyhow::Result<Exit> {
        if !self.json && table::width(&io::stdout()).is_none() {
            bail!(Usage("--watch draws on a terminal; elsewhere use it with --json, or leave it out".to_owned()));
        }
        let (mut before, mut failures, mut pauses) = (None, 0, Vec::new());
        loop {
            match client.get::<JobList>(path).await {
                Ok(list) => {
                    failures = 0;
                    // The snapshot's time alone is no change.
                    if !self.json || before.as_ref().is_none_or(|before: &JobList| before.jobs != list.jobs || before.counts != list.counts)
                    {
                        pauses = self.pauses(client).await;
                        self.show(&list, &pauses, None)?;
                    }
                    before = Some(list);
                }
                // The daemon may be restarting.
                Err(Failure::Unreachable { why, .. }) if before.is_some() && failures < PATIENCE => {
                    failures += 1;
                    if let Some(before) = before.as_ref().filter(|_| !self.json) {
                        self.show(before, &pauses, Some(&format!("the daemon does not answer: {why}")))?;
                    }
                }
                Err(failure) => return Err(failure.into()),
            }
            sleep(PAUSE).await;
        }
    }

    /// The pauses, as lines before the list.
    async fn pauses(&self, client: &Client) -> Vec<Pause> {
        if self.json {
            return Vec::new();
        }
        client.get::<LimitsNow>("/limits").await.map(|now| now.limits.pauses).unwrap_or_default()
    }

    fn show(&self, list: &JobList, pauses: &[Pause], trouble: Option<&str>) -> anyhow::Result<()> {
        let mut text = self.render(list, pauses, table::width(&io::stdout()), trouble)?;
        let mut out = stdout::stdout();
        if !self.json {
            // Cut the list, so that its beginning stays on the screen.
            text = table::within_height(&text, table::height(&io::stdout()));
            out.write_all(CLEAR.as_bytes())?;
        }
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }

    /// The API's path with the filters.
    fn path(&self) -> String {
        let mut query = Serializer::new(String::new());
        let ended = self.all || !self.status.is_empty();
        let default: &[&str] = if self.state.is_empty() && !ended { &["waiting", "running", "reporting"] } else { &[] };
        query.extend_pairs(default.iter().map(|state| ("state", state)));
        for (name, values) in [
            ("state", &self.state),
            ("status", &self.status),
            ("reason", &self.reason),
            ("tenant", &self.tenant),
            ("profile", &self.profile),
            ("repository", &self.repository),
            ("group", &self.group),
            ("label", &self.label),
            ("q", &self.search),
        ] {
            query.extend_pairs(values.iter().map(|value| (name, value)));
        }
        query.append_pair("per_page", &self.limit.to_string());
        format!("/jobs?{}", query.finish())
    }

    fn render(&self, list: &JobList, pauses: &[Pause], width: Option<usize>, trouble: Option<&str>) -> anyhow::Result<String> {
        if self.json {
            return Ok(format!("{}\n", serde_json::to_string(list)?));
        }
        Ok(list::text(list, pauses, width, Paint::on(&io::stdout()), Clock::system().now(), trouble))
    }
}
