//! The frame of every view: head, header, notices, footer.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    Scene,
    asset::Assets,
    lane::is_lately,
    scope::{scope, scope_query},
    sign::Sign,
    text::{Name, boxed, capital, counted, number},
    time,
};
use crate::job::{
    outcome::Status,
    standing::{JobStanding, Notice, Pause, PauseScope, Severity, State},
};

/// How many notices are shown; the rest are counted.
const NOTICES: usize = 3;

/// The places of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Overview,
    Jobs,
    Limits,
    DeadLetters,
    /// A form, or the keys.
    Other,
}

/// The appearance that the address asks for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    /// `dark` or `light`; else as the browser is set.
    pub(super) theme: Option<&'static str>,
    /// For a wall screen: large and without controls.
    pub(super) wall: bool,
}

/// The part of the page that differs between views.
pub(super) struct Page {
    pub(super) title: String,
    pub(super) view: View,
    pub(super) look: Look,
    /// Whether it shows a log.
    pub(super) log: bool,
    /// Whether the script fetches it again when something changes. Forms are not fetched again.
    pub(super) live: bool,
    pub(super) main: Markup,
}

impl Page {
    pub(super) fn new(title: impl Into<String>, view: View, main: Markup) -> Self {
        Self { title: title.into(), view, look: Look::default(), log: false, live: true, main }
    }
}

/// Jobs that failed in the last hour and whose branch has not succeeded since.
fn failing(scene: Scene<'_>) -> usize {
    let branch = |job: &JobStanding| {
        let revision = job.job.source.as_ref().and_then(|source| source.revision.clone());
        (job.repository.clone(), revision, job.job.profile.clone())
    };
    let mut mended = std::collections::HashSet::new();
    let mut failing = 0;
    // The newest come first: a success comes before the failures that it ends.
    for job in scene.jobs().filter(|job| is_lately(job, scene)) {
        match job.status {
            Some(Status::Succeeded) => drop(mended.insert(branch(job))),
            Some(Status::Failed | Status::TimedOut | Status::Errored) if !mended.contains(&branch(job)) => failing += 1,
            _ => {}
        }
    }
    failing
}

/// The whole page.
pub(super) fn page(page: &Page, scene: Scene<'_>) -> Markup {
    let assets = Assets::get();
    let failing = failing(scene);
    let icon = if failing > 0 { &assets.icon_failing } else { &assets.icon };
    let title = if page.title.is_empty() { "Slipway".to_owned() } else { format!("{} · Slipway", page.title) };
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[page.look.theme] class=[page.look.wall.then_some("wall")] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { @if failing > 0 { "(" (failing) " failing) " } (title) }
                link rel="icon" type="image/svg+xml" href=(icon.address) data-hollow=(assets.icon_hollow.address);
                link rel="stylesheet" href=(assets.style.address);
                script src=(assets.script.address) defer {}
                @if page.log { script src=(assets.job_script.address) defer {} }
                @if page.live { noscript { meta http-equiv="refresh" content="30"; } }
            }
            body data-live[page.live] {
                a.skip href="#main" { "Skip to content" }
                (header(page, scene))
                (notices(scene))
                main #main data-key="main" { (page.main) }
                (footer(scene))
            }
        }
    }
}

fn header(page: &Page, scene: Scene<'_>) -> Markup {
    let link = |view: View, href: &str, name: &str, count: Option<usize>| {
        html! {
            a href=(href) aria-current=[(view == page.view).then_some("page")] {
                (name) @if let Some(count) = count.filter(|count| *count > 0) { " " span.count { (number(count)) } }
            }
        }
    };
    let letters = scene.letters.map(|look| look.letters.len());
    html! {
        header.top data-key="top" {
            a.brand href="/" { (brand()) "Slipway" }
            p.place { @for (index, queue) in scene.daemon.queues.iter().enumerate() { @if index > 0 { ", " } (Name(queue)) }
                @if let Some(region) = &scene.daemon.region { " · " (region) } }
            nav aria-label="Views" {
                (link(View::Overview, "/", "Overview", None))
                (link(View::Jobs, "/jobs", "Jobs", None))
                (link(View::Limits, "/limits", "Limits", None))
                (link(View::DeadLetters, "/dead-letters", "Dead letters", letters))
            }
            form.find role="search" action="/jobs" {
                input type="search" name="q" placeholder="Find job, repository, label" aria-label="Find job, repository, label" maxlength="200";
                kbd aria-hidden="true" { "/" }
            }
            p.live {
                svg.dot viewBox="0 0 8 8" aria-hidden="true" { circle cx="4" cy="4" r="3" {} }
                span #connection role="status" { "As of" } " " span #clock data-own { (time::now(scene.now)) } " " span #zone data-own { "UTC" }
            }
            @if scene.may_steer { a.button.steer href="/pause" { "Pause…" } }
        }
    }
}

