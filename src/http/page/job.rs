//! A job's page: why it failed, why it waits, how far it is.

mod answer;
mod axis;
mod excerpt;
mod fact;
mod timeline;

pub(super) use excerpt::{LINES, whole};
use maud::{Markup, html};

use super::{
    Scene,
    layout::{Page, View},
    row::{id, revision, sent},
    sign::Sign,
    text::{Name, encoded, repository, spelled},
    time,
};
use crate::job::{
    reference::segment,
    standing::{JobDetail, JobStanding, State},
};

/// How many earlier jobs of the same branch are read.
const BEFORE: usize = 5;

/// The view.
pub(super) fn view(detail: &JobDetail, scene: Scene<'_>) -> Page {
    let job = &*detail.standing;
    let before = before(job, scene);
    let main = html! {
        (crumbs(job))
        div.title {
            div {
                h1 { (Name(repository(job))) @if let Some(revision) = revision(job) { " " span.rev { (Name(revision)) } } " " (pill(job)) }
                p.muted { (summary(detail, scene)) }
            }
            div.buttons {
                button type="button" data-copy data-own hidden { "Copy address" }
                @if scene.may_steer {
                    @match job.state {
                        State::Waiting | State::Running if job.cancelling_since.is_none() => a.button.danger href={ "/jobs/" (segment(id(job))) "/cancel" } { "Cancel…" },
                        State::Ended => a.button href={ "/jobs/new?from=" (encoded(id(job))) } { "Send again…" },
                        _ => (""),
                    }
                }
            }
        }
        @if detail.from_record {
            p.remark { (Sign::Errored.bare()) " From CodeBuild’s record: what waited before the start and who sent it are not known any more." }
        }
        div.columns {
            div {
                (answer::panel(detail, &before, scene))
                (timeline::panel(detail, scene))
                (excerpt::panel(detail))
            }
            aside aria-label="About this job" { (fact::all(detail, &before, scene)) }
        }
    };
    Page { log: true, ..Page::new(format!("{} {}", spelled(id(job)), Sign::of(job).word()), View::Jobs, main) }
}

fn crumbs(job: &JobStanding) -> Markup {
    html! {
        p.crumbs {
            a href="/jobs" { "Jobs" } " / "
            a href={ "/jobs?repository=" (encoded(&job.repository)) } { (Name(repository(job))) } " / " (Name(id(job)))
        }
    }
}

/// The state as a word, with its sign.
pub(super) fn pill(job: &JobStanding) -> Markup {
    let sign = Sign::of(job);
    html! { span.pill.(sign.tone()) role="status" { (sign.bare()) " " (sign.word()) } }
}

/// The job's times and durations, in one line.
fn summary(detail: &JobDetail, scene: Scene<'_>) -> Markup {
    let job = &*detail.standing;
    let at = |text: Option<&str>| text.and_then(time::parse);
    let (sent, started, ended) = (sent(job), at(job.started_at.as_deref()), at(job.ended_at.as_deref()));
    html! {
        @match job.state {
            State::Waiting => @if let Some(sent) = sent { "Sent " b { (time::at_second(sent)) } ", waited " b { (time::elapsed(sent, scene.now)) } },
            State::Running | State::Reporting => @if let Some(started) = started {
                "Started " b { (time::at_second(started)) } ", running for " b { (time::elapsed(started, scene.now)) }
            },
            State::Ended => @if let Some(ended) = ended {
                "Ended " b { (time::at_second(ended)) } ", " (time::ago(ended, scene.now))
                @if let Some(sent) = sent { ", after " b { (time::duration(time::seconds(sent, ended))) } }
            },
        }
        @if let Some(building) = detail.timings.as_ref().and_then(|timings| timings.building_seconds) { " · built for " (time::duration(whole_seconds(building))) }
        @if let Some(attempt) = job.attempt { " · attempt " (attempt) }
        @if let Some(since) = job.cancelling_since.as_deref().and_then(time::parse).filter(|_| job.state != State::Ended) {
            " · " span.warn { "cancelling, " (time::elapsed(since, scene.now)) }
        }
    }
}

/// A time of the record in whole seconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "durations of builds are small and not negative")]
pub(super) fn whole_seconds(seconds: f64) -> u64 {
    seconds.clamp(0.0, 1e9).round() as u64
}

/// Jobs of the same repository, revision and profile that ended before it, the newest first.
fn before<'a>(job: &JobStanding, scene: Scene<'a>) -> Vec<&'a JobStanding> {
    let is_before = |other: &&JobStanding| {
        other.state == State::Ended
            && other.repository == job.repository
            && revision(other) == revision(job)
            && other.job.profile == job.job.profile
            && id(other) != id(job)
            && job.ended_at.as_ref().is_none_or(|ended| other.ended_at.as_ref().is_some_and(|other| other < ended))
    };
    scene.jobs().filter(is_before).take(BEFORE).collect()
}

/// The page of a job that was sent just now and is not received yet.
pub(super) fn unreceived(id: &str, scene: Scene<'_>) -> Page {
    let main = html! {
        p.crumbs { a href="/jobs" { "Jobs" } " / " (Name(id)) }
        h1 { "Sent" }
        div.prose { p role="status" { "The message is on the queue, and the job is here as soon as it is received." }
            @if scene.snapshot.limits.all.waiting > 0 { p.muted { (scene.snapshot.limits.all.waiting) " jobs wait already." } } }
    };
    Page::new("Sent", View::Jobs, main)
}

/// The page of an unknown job.
pub(super) fn not_found(wanted: &str, reach: std::time::Duration, scene: Scene<'_>) -> Page {
    let since = scene.now - jiff::SignedDuration::try_from(reach).unwrap_or_default();
    let main = html! {
        p.crumbs { a href="/jobs" { "Jobs" } " / " (Name(wanted)) }
        h1 { "Not found" }
        div.prose { p { "Neither here nor among CodeBuild’s builds since " (time::at_minute(since, scene.now)) ", as far back as was looked." }
            p { a href={ "/jobs?q=" (encoded(wanted)) } { "Search for it" } } }
    };
    Page { live: false, ..Page::new("Not found", View::Jobs, main) }
}
