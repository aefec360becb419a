//! The timeline: one row for each phase on one time axis, then the history.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::{axis::Axis, whole_seconds};
use crate::{
    http::page::{
        Scene,
        bar::{Part, bar},
        row::{phase, sent},
        sign::Sign,
        text::{boxed, capital},
        time,
    },
    job::{
        event::Run,
        standing::{JobDetail, State},
    },
};

/// One stage of a job, with its times.
#[derive(Debug)]
struct Stretch {
    name: String,
    tone: &'static str,
    from: Timestamp,
    to: Timestamp,
    failed: bool,
}

pub(super) fn panel(detail: &JobDetail, scene: Scene<'_>) -> Markup {
    let attempts = attempts(detail, scene.now);
    let all = || attempts.iter().flat_map(|(_, stretches)| stretches);
    let Some(from) = all().map(|stretch| stretch.from).min() else { return history(detail, scene, &html! {}) };
    let to = all().map(|stretch| stretch.to).max().unwrap_or(from);
    let axis = Axis::new(from, to);
    let chart = html! {
        div.chart {
            @for (attempt, stretches) in &attempts {
                @if *attempt > 1 { p.attempt { "Attempt " (attempt) } }
                @for stretch in stretches { (stretch_row(stretch, axis)) }
            }
            div.phase-row aria-hidden="true" {
                span {}
                svg.axis {
                    @for line in axis.lines() {
                        text x={ (format!("{:.2}", axis.at(line))) "%" } y="12" data-at=(format!("{line:.0}")) data-time=(if axis.is_by_minute() { "minute" } else { "clock" }) {
                            (if axis.is_by_minute() { time::minute(line, line) } else { time::clock(line) })
                        }
                    }
                }
                span {}
            }
        }
    };
    history(
        detail,
        scene,
        &html! { p.sub { (time::at_second(axis.from)) " to " (time::at_second(axis.to)) " " span data-zone { "UTC" } ", to scale" } (chart) },
    )
}

fn stretch_row(stretch: &Stretch, axis: Axis) -> Markup {
    let (from, to) = (axis.at(stretch.from), axis.at(stretch.to));
    let took = time::duration(time::seconds(stretch.from, stretch.to));
    let sentence = format!("{}, {took} from {}", stretch.name, time::clock(stretch.from));
    let mut parts: Vec<_> = axis.lines().map(|line| Part { tone: "grid", x: axis.at(line), width: 0.08 }).collect();
    // A stage without duration stays visible.
    parts.push(Part { tone: stretch.tone, x: from.min(99.6), width: (to - from).max(0.4) });
    html! {
        div.phase-row {
            span.fail[stretch.failed] { (boxed(&stretch.name)) @if stretch.failed { " " (Sign::Failed.named()) } }
            (bar(&sentence, &parts, None))
            span.n { (took) }
        }
    }
}

/// Every attempt with its stages, in order.
fn attempts(detail: &JobDetail, now: Timestamp) -> Vec<(usize, Vec<Stretch>)> {
    let job = &*detail.standing;
    let received = time::parse(&job.received_at).filter(|_| !detail.from_record);
    let ended = job.ended_at.as_deref().and_then(time::parse);
    let first = detail.builds.first().and_then(|build| time::parse(build.started_at.as_deref()?));
    let plain = |name: &str, tone, from, to| Stretch { name: name.to_owned(), tone, from, to, failed: false };
    let mut line = Vec::new();
    if let (Some(sent), Some(received)) = (sent(job), received) {
        line.push(plain("On the queue", "fill-prep", sent, received.max(sent)));
    }
    if let Some(received) = received {
        let until = first.or(ended).unwrap_or(now);
        line.push(plain("Waiting for a place", "fill-idle", received, until.max(received)));
    }
    let mut attempts = vec![(1, line)];
    for (index, build) in detail.builds.iter().enumerate() {
        let stretches = phases(build, now);
        if index == 0 {
            attempts[0].1.extend(stretches);
        } else {
            attempts.push((index + 1, stretches));
        }
    }
    let built = detail.builds.last().and_then(|build| time::parse(build.ended_at.as_deref()?));
    if let (Some(built), State::Reporting | State::Ended) = (built, job.state) {
        let told = plain("Report", "fill-prep", built, ended.unwrap_or(now).max(built));
        attempts.last_mut().map(|(_, stretches)| stretches.push(told)).unwrap_or_default();
    }
    attempts.retain(|(_, stretches)| !stretches.is_empty());
    attempts
}

/// The stage of a build's phase.
fn stage(name: &str) -> String {
    match name {
        "SUBMITTED" | "QUEUED" | "PROVISIONING" => "Provisioning".to_owned(),
        "DOWNLOAD_SOURCE" => "Download source".to_owned(),
        "INSTALL" | "PRE_BUILD" => "Install, pre-build".to_owned(),
        "UPLOAD_ARTIFACTS" | "FINALIZING" => "Upload, finalize".to_owned(),
        other => phase(other),
    }
}

/// The stages of a build. Consecutive phases of one stage are one entry.
fn phases(build: &Run, now: Timestamp) -> Vec<Stretch> {
    let Some(mut at) = build.started_at.as_deref().and_then(time::parse) else { return Vec::new() };
    let ended = build.ended_at.as_deref().and_then(time::parse);
    let mut stretches: Vec<Stretch> = Vec::new();
    for phase in build.phases.iter().filter(|phase| phase.name != "COMPLETED") {
        let to = match phase.seconds {
            Some(seconds) => at + millis(seconds),
            None => ended.unwrap_or(now).max(at),
        };
        let name = stage(&phase.name);
        let failed = phase.status.as_deref().is_some_and(|status| status != "SUCCEEDED");
        match stretches.last_mut().filter(|last| last.name == name) {
            Some(last) => {
                last.to = to;
                last.failed |= failed;
            }
            None => {
                stretches.push(Stretch { tone: if phase.name == "BUILD" { "fill-run" } else { "fill-prep" }, name, from: at, to, failed });
            }
        }
        at = to;
    }
    for stretch in stretches.iter_mut().filter(|stretch| stretch.failed) {
        stretch.tone = "fill-fail";
    }
    stretches
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to what an hour count holds")]
fn millis(seconds: f64) -> SignedDuration {
    if whole_seconds(seconds) > 1_000_000 { SignedDuration::ZERO } else { SignedDuration::from_millis((seconds * 1_000.0) as i64) }
}

fn history(detail: &JobDetail, scene: Scene<'_>, chart: &Markup) -> Markup {
    let start = sent(&detail.standing);
    html! {
        section.panel aria-labelledby="when" data-key="when" {
            header.head { h2 id="when" { "What happened when" } (chart) }
            ol.history {
                @for entry in &detail.history {
                    @let at = time::parse(&entry.time);
                    li {
                        span { @if let Some(at) = at { (time::at_second(at)) } }
                        span.n.muted { @if let (Some(at), Some(start)) = (at, start) { @if time::seconds(start, at) > 0 { "+ " (time::duration(time::seconds(start, at))) } } }
                        span { (boxed(&capital(&entry.text))) }
                    }
                }
                @if detail.history.is_empty() { li.muted { span {} span {} span { "Nothing is remembered since " (time::at_minute(scene.now, scene.now)) "." } } }
            }
        }
    }
}