/// The logo: a hull on a slipway, and its sail.
fn brand() -> Markup {
    PreEscaped(r#"<svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><path d="M2.6 8.6 14 3.2v5.4z" class="fill-run"/><path d="M1 10.6h14l-2.4 3.4H3.2z" fill="currentColor"/></svg>"#.to_owned())
}

fn notices(scene: Scene<'_>) -> Markup {
    let pauses = &scene.snapshot.limits.pauses;
    // Pauses have a text of their own here, with the link that resumes them.
    let others = scene.snapshot.notices.iter().filter(|notice| notice.kind != "paused");
    // They come first among equals: the viewer can end them.
    let mut all: Vec<_> = pauses.iter().map(|pause| (Severity::Warning, paused(pause, scene))).collect();
    all.extend(others.map(|it| (it.severity, notice(it, scene))));
    all.extend(just_started(scene).map(|markup| (Severity::Warning, markup)));
    all.sort_by_key(|(severity, _)| *severity);
    let more = all.len().saturating_sub(NOTICES);
    html! {
        div.notices role="status" data-key="notices" {
            @for (_, markup) in all.iter().take(NOTICES) { (markup) }
            @if more > 0 { p.notice { span.text { "and " a href="/limits" { (more) " more" } } } }
        }
    }
}

fn notice(notice: &Notice, scene: Scene<'_>) -> Markup {
    let sign = if notice.severity == Severity::Error { Sign::Failed } else { Sign::Errored };
    let end = [". ", ": ", ", "].iter().filter_map(|mark| notice.text.find(mark)).min().unwrap_or(notice.text.len());
    let (head, rest) = notice.text.split_at(end);
    html! {
        p.notice {
            (sign.named())
            span.text {
                b { (boxed(&capital(head))) } (boxed(rest))
                @if let Some(since) = notice.since.as_deref().and_then(time::parse) { " Since " (time::at_minute(since, scene.now)) "." }
            }
            @if notice.kind == "capacity_learned" { a href="/limits" { "Limits" } }
        }
    }
}

fn paused(pause: &Pause, scene: Scene<'_>) -> Markup {
    let waiting = scene.jobs().filter(|job| stops(&pause.scope, job)).count();
    let since = pause.since.as_deref().and_then(time::parse);
    html! {
        p.notice {
            (Sign::Paused.named())
            span.text {
                b { (scope(&pause.scope)) " is paused" }
                @if let Some(since) = since { " since " (time::at_minute(since, scene.now)) }
                @match &pause.scope {
                    PauseScope::All => { ". " (scene.snapshot.limits.all.running) " builds run on, nothing new starts" }
                    _ => { ", " (waiting) @if waiting == 1 { " job waits for it" } @else { " jobs wait for it" } }
                }
                @if let Some(reason) = &pause.reason { ": “" (Name(reason)) "”" }
                "."
            }
            @if scene.may_steer { a href={ "/pause?" (scope_query(&pause.scope)) } { "Resume…" } }
        }
    }
}

/// The text of the first minute, when the list may not be complete yet.
fn just_started(scene: Scene<'_>) -> Option<Markup> {
    let started = time::parse(&scene.snapshot.started_at).filter(|started| time::seconds(*started, scene.now) < 60)?;
    let is_before = |job: &&JobStanding| {
        job.state == State::Running && job.started_at.as_deref().and_then(time::parse).is_some_and(|build| build < started)
    };
    let found = scene.jobs().filter(is_before).count();
    Some(html! {
        p.notice {
            (Sign::Running.named())
            span.text {
                b { "Started " (time::ago(started, scene.now)) }
                @if found > 0 { ": " (counted(found, "running build")) " found again" } ". The queue is being read."
            }
        }
    })
}

/// Whether a pause keeps this job waiting.
fn stops(scope: &PauseScope, job: &JobStanding) -> bool {
    job.state == State::Waiting
        && match scope {
            PauseScope::All => true,
            PauseScope::Queue(name) => *job.queue == **name,
            PauseScope::Tenant(name) => job.job.tenant.as_ref().is_some_and(|tenant| tenant.as_str() == name),
            PauseScope::Profile(name) => job.job.profile.as_ref() == Some(name),
        }
}

fn footer(scene: Scene<'_>) -> Markup {
    let started = time::parse(&scene.snapshot.started_at);
    html! {
        footer.bottom data-key="bottom" {
            p { span {
                "Remembers the last " (number(scene.daemon.history)) " ended jobs"
                @if let Some(started) = started { ", since " (time::at_minute(started, scene.now)) }
            } }
            p { a href="/keys" { kbd { "?" } " keys" } span { "Slipway " (env!("CARGO_PKG_VERSION")) } }
        }
    }
}
