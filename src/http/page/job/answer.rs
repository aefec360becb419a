//! The answer that a job's page begins with, by its state.

use maud::{Markup, html};

use crate::{
    http::page::{
        Scene,
        row::{self, address, left, phase, phase_bar, took},
        sign::Sign,
        text::{Name, boxed, https, line},
        time, why,
    },
    job::{
        outcome::{FailureKind, Status},
        reference::segment,
        standing::{JobDetail, JobStanding, State},
    },
};

pub(super) fn panel(detail: &JobDetail, before: &[&JobStanding], scene: Scene<'_>) -> Markup {
    let job = &*detail.standing;
    let (class, head, body) = match (job.state, job.status) {
        (State::Waiting, _) => ("", "Why it waits", waiting(job, scene)),
        (State::Running, _) => ("", "How far it is", running(job, scene)),
        (State::Reporting, _) => (
            "",
            "It has ended",
            html! { p { "Its log is read and its end is told to the topic. It ends here once the topic has taken it." } },
        ),
        (State::Ended, Some(Status::Succeeded)) => ("", "Result", succeeded(detail)),
        (State::Ended, Some(Status::Cancelled | Status::Superseded)) => ("", "Who ended it", stopped(job)),
        (State::Ended, _) => ("fail-panel", "What broke", broken(detail, before, scene)),
    };
    html! {
        section.panel.answer.(class) aria-labelledby="answer" data-key="answer" {
            header.head { (Sign::of(job).bare()) h2 id="answer" { (head) } }
            (body)
        }
    }
}

fn waiting(job: &JobStanding, scene: Scene<'_>) -> Markup {
    let wait = job.wait.clone().unwrap_or_default();
    let all = scene.jobs().filter(|other| other.state == State::Waiting).count();
    html! {
        ul.reasons-list {
            @for reason in &wait.reasons { li { (why::words(reason, scene, true)) } }
            @match wait.position {
                Some(_) if wait.reasons.is_empty() => li { "Nothing keeps it: it starts next." },
                None if job.attempt.is_some() => li { "It is not in line: there is a pause before its next attempt." },
                None => li { "It is not in line yet: an earlier build of it is looked for." },
                _ => {}
            }
        }
        dl.facts {
            @if let Some(position) = wait.position { dt { "Position" } dd { (position) " of " (all) } }
            dt { "Starts" } dd { (row::estimate(job)) }
            @if let Some(newer) = wait.reasons.iter().find_map(|reason| reason.job.as_deref()) {
                dt { "Waits for" } dd { a href={ "/jobs/" (segment(newer)) } { (Name(newer)) } }
            }
        }
    }
}

fn running(job: &JobStanding, scene: Scene<'_>) -> Markup {
    let started = job.started_at.as_deref().and_then(time::parse);
    html! {
        (phase_bar(job, scene))
        dl.facts {
            dt { "Phase" } dd { span role="status" { (boxed(&job.phase.as_deref().map_or_else(|| "Starting".to_owned(), phase))) } }
            @if let Some(started) = started { dt { "Elapsed" } dd { (time::elapsed(started, scene.now)) } }
            @if let Some([median, most]) = job.usual_seconds { dt { "Usual" } dd { (time::duration(median)) ", nine of ten below " (time::duration(most)) } }
            dt { "Left" } dd { (left(job, scene)) }
        }
    }
}

fn succeeded(detail: &JobDetail) -> Markup {
    let nothing = detail.images.is_empty() && detail.outputs.is_empty() && detail.artifacts.is_none();
    html! {
        @if nothing { p { "It succeeded. No image was asked for, and nothing was exported." } }
        dl.facts {
            @for image in &detail.images {
                dt { "Image" }
                dd { code { (boxed(&image.reference)) } @if let Some(digest) = &image.digest { br; code.muted { (boxed(digest)) } } }
            }
            @for (name, value) in &detail.outputs { dt { (boxed(name)) } dd { code { (boxed(value)) } } }
            @if let Some(artifacts) = &detail.artifacts { dt { "Artifacts" } dd { code { (boxed(&artifacts.location)) } } }
        }
    }
}

fn stopped(job: &JobStanding) -> Markup {
    html! {
        @match (job.status, job.superseded_by.as_deref()) {
            (Some(Status::Superseded), Some(newer)) => p { "A newer job of its group came: " a.inline href={ "/jobs/" (segment(newer)) } { (Name(newer)) } "." },
            (Some(Status::Superseded), None) => p { "A newer job of its group came." },
            _ => p { "It was cancelled" @if let Some(reason) = &job.cancel_reason { ": “" (Name(reason)) "”" } "." },
        }
        p.muted { "Its build " (took(job)) "." }
    }
}

fn broken(detail: &JobDetail, before: &[&JobStanding], scene: Scene<'_>) -> Markup {
    let job = &*detail.standing;
    let failure = detail.failure.as_ref();
    let decisive = job.decisive_line.as_deref().or(failure.map(|failure| failure.message.as_str())).unwrap_or("Nobody knows why.");
    let number = detail.log.as_ref().and_then(|log| log.highlights.first()?.line);
    html! {
        p.decisive-line { (line(decisive)) }
        dl.facts {
            @if let Some(failure) = failure {
                @if failure.message != decisive { dt { "Cause" } dd { (boxed(&failure.message)) } }
                @if let Some(command) = &failure.command { dt { "Command" } dd { code { (boxed(command)) } } }
                dt { "Where" }
                dd {
                    @if let Some(name) = &failure.phase { "Phase " (boxed(&phase(name))) }
                    @if let Some(code) = &failure.code { @if failure.phase.is_some() { ", " } (boxed(code)) }
                    @if let Some(number) = number { ", " a href={ "#L" (number) } { "log line " (number) } }
                }
                dt { "Who acts" }
                dd { (acts(failure.kind)) (history(job, before, scene)) }
            }
            @if let Some(url) = detail.log.as_ref().and_then(|log| log.url.as_deref()).and_then(https) {
                dt { "Log" } dd { a href=(url) rel="noreferrer" { "in CloudWatch" } }
            }
        }
    }
}

fn acts(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Build => "The sender: what the job asks for does not build.",
        FailureKind::Platform => "The operator, or AWS: the sender’s code is not to blame.",
        FailureKind::Timeout => "The sender: the build took longer than it may.",
    }
}

/// Whether this branch failed so before.
fn history(job: &JobStanding, before: &[&JobStanding], scene: Scene<'_>) -> Markup {
    let failed: Vec<_> = before.iter().take_while(|job| job.status != Some(Status::Succeeded) && job.decisive_line.is_some()).collect();
    let same = failed.iter().take_while(|before| before.decisive_line == job.decisive_line).count();
    let oldest = same.checked_sub(1).and_then(|last| failed.get(last));
    let first = oldest.and_then(|job| time::parse(job.ended_at.as_deref()?));
    html! {
        @if let (Some(first), Some(oldest)) = (first, oldest) {
            @if same == 1 { " The build of this branch before failed with the same line, " } @else { " The last " (same) " builds of this branch before failed with the same line, first " }
            "at " a.inline href=(address(oldest)) { (time::at_minute(first, scene.now)) } "."
        } @else if before.first().is_some_and(|job| job.status == Some(Status::Succeeded)) {
            " The build of this branch before succeeded."
        }
    }
}
