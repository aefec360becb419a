//! The list of jobs, as people read it.

use jiff::Timestamp;

use crate::{
    cli::{
        paint::{Paint, Tone},
        table::{Cell, Table, clip},
        wording,
    },
    http::api::JobList,
    job::{Tenant, plain::plain, source::is_commit, standing::Pause},
};

/// How many characters of a commit are shown.
const SHORT: usize = 12;
/// The least width of a terminal, in columns, for these columns of the list.
const WITH_TENANT_AND_TIME: usize = 80;
const WITH_REPOSITORY: usize = 100;
const WITH_REVISION: usize = 120;

/// The list for people.
pub(super) fn text(list: &JobList, pauses: &[Pause], width: Option<usize>, paint: Paint, now: Timestamp, trouble: Option<&str>) -> String {
    // No line may wrap: the last jobs would be pushed off the screen.
    let line = |text: &mut String, tone: Tone, words: &str| {
        let words = plain(words);
        text.push_str(&paint.paint(tone, &width.map_or_else(|| words.to_string(), |width| clip(&words, width))));
        text.push('\n');
    };
    let (mut text, counts) = (String::new(), list.counts);
    let summary = format!(
        "{} waiting, {} running, {} reporting, {} ended and remembered",
        counts.waiting, counts.running, counts.reporting, counts.ended
    );
    line(&mut text, Tone::Dim, &summary);
    for pause in pauses {
        line(&mut text, Tone::Warn, &wording::paused(pause));
    }
    if let Some(trouble) = trouble {
        line(&mut text, Tone::Bad, trouble);
    }
    // On a narrow terminal these columns make room for the reason and the estimate.
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
    if list.jobs.is_empty() && counts.ended > 0 {
        line(&mut text, Tone::Dim, "none of these to show: slipway jobs --all shows also those that have ended");
    }
    let left_out = list.total.saturating_sub(list.jobs.len());
    if left_out > 0 {
        line(&mut text, Tone::Dim, &format!("and {left_out} more: --limit shows up to 1000"));
    }
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::job::standing::PauseScope;

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
        let trouble = "no answer for a long time; ".repeat(9);
        let pauses =
            [Pause { scope: PauseScope::Tenant("team-g".to_owned()), since: None, reason: Some("over\u{1b}[2J budget".to_owned()) }];
        let shown =
            |width| text(&list, &pauses, Some(width), Paint { colours: false }, "2026-11-22T10:01:00Z".parse().unwrap(), Some(&trouble));
        for width in [80, 60] {
            let narrow = shown(width);
            assert!(narrow.contains("#3, in 1m to 3m, tenant team-a runs 4 of 4"), "{width}:\n{narrow}");
            assert!(narrow.lines().all(|line| line.width() <= width), "{width}:\n{narrow}");
        }
        let text = shown(140);
        for line in [
            "paused: tenant team-g: over budget",
            "waiting  app-1  team-a  github.com/acme/app  c0ffee0123c0  1m 00s  #3, in 1m to 3m, tenant team-a runs 4 of 4",
            "running  app-2  team-a  github.com/acme/app  c0ffee0123c0  30s     BUILD, 20s left",
            "failed   app-3  team-a  github.com/acme/app  c0ffee0123c0  42s     error: x",
            "and 2 more: --limit shows up to 1000",
        ] {
            assert!(text.lines().any(|has| has == line), "{line}\n{text}");
        }
        let none = JobList { jobs: Vec::new(), total: 0, ..list };
        let text = super::text(&none, &[], None, Paint { colours: false }, Timestamp::MIN, None);
        assert!(text.ends_with("slipway jobs --all shows also those that have ended\n"), "{text}");
    }
}
