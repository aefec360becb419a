//! The three lanes of the Overview, in the order of a job's life.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{
    Scene,
    bar::{places, shares},
    row,
    sign::Sign,
    text::{counted, number},
    time,
    why::{self, Kind},
};
use crate::job::{
    outcome::Status,
    standing::{JobStanding, State},
};

/// An hour, in seconds: the range of recent jobs.
pub(super) const LATELY: u64 = 3_600;

/// The jobs of each lane, in their order.
#[derive(Debug, Default)]
pub(super) struct Lanes<'a> {
    pub(super) waiting: Vec<&'a JobStanding>,
    pub(super) running: Vec<&'a JobStanding>,
    pub(super) ended: Vec<&'a JobStanding>,
}

impl<'a> Lanes<'a> {
    /// Sorts the jobs into the lanes: each is in exactly one. Paused jobs come last, whatever their turn.
    pub(super) fn of(jobs: impl Iterator<Item = &'a JobStanding>) -> Self {
        let mut lanes = Self::default();
        for job in jobs {
            match job.state {
                State::Waiting => lanes.waiting.push(job),
                State::Running | State::Reporting => lanes.running.push(job),
                State::Ended => lanes.ended.push(job),
            }
        }
        lanes.waiting.sort_by_key(|job| Kind::of(job) == Kind::Paused);
        lanes
    }
}

/// The common parts of a lane: head, number, bar, legend, rows, and the link to all jobs of it.
struct Parts<'a> {
    key: &'static str,
    name: &'static str,
    aside: Markup,
    big: usize,
    meaning: Markup,
    bar: Markup,
    legend: Markup,
    jobs: &'a [&'a JobStanding],
    nothing: Markup,
    all: Markup,
    note: Option<Markup>,
}

fn lane(parts: Parts<'_>, scene: Scene<'_>, rows: usize) -> Markup {
    html! {
        section.panel.lane aria-labelledby={ "lane-" (parts.key) } data-key={ "lane-" (parts.key) } {
            header.head {
                h2 id={ "lane-" (parts.key) } { (parts.name) }
                p.aside { (parts.aside) }
                p.big { b { (number(parts.big)) } " " (parts.meaning) }
                (parts.bar)
                p.legend { (parts.legend) }
            }
            @if parts.jobs.is_empty() {
                p.nothing { (parts.nothing) }
            } @else {
                ol.jobs data-rows {
                    @for job in parts.jobs.iter().take(rows) { (row::row(job, scene)) }
                }
            }
            footer.foot { (parts.all) @if let Some(note) = parts.note { p.note { (note) } } }
        }
    }
}

fn swatch(tone: &str) -> Markup {
    html! { svg.swatch aria-hidden="true" { rect.(tone) width="100%" height="100%" {} } }
}

fn oldest(since: Option<Timestamp>, scene: Scene<'_>) -> Markup {
    html! { @if let Some(since) = since { "oldest " (time::elapsed(since, scene.now)) } }
}

pub(super) fn waiting(jobs: &[&JobStanding], scene: Scene<'_>, rows: usize) -> Markup {
    let tenants_only = why::tenants_only(jobs);
    let counts: Vec<_> = Kind::ALL.iter().map(|kind| (*kind, jobs.iter().filter(|job| Kind::of(job) == *kind).count())).collect();
    let sentence = counts.iter().filter(|(_, count)| *count > 0).map(|(kind, count)| format!("{count} {}", kind.word(tenants_only)));
    let sentence = format!("Why they wait: {}", sentence.collect::<Vec<_>>().join(", "));
    let next = jobs.iter().filter_map(|job| Some(job.wait.as_ref()?.estimate_seconds?[1])).min();
    let noun = if jobs.len() == 1 { "job" } else { "jobs" };
    let soonest =
        |high: u64| if high < 60 { "within 1 min".to_owned() } else { format!("within {}", time::range([0, high]).replace("0–", "")) };
    let shares: Markup = if jobs.is_empty() {
        shares("Nothing waits", &[])
    } else {
        shares(&sentence, &counts.iter().map(|(kind, count)| (kind.tone(), *count)).collect::<Vec<_>>())
    };
    let longest = jobs.iter().filter_map(|job| row::sent(job)).min();
    let parts = Parts {
        key: "waiting",
        name: "Waiting",
        aside: oldest(longest, scene),
        big: jobs.len(),
        meaning: html! { (noun) @if let Some(high) = next { ", next starts " span data-calm { (soonest(high)) } } },
        bar: shares,
        legend: html! {
            @for (kind, count) in counts.iter().filter(|(_, count)| *count > 0) {
                a href={ "/jobs?state=waiting&" (kind.query()) } { (swatch(kind.tone())) b { (number(*count)) } " " (kind.word(tenants_only)) }
            }
        },
        jobs,
        nothing: html! {
            @if scene.snapshot.jobs.is_empty() { "No job yet. Send the first: " code { (scene.daemon.submit) } }
            @else { "Nothing waits. New jobs start at once." }
        },
        all: html! { a href="/jobs?state=waiting" { "All " (number(jobs.len())) " waiting" } },
        note: None,
    };
    lane(parts, scene, rows)
}

