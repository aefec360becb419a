//! A job as a row of a lane: two lines, with the same height in all lanes.

use maud::{Markup, html};

use super::{
    Scene,
    bar::{Part, bar, percent},
    sign::{Sign, is_paused},
    text::{Name, boxed, line, repository, spelled},
    time, why,
};
use crate::job::{
    outcome::Status,
    reference::segment,
    standing::{JobStanding, State},
};

/// The job's id; of a message without one, the message's.
pub(super) fn id(job: &JobStanding) -> &str {
    job.job.id.as_deref().unwrap_or(&job.job.message_id)
}

/// The address of the job's page.
pub(super) fn address(job: &JobStanding) -> String {
    format!("/jobs/{}", segment(id(job)))
}

/// The revision that was asked for.
pub(super) fn revision(job: &JobStanding) -> Option<&str> {
    job.job.source.as_ref()?.revision.as_deref()
}

/// The tenant's name.
pub(super) fn tenant(job: &JobStanding) -> &str {
    job.job.tenant.as_ref().map_or("unknown", |tenant| tenant.as_str())
}

/// Since when it waits: since it was sent, if that is known.
pub(super) fn sent(job: &JobStanding) -> Option<jiff::Timestamp> {
    time::parse(job.job.enqueued_at.as_deref().unwrap_or(&job.received_at))
}

/// The accessible name of a link to the job.
pub(super) fn label(job: &JobStanding) -> String {
    let revision = revision(job).map(|revision| format!(" at {}", spelled(revision))).unwrap_or_default();
    format!("{}{revision}, job {}", spelled(repository(job)), spelled(id(job)))
}

/// A job's row in the lane of its state.
pub(super) fn row(job: &JobStanding, scene: Scene<'_>) -> Markup {
    let cells = match job.state {
        State::Waiting => waiting(job, scene),
        State::Running | State::Reporting => running(job, scene),
        State::Ended => ended(job, scene),
    };
    html! {
        li.job data-key={ "job:" (spelled(id(job))) } {
            span.lead { (cells.lead) }
            p.who {
                a.name href=(address(job)) title=(spelled(&job.repository)) aria-label=(label(job)) { (Name(repository(job))) }
                @if let Some(revision) = revision(job) { span.rev { (Name(revision)) } }
                span.tenant { (Name(tenant(job))) }
            }
            p.when { (cells.when) }
            (cells.below)
        }
    }
}

struct Cells {
    lead: Markup,
    when: Markup,
    below: Markup,
}

fn waiting(job: &JobStanding, scene: Scene<'_>) -> Cells {
    let position = job.wait.as_ref().and_then(|wait| wait.position);
    let paused = is_paused(job);
    let lead = match position {
        Some(position) if !paused => html! { span.position { (position) } },
        _ => Sign::of(job).named(),
    };
    Cells {
        lead,
        when: estimate(job),
        below: html! {
            p.why { (why::first(job, scene, false)) }
            p.how { "waited " @if let Some(sent) = sent(job) { (time::elapsed(sent, scene.now)) } }
        },
    }
}

/// When a waiting job starts.
pub(super) fn estimate(job: &JobStanding) -> Markup {
    let wait = job.wait.as_ref();
    match wait.and_then(|wait| wait.estimate_seconds) {
        _ if is_paused(job) => html! { "when resumed" },
        Some(seconds) => html! { span data-calm { "in " (time::range(seconds)) } },
        None => html! { span.muted { "no estimate yet" } },
    }
}

/// A phase in words.
pub(super) fn phase(name: &str) -> String {
    match name {
        "SUBMITTED" => "Submitted".to_owned(),
        "QUEUED" => "Queued".to_owned(),
        "DOWNLOAD_SOURCE" => "Source".to_owned(),
        "PRE_BUILD" => "Pre-build".to_owned(),
        "POST_BUILD" => "Post-build".to_owned(),
        "UPLOAD_ARTIFACTS" => "Upload".to_owned(),
        "FINALIZING" => "Finalizing".to_owned(),
        other => {
            let mut words = other.replace('_', " ").to_lowercase();
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            words
        }
    }
}

fn running(job: &JobStanding, scene: Scene<'_>) -> Cells {
    let started = job.started_at.as_deref().and_then(time::parse);
    let phase = job.phase.as_deref().map_or_else(|| "Starting".to_owned(), phase);
    let state = match job.state {
        State::Reporting => html! { "reporting" },
        _ => left(job, scene),
    };
    Cells {
        lead: Sign::of(job).named(),
        when: html! { @if let Some(started) = started { (time::elapsed(started, scene.now)) } },
        below: html! {
            p.why.progress { (phase_bar(job, scene)) span.phase { (boxed(&phase)) } }
            p.how { (state) }
        },
    }
}

