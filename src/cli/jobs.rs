//! `slipway jobs`: what runs and waits, and why.

use std::{
    io::{self, Write},
    time::Duration,
};

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use tokio::time::sleep;
use url::form_urlencoded::Serializer;

use super::{
    Exit, Usage,
    client::{Client, Daemon, Failure},
    logs::leave::until_interrupted,
    paint::{Paint, Tone},
    stdout,
    table::{self, Cell, Table},
    wording,
};
use crate::{
    clock::Clock,
    http::api::JobList,
    job::{Tenant, plain::plain},
};

/// Between two looks: the daemon's own list is a second old at most.
const PAUSE: Duration = Duration::from_secs(1);
/// A daemon that is restarted is waited for so many looks.
const PATIENCE: u32 = 30;
/// What is shown of a commit.
const SHORT: usize = 12;
/// A new screen, from its top.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Show what runs and waits, and why
#[derive(Debug, Args)]
#[command(after_help = "\
The daemon is asked where --daemon says. Without --state or --all, jobs that
have ended are left out. Each option but --daemon may come several times: values
of one option are alternatives, different options all have to fit.

With --json the answer is the API's (GET /api/v1/jobs); with --json --watch
there is one such object a line, whenever it has changed.

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

    /// waiting, running, reporting or ended
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,

    /// succeeded, failed, `timed_out`, cancelled, superseded or errored
    #[arg(long, value_name = "STATUS")]
    status: Vec<String>,

    /// What keeps it waiting: limit, tenant, profile, repository, project, group, paused or capacity
    #[arg(long, value_name = "REASON")]
    reason: Vec<String>,

    /// The tenant
    #[arg(long, value_name = "NAME")]
    tenant: Vec<String>,

    /// The profile
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,

    /// The repository, such as github.com/acme/app
    #[arg(long, value_name = "HOST/OWNER/NAME")]
    repository: Vec<String>,

    /// The key of the group
    #[arg(long, value_name = "KEY")]
    group: Vec<String>,

    /// A label
    #[arg(long, value_name = "NAME[=VALUE]")]
    label: Vec<String>,

    /// A text somewhere in the id, source, tenant, labels or decisive line
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
        stdout::print(&self.render(&list, table::width(&io::stdout()), None)?)?;
        Ok(Exit::Done)
    }

    async fn watch(&self, client: &Client, path: &str) -> anyhow::Result<Exit> {
        if !self.json && table::width(&io::stdout()).is_none() {
            bail!(Usage("--watch draws on a terminal; elsewhere use it with --json, or leave it out".to_owned()));
        }
        let (mut before, mut failures) = (None, 0);
        loop {
            match client.get::<JobList>(path).await {
                Ok(list) => {
                    failures = 0;
                    // The time alone is no news.
                    if !self.json || before.as_ref().is_none_or(|before: &JobList| before.jobs != list.jobs || before.counts != list.counts)
                    {
                        self.show(&list, None)?;
                    }
                    before = Some(list);
                }
                // It may be starting anew.
                Err(Failure::Unreachable { why, .. }) if before.is_some() && failures < PATIENCE => {
                    failures += 1;
                    if let Some(before) = before.as_ref().filter(|_| !self.json) {
                        self.show(before, Some(&format!("the daemon does not answer: {why}")))?;
                    }
                }
                Err(failure) => return Err(failure.into()),
            }
            sleep(PAUSE).await;
        }
    }

    fn show(&self, list: &JobList, trouble: Option<&str>) -> anyhow::Result<()> {
        let mut text = self.render(list, table::width(&io::stdout()), trouble)?;
        let mut out = stdout::stdout();
        if !self.json {
            // Who is next must not scroll away.
            text = table::within_height(&text, table::height(&io::stdout()));
            out.write_all(CLEAR.as_bytes())?;
        }
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }

    /// The API's path with what is asked for.
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

    fn render(&self, list: &JobList, width: Option<usize>, trouble: Option<&str>) -> anyhow::Result<String> {
        if self.json {
            return Ok(format!("{}\n", serde_json::to_string(list)?));
        }
        Ok(text(list, width, Paint::on(&io::stdout()), Clock::system().now(), trouble))
    }
}

/// The narrowest terminals on which a list has these columns.
const WITH_TENANT_AND_TIME: usize = 80;
const WITH_REPOSITORY: usize = 100;
const WITH_REVISION: usize = 120;