pub(super) fn running(jobs: &[&JobStanding], scene: Scene<'_>, rows: usize) -> Markup {
    let all = &scene.snapshot.limits.all;
    let configured = all.limit.unwrap_or(all.running);
    let projects = &scene.snapshot.limits.projects;
    // The learned capacity of all projects together, if it is known of each.
    let learned = projects.iter().map(|project| project.learned).sum::<Option<usize>>().filter(|_| !projects.is_empty());
    let takes = all.learned.or(learned).map_or(configured, |learned| learned.min(configured));
    let refused = configured - takes;
    let free = takes.saturating_sub(all.running);
    let longest = jobs.iter().filter_map(|job| time::parse(job.started_at.as_deref()?)).min();
    let parts = Parts {
        key: "running",
        name: "Running",
        aside: oldest(longest, scene),
        big: all.running,
        meaning: html! { "of " (number(takes)) " places" @if refused > 0 { ", " (number(configured)) " configured" } },
        bar: places(&format!("{} of {} places taken, {refused} refused by CodeBuild", all.running, configured), all.running, free, refused),
        legend: html! {
            a href="/jobs?state=running" { (swatch("fill-run")) b { (number(all.running)) } " taken" }
            @if free > 0 { span { (swatch("free")) b { (number(free)) } " free" } }
            @if refused > 0 { a href="/limits" { (swatch("refused")) b { (number(refused)) } " refused by CodeBuild" } }
        },
        jobs,
        nothing: html! { "Nothing runs. " (counted(takes, "place")) @if takes == 1 { " is free." } @else { " are free." } },
        all: html! { a href="/jobs?state=running&state=reporting" { "All " (number(jobs.len())) " running" } },
        note: Some(html! {
            span { (swatch("fill-prep")) "before the build" }
            span { (swatch("fill-run")) "build" }
            span { (swatch("fill-warn")) "over" }
            span { (swatch("tick")) "usual" }
        }),
    };
    lane(parts, scene, rows)
}

pub(super) fn ended(jobs: &[&JobStanding], scene: Scene<'_>, rows: usize) -> Markup {
    let lately = || jobs.iter().filter(|job| is_lately(job, scene));
    let count = |status: Status| lately().filter(|job| job.status == Some(status)).count();
    let (succeeded, failed) = (count(Status::Succeeded), count(Status::Failed));
    let (timed_out, errored) = (count(Status::TimedOut), count(Status::Errored));
    let other = count(Status::Cancelled) + count(Status::Superseded);
    let all = succeeded + failed + timed_out + errored + other;
    let figures = [
        (Sign::Succeeded, "fill-ok", succeeded, "", "status=succeeded"),
        (Sign::Failed, "fill-fail", failed, "failed", "status=failed"),
        (Sign::TimedOut, "fill-fail", timed_out, "timed out", "status=timed_out"),
        (Sign::Errored, "fill-warn", errored, "errored", "status=errored"),
        (Sign::Superseded, "fill-idle", other, "other", "status=cancelled&status=superseded"),
    ];
    let sentence =
        format!("{succeeded} succeeded, {failed} failed, {timed_out} timed out, {errored} errored, {other} cancelled or superseded");
    // Cancelled jobs are left out: they neither succeeded nor failed.
    let share = (succeeded * 100).checked_div(all);
    let parts = Parts {
        key: "ended",
        name: "Ended",
        aside: html! { "last hour" },
        big: all,
        meaning: html! { @if all == 1 { "job" } @else { "jobs" } @if let Some(share) = share { ", " (share) " % succeeded" } },
        bar: shares(&sentence, &figures.iter().map(|(_, tone, count, ..)| (*tone, *count)).collect::<Vec<_>>()),
        legend: html! {
            @for (sign, _, count, word, query) in figures.iter().filter(|(_, _, count, ..)| *count > 0) {
                a href={ "/jobs?state=ended&" (query) } {
                    @if word.is_empty() { (sign.named()) b { (number(*count)) } } @else { (sign.bare()) b { (number(*count)) } " " (word) }
                }
            }
        },
        jobs,
        nothing: html! {
            "Nothing has ended"
            @if let Some(started) = time::parse(&scene.snapshot.started_at) {
                " since " (time::at_minute(started, scene.now)) ", when this daemon started."
            }
        },
        all: html! { a href="/jobs?state=ended" { "All that ended" } },
        note: None,
    };
    lane(parts, scene, rows)
}

/// Whether it ended within the last hour.
pub(super) fn is_lately(job: &JobStanding, scene: Scene<'_>) -> bool {
    time::since(job.ended_at.as_deref(), scene.now).is_some_and(|seconds| seconds <= LATELY)
}
