//! The view of all limits: how much of each is used, and by whom.

use maud::{Markup, html};

use super::{
    Scene,
    layout::{Page, View},
    overview::limit_bar,
    row::{estimate, tenant},
    scope::{scope, scope_query},
    sign::Sign,
    text::{Name, boxed, encoded, number},
    time,
};
use crate::{
    config::WhenFull,
    job::standing::{JobStanding, LimitStanding, PauseScope, State},
};

/// The most rows of one table; the rest are counted.
const ROWS: usize = 200;

/// The kind of a table's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    All,
    Tenant,
    Profile,
    Project,
    Repository,
}

pub(super) fn view(scene: Scene<'_>) -> Page {
    let limits = &scene.snapshot.limits;
    let main = html! {
        div.title {
            div { h1 { "Limits" } p.muted { "Who holds the places, and what stands in the way of more." } }
            @if scene.may_steer { div.buttons { a.button href="/pause?scope=all" { @if is_paused(scene, About::All, "") { "Resume all…" } @else { "Pause all…" } } } }
        }
        @if !limits.pauses.is_empty() {
            section.panel.table-panel aria-labelledby="pauses" data-key="pauses" {
                header.head { h2 id="pauses" { "Paused" } }
                ul.plain-list { @for pause in &limits.pauses { li {
                    (Sign::Paused.bare()) " " b { (scope(&pause.scope)) }
                    @if let Some(since) = pause.since.as_deref().and_then(time::parse) { " since " (time::at_minute(since, scene.now)) }
                    @if let Some(reason) = &pause.reason { ": “" (Name(reason)) "”" } " "
                    @if scene.may_steer { a.inline href={ "/pause?" (scope_query(&pause.scope)) } { "Resume…" } }
                } } }
            }
        }
        (table("All builds", About::All, std::slice::from_ref(&limits.all), scene))
        (table("Tenants", About::Tenant, &limits.tenants, scene))
        (table("Profiles", About::Profile, &limits.profiles, scene))
        (table("Projects", About::Project, &limits.projects, scene))
        @if !limits.repositories.is_empty() { (table("Repositories", About::Repository, &limits.repositories, scene)) }
    };
    Page::new("Limits", View::Limits, main)
}

fn table(name: &str, about: About, limits: &[LimitStanding], scene: Scene<'_>) -> Markup {
    let key = name.split(' ').next().unwrap_or_default().to_lowercase();
    html! {
        section.panel.table-panel aria-labelledby={ "limits-" (key) } data-key={ "limits-" (key) } {
            header.head { h2 id={ "limits-" (key) } { (name) } p.sub { @if about == About::All { (scene.snapshot.limits.held.to_string()) } @else { (number(limits.len())) } } }
            @if limits.is_empty() { p.nothing { "None has jobs now." } } @else {
                div.scroll tabindex="0" role="group" aria-labelledby={ "limits-" (key) } {
                    table {
                        thead { tr {
                            th scope="col" { "Name" } th scope="col" { "Places" } th.n scope="col" { "Running" }
                            th.n.wide scope="col" { "Limit" } th.wide scope="col" { "Learned" }
                            th.n scope="col" { "Waiting" } th.n.wide scope="col" { "Longest wait" } th.n.wide scope="col" { "Next start" }
                            @if scene.may_steer { th.wide scope="col" { span.hide { "Pause" } } }
                        } }
                        tbody data-rows { @for limit in limits.iter().take(ROWS) { (row(limit, about, scene)) } }
                    }
                }
                @if limits.len() > ROWS { footer.foot { "And " (number(limits.len() - ROWS)) " more" } }
            }
        }
    }
}

fn row(limit: &LimitStanding, about: About, scene: Scene<'_>) -> Markup {
    let name = limit.name.as_str();
    let filter = match about {
        About::Tenant => Some("tenant"),
        About::Profile => Some("profile"),
        About::Repository => Some("repository"),
        About::All | About::Project => None,
    };
    // Jobs cannot be filtered by project, so the link is by profile.
    let next = match about {
        About::Project => None,
        _ => scene
            .jobs()
            .filter(|job| job.state == State::Waiting && counts(about, name, job))
            .min_by_key(|job| job.wait.as_ref().and_then(|wait| wait.estimate_seconds).unwrap_or([u64::MAX; 2])),
    };
    html! {
        tr data-key={ "limit:" (name) } {
            th scope="row" {
                @match filter {
                    Some(filter) => a.plain href={ "/jobs?" (filter) "=" (encoded(name)) } { (Name(name)) },
                    None => @if name.is_empty() { "All" } @else { (Name(name)) },
                }
            }
            td { (limit_bar(limit)) }
            td.n { (number(limit.running)) }
            td.n.wide { @match limit.limit { Some(most) => (number(most)), None => span.muted { "none" } } @if let Some(burst) = limit.burst { ", burst " (number(burst)) } @if let Some(weight) = limit.weight.filter(|weight| *weight != 1) { ", weight " (weight) } }
            td.wide.reason { (learned(limit, scene)) }
            td.n { (number(limit.waiting)) (most_waiting(limit)) }
            td.n.wide { @match limit.longest_wait_seconds.filter(|_| limit.waiting > 0) { Some(wait) => (time::duration(wait)), None => "–" } }
            td.n.wide { @match next { Some(job) => (estimate(job)), None => "–" } }
            @if scene.may_steer { td.n.wide { (steer(about, name, scene)) } }
        }
    }
}

/// How many jobs may wait, and what happens to further ones.
fn most_waiting(limit: &LimitStanding) -> Markup {
    let then = limit.when_full.map(WhenFull::as_str);
    html! { @if let Some(most) = limit.waiting_limit { " of " (number(most)) @if let Some(then) = then { ", then " (then) } } }
}

fn learned(limit: &LimitStanding, scene: Scene<'_>) -> Markup {
    let Some(learned) = limit.learned else { return html! { "–" } };
    html! {
        span.cut title=[limit.refusal.as_deref().map(super::text::spelled)] {
            (number(learned))
            @if let Some(at) = limit.learned_at.as_deref().and_then(time::parse) { ", since " (time::at_minute(at, scene.now)) }
            @if let Some(refusal) = &limit.refusal { ": “" (boxed(refusal)) "”" }
        }
    }
}

fn steer(about: About, name: &str, scene: Scene<'_>) -> Markup {
    let scope = match about {
        About::All => PauseScope::All,
        About::Tenant => PauseScope::Tenant(name.to_owned()),
        About::Profile => PauseScope::Profile(name.to_owned()),
        About::Project | About::Repository => return html! {},
    };
    let word = if is_paused(scene, about, name) { "Resume…" } else { "Pause…" };
    html! { a href={ "/pause?" (scope_query(&scope)) } aria-label={ (word.trim_end_matches('…')) " " (if name.is_empty() { "all" } else { name }) } { (word) } }
}

fn is_paused(scene: Scene<'_>, about: About, name: &str) -> bool {
    scene.snapshot.limits.pauses.iter().any(|pause| match (&pause.scope, about) {
        (PauseScope::All, About::All) => true,
        (PauseScope::Tenant(paused), About::Tenant) | (PauseScope::Profile(paused), About::Profile) => paused == name,
        _ => false,
    })
}

fn counts(about: About, name: &str, job: &JobStanding) -> bool {
    match about {
        About::All => true,
        About::Tenant => tenant(job) == name,
        About::Profile => job.job.profile.as_deref() == Some(name),
        About::Repository => &*job.repository == name,
        About::Project => false,
    }
}