/// A commit in full, of which the beginning says enough.
fn is_commit(revision: &str) -> bool {
    [40, 64].contains(&revision.len()) && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The list for people.
fn text(list: &JobList, width: Option<usize>, paint: Paint, now: Timestamp, trouble: Option<&str>) -> String {
    let counts = list.counts;
    let summary = format!(
        "{} waiting, {} running, {} reporting, {} ended and remembered",
        counts.waiting, counts.running, counts.reporting, counts.ended
    );
    let mut text = format!("{}\n", paint.paint(Tone::Dim, &summary));
    if let Some(trouble) = trouble {
        text.push_str(&paint.paint(Tone::Bad, &plain(trouble)));
        text.push('\n');
    }
    // On a narrow terminal the reason and the estimate need the room more than these.
    let has = |least: usize| width.is_none_or(|width| width >= least);
    let (time, repository, with_revision) = (has(WITH_TENANT_AND_TIME), has(WITH_REPOSITORY), has(WITH_REVISION));
    let columns = [
        ("STATE", true),
        ("JOB", true),
        ("TENANT", time),
        ("REPOSITORY", repository),
        ("REVISION", with_revision),
        ("FOR", time),
        ("WHY", true),
    ];
    let mut table = Table::new(&columns.iter().filter(|(_, shown)| *shown).map(|(name, _)| *name).collect::<Vec<_>>());
    for job in &list.jobs {
        let (state, tone) = wording::state(job);
        let about = &job.job;
        let revision = about.source.as_ref().and_then(|source| source.revision.as_deref().or(source.commit.as_deref()));
        let revision = revision.map(|revision| if is_commit(revision) { &revision[..SHORT] } else { revision });
        let cells = [
            Cell::painted(state, tone),
            Cell::new(about.id.as_deref().unwrap_or(&about.message_id)),
            Cell::new(about.tenant.as_ref().map(Tenant::as_str).unwrap_or_default()),
            Cell::new(&*job.repository),
            Cell::new(revision.unwrap_or("-")),
            Cell::new(wording::age(job, now)),
            Cell::new(wording::about(job)),
        ];
        table.row(cells.into_iter().zip(columns).filter_map(|(cell, (_, shown))| shown.then_some(cell)).collect());
    }
    if !table.is_empty() {
        text.push_str(&table.render(width, paint));
    }
    let left_out = list.total.saturating_sub(list.jobs.len());
    if left_out > 0 {
        text.push_str(&paint.paint(Tone::Dim, &format!("and {left_out} more: --limit shows up to 1000")));
        text.push('\n');
    }
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_says_where_each_job_stands_and_how_many_are_left_out() {
        let job = |id: &str, more: serde_json::Value| {
            let mut job = json!({
                "id": id, "message_id": "m", "tenant": "team-a", "labels": {}, "queue": "jobs", "repository": "github.com/acme/app",
                "source": { "url": "https://github.com/acme/app", "revision": "c0ffee0123".repeat(4) }, "received_at": "2026-11-22T10:00:00Z",
            });
            job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            job
        };
        let reason = json!({ "reason": "tenant", "name": "team-a", "running": 4, "limit": 4 });
        let list: JobList = serde_json::from_value(json!({
            "time": "2026-11-22T10:01:00Z", "total": 5, "page": 1, "per_page": 3, "pages": 2,
            "counts": { "waiting": 1, "running": 1, "reporting": 0, "ended": 3 },
            "jobs": [
                job("app-1", json!({ "state": "waiting", "wait": { "reasons": [reason], "position": 3, "estimate_seconds": [60, 180] } })),
                job("app-2", json!({ "state": "running", "started_at": "2026-11-22T10:00:30Z", "phase": "BUILD", "left_seconds": [20, 20] })),
                job("app-3", json!({ "state": "ended", "status": "failed", "ended_at": "2026-11-22T10:00:42Z", "decisive_line": "error: \u{1b}[2Jx" })),
            ],
        }))
        .unwrap();
        let shown = |width| text(&list, Some(width), Paint { colours: false }, "2026-11-22T10:01:00Z".parse().unwrap(), None);
        for width in [80, 60] {
            let narrow = shown(width);
            assert!(narrow.contains("#3, in 1m to 3m, tenant team-a runs 4 of 4"), "{width}:\n{narrow}");
        }
        let text = shown(140);
        for line in [
            "waiting  app-1  team-a  github.com/acme/app  c0ffee0123c0  1m 00s  #3, in 1m to 3m, tenant team-a runs 4 of 4",
            "running  app-2  team-a  github.com/acme/app  c0ffee0123c0  30s     BUILD, 20s left",
            "failed   app-3  team-a  github.com/acme/app  c0ffee0123c0  42s     error: x",
            "and 2 more: --limit shows up to 1000",
        ] {
            assert!(text.lines().any(|has| has == line), "{line}\n{text}");
        }
    }
}