/// How long a running build still takes, or by how much it exceeds the usual time.
pub(super) fn left(job: &JobStanding, scene: Scene<'_>) -> Markup {
    let elapsed = time::since(job.started_at.as_deref(), scene.now).unwrap_or_default();
    if let Some(since) = job.cancelling_since.as_deref().and_then(time::parse) {
        return html! { "cancelling, " (time::elapsed(since, scene.now)) };
    }
    match (job.usual_seconds, job.left_seconds) {
        (Some([median, most]), _) if elapsed > most => html! { span.warn { (time::span(elapsed - median)) " over" } },
        (_, Some([_, high])) if high < 60 => html! { "under 1 min" },
        (_, Some(left)) => html! { span data-calm { (time::range(left)) " left" } },
        (_, None) => html! { "no estimate yet" },
    }
}

/// The bar of a running build. Its full width is the time that nine of ten builds stay below, or the present time if that is longer.
pub(super) fn phase_bar(job: &JobStanding, scene: Scene<'_>) -> Markup {
    let now = scene.now;
    let elapsed = time::since(job.started_at.as_deref(), now).unwrap_or_default();
    let phase = job.phase.as_deref().map_or_else(|| "Starting".to_owned(), phase);
    // The time before the build's own commands; all of it until they begin.
    let before = match (&job.started_at, &job.building_since) {
        (Some(started), Some(building)) => time::parse(building).and_then(|building| time::since(Some(started), building)),
        _ => None,
    };
    let before = before.unwrap_or(elapsed).min(elapsed);
    let whole = job.usual_seconds.map_or(elapsed, |[_, most]| most.max(elapsed)).max(1);
    let usual = job.usual_seconds.map(|[median, _]| median);
    let over = match job.usual_seconds {
        Some([median, most]) if elapsed > most => median.max(before),
        _ => elapsed,
    };
    let part = |tone, from: u64, to: u64| Part { tone, x: percent(from, whole), width: percent(to.saturating_sub(from), whole) };
    let sentence = match usual {
        Some(usual) => format!("{}, {} of usually {}", spelled(&phase), time::duration(elapsed), time::span(usual)),
        None => format!("{}, {}", spelled(&phase), time::duration(elapsed)),
    };
    let parts = [part("fill-prep", 0, before), part("fill-run", before, over), part("fill-warn", over, elapsed)];
    bar(&sentence, &parts, usual.map(|usual| percent(usual, whole)))
}

fn ended(job: &JobStanding, scene: Scene<'_>) -> Cells {
    let ended = job.ended_at.as_deref().and_then(time::parse);
    let status = job.status.unwrap_or(Status::Errored);
    let below = match status {
        Status::Succeeded | Status::Cancelled | Status::Superseded => html! {
            p.why { (result(job, status)) }
            p.how { (took(job)) }
        },
        Status::Failed | Status::TimedOut | Status::Errored => html! { p.why.decisive { (decisive(job)) } },
    };
    Cells { lead: Sign::of(job).named(), when: html! { @if let Some(ended) = ended { (time::ago(ended, scene.now)) } }, below }
}

/// The result of a job that did not fail.
pub(super) fn result(job: &JobStanding, status: Status) -> Markup {
    match status {
        Status::Superseded => html! {
            "by " @match job.superseded_by.as_deref() { Some(newer) => (Name(newer)), None => "a newer job of its group" }
        },
        Status::Cancelled => {
            html! { @match job.cancel_reason.as_deref() { Some(reason) => (boxed(reason)), None => "by hand" } }
        }
        _ if job.pushed.is_empty() => html! { "no image asked for" },
        _ => {
            html! { @for (index, reference) in job.pushed.iter().enumerate() { @if index > 0 { ", " } (Name(without_registry(reference))) } }
        }
    }
}

/// A reference without its registry.
fn without_registry(reference: &str) -> &str {
    match reference.split_once('/') {
        Some((registry, name)) if registry.contains(['.', ':']) || registry == "localhost" => name,
        _ => reference,
    }
}

/// The decisive line, without the word `error` that most begin with.
pub(super) fn decisive(job: &JobStanding) -> Markup {
    let text = job.decisive_line.as_deref().unwrap_or_default();
    let text = text.lines().next().unwrap_or_default().trim_start();
    let text = text.strip_prefix("ERROR:").or_else(|| text.strip_prefix("error:")).unwrap_or(text).trim_start();
    html! { @if text.is_empty() { "no line of the log says why" } @else { (line(text)) } }
}

/// How long its build took.
pub(super) fn took(job: &JobStanding) -> Markup {
    let took = job.ended_at.as_deref().and_then(time::parse).and_then(|ended| time::since(job.started_at.as_deref(), ended));
    html! { @match took { Some(seconds) => { "took " (time::duration(seconds)) }, None => "never started" } }
}
