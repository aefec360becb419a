//! `slipway limits`: shows the limits, and how much of each is used.

use std::io;

use clap::Args;

use super::{
    Exit,
    client::{Client, Daemon},
    paint::{Paint, Tone},
    stdout,
    table::{self, Cell, Table},
    wording,
};
use crate::{
    http::api::LimitsNow,
    job::{
        plain::plain,
        standing::{LimitStanding, Severity},
    },
};

/// Show what limits hold, and what is used of them
#[derive(Debug, Args)]
#[command(after_help = "\
The daemon is asked where --daemon says. LIMIT is as configured: a tenant runs
more, up to its burst, while nobody else waits. LEARNED is what CodeBuild was
found to take where that is less. WAITING has how many of a tenant may wait,
where that is configured, and what becomes of more. The last line is of
limits.waiting and limits.waiting_bytes: a job that a limit of its own or a
pause keeps takes no place to wait.

Exit codes: 0 shown; 1 no daemon answers, or it refuses; 64 wrong usage.

Examples:
  slipway limits
  slipway limits --json | jq '.tenants[] | select(.waiting > 0)'")]
pub(super) struct Limits {
    #[command(flatten)]
    daemon: Daemon,

    /// As JSON, as GET /api/v1/limits gives it
    #[arg(long)]
    json: bool,
}

impl Limits {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let limits: LimitsNow = Client::new(&self.daemon)?.get("/limits").await?;
        let text = if self.json {
            format!("{}\n", serde_json::to_string_pretty(&limits)?)
        } else {
            text(&limits, table::width(&io::stdout()), Paint::on(&io::stdout()))
        };
        stdout::print(&text)?;
        Ok(Exit::Done)
    }
}

/// How many builds may run at once: "2", "2, burst 4".
fn limited(limit: &LimitStanding) -> String {
    let burst = limit.burst.map(|burst| format!(", burst {burst}")).unwrap_or_default();
    limit.limit.map_or_else(|| "-".to_owned(), |limit| format!("{limit}{burst}"))
}

/// How many jobs wait, and how many may: "3", "3 of 10, then reject".
fn waiting(limit: &LimitStanding) -> String {
    let most = limit.waiting_limit.map(|most| format!(" of {most}")).unwrap_or_default();
    let then = limit.when_full.map(|then| format!(", then {}", then.as_str())).unwrap_or_default();
    format!("{}{most}{then}", limit.waiting)
}

fn text(now: &LimitsNow, width: Option<usize>, paint: Paint) -> String {
    let limits = &now.limits;
    let mut table = Table::new(&["OF", "NAME", "RUNNING", "LIMIT", "LEARNED", "WEIGHT", "WAITING", "LONGEST WAIT"]);
    let mut add = |of: &str, limit: &LimitStanding| {
        let number = |number: Option<usize>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let most = limit.burst.or(limit.limit).into_iter().chain(limit.learned).min();
        let tone = if most.is_some_and(|most| limit.running >= most) { Tone::Warn } else { Tone::Plain };
        table.row(vec![
            Cell::new(of),
            Cell::new(if limit.name.is_empty() { "-" } else { &limit.name }),
            Cell::painted(limit.running.to_string(), tone),
            Cell::new(limited(limit)),
            Cell::painted(number(limit.learned), if limit.learned.is_some() { Tone::Warn } else { Tone::Plain }),
            Cell::new(number(limit.weight.map(|weight| weight as usize))),
            Cell::new(waiting(limit)),
            Cell::new(limit.longest_wait_seconds.map(wording::seconds).unwrap_or_default()),
        ]);
    };
    add("all", &limits.all);
    for (of, list) in
        [("tenant", &limits.tenants), ("profile", &limits.profiles), ("repository", &limits.repositories), ("project", &limits.projects)]
    {
        for limit in list {
            add(of, limit);
        }
    }
    let mut text = table.render(width, paint);
    text.push_str(&paint.paint(Tone::Dim, &limits.held.to_string()));
    text.push('\n');
    for project in &limits.projects {
        if let Some(words) = &project.refusal {
            text.push_str(&paint.paint(Tone::Warn, &plain(&format!("CodeBuild refused a start in {}: {words}", project.name))));
            text.push('\n');
        }
    }
    for pause in &limits.pauses {
        text.push_str(&paint.paint(Tone::Warn, &plain(&wording::paused(pause))));
        text.push('\n');
    }
    for notice in now.notices.iter().filter(|notice| notice.kind != "paused") {
        let since = notice.since.as_deref().map(|since| format!(" (since {since})")).unwrap_or_default();
        let (word, tone) = if notice.severity == Severity::Error { ("error", Tone::Bad) } else { ("warning", Tone::Warn) };
        text.push_str(&paint.paint(tone, &plain(&format!("{word}: {}{since}", notice.text))));
        text.push('\n');
    }
    text
}
