//! Why a job waits, as text.

use maud::{Markup, html};

use super::{Scene, text::Name, time};
use crate::job::{
    reference::segment,
    standing::{Cause, JobStanding, Limits, PauseScope, Reason},
};

/// The kind of a reason, by who can act: with a colour's class, a name in the legend, and the API's reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nobody has to act: a place will be free.
    NoPlace,
    /// A limit of the tenant, profile or repository.
    OwnLimit,
    Group,
    /// Somebody must act.
    Paused,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::NoPlace, Self::OwnLimit, Self::Group, Self::Paused];

    /// The first reason that holds decides.
    pub(super) fn of(job: &JobStanding) -> Self {
        match job.wait.as_ref().and_then(|wait| wait.reasons.first()).map(|reason| reason.reason) {
            None | Some(Cause::Limit | Cause::Project | Cause::Capacity) => Self::NoPlace,
            Some(Cause::Tenant | Cause::Profile | Cause::Repository) => Self::OwnLimit,
            Some(Cause::Group) => Self::Group,
            Some(Cause::Paused) => Self::Paused,
        }
    }

    pub(super) fn tone(self) -> &'static str {
        match self {
            Self::NoPlace => "fill-run",
            Self::OwnLimit => "fill-prep",
            Self::Group => "fill-idle",
            Self::Paused => "fill-warn",
        }
    }

    /// `tenants_only`: of the jobs' own limits only those of tenants hold jobs back.
    pub(super) fn word(self, tenants_only: bool) -> &'static str {
        match self {
            Self::NoPlace => "no free place",
            Self::OwnLimit if tenants_only => "tenant limit",
            Self::OwnLimit => "own limit",
            Self::Group => "group",
            Self::Paused => "paused",
        }
    }

    /// The filter that finds them.
    pub(super) fn query(self) -> &'static str {
        match self {
            Self::NoPlace => "reason=limit&reason=project&reason=capacity",
            Self::OwnLimit => "reason=tenant&reason=profile&reason=repository",
            Self::Group => "reason=group",
            Self::Paused => "reason=paused",
        }
    }
}

/// Whether of the jobs' own limits only those of tenants hold jobs back.
pub(super) fn tenants_only(jobs: &[&JobStanding]) -> bool {
    let mut reasons = jobs.iter().filter_map(|job| Some(job.wait.as_ref()?.reasons.first()?.reason));
    !reasons.any(|reason| matches!(reason, Cause::Profile | Cause::Repository))
}

/// The first reason that holds.
pub(super) fn first(job: &JobStanding, scene: Scene<'_>, linked: bool) -> Markup {
    let reasons = job.wait.as_ref().map_or(&[][..], |wait| wait.reasons.as_slice());
    if let Some(reason) = reasons.first() {
        words(reason, scene, linked)
    } else {
        html! { "starts next" }
    }
}

/// A reason with its name. `linked`: the job that comes first in a group is a link.
pub(super) fn words(reason: &Reason, scene: Scene<'_>, linked: bool) -> Markup {
    let name = reason.name.as_deref().unwrap_or_default();
    let of = html! { @if let (Some(running), Some(limit)) = (reason.running, reason.limit) { " runs " (running) " of " (limit) @if let Some(burst) = reason.burst { " (burst " (burst) ")" } } @else { " is at its limit" } };
    match reason.reason {
        Cause::Limit => html! { @if let Some(limit) = reason.limit { "all " (limit) " places taken" } @else { "no free place" } },
        Cause::Tenant => html! { (Name(name)) (of) },
        Cause::Profile => html! { "profile " (Name(name)) (of) },
        Cause::Repository => html! { (Name(without_host(name))) (of) },
        Cause::Project => {
            html! { @if let Some(limit) = reason.limit { "CodeBuild takes " (limit) " at once" } @else { "CodeBuild takes no more at once" } }
        }
        Cause::Group => html! {
            @match reason.job.as_deref() {
                Some(job) if linked => { "after " a href={ "/jobs/" (segment(job)) } { (Name(job)) } ", group " }
                Some(job) => { "after " (Name(job)) ", group " }
                None => "group ",
            }
            (Name(name))
        },
        Cause::Paused => {
            let since = pause_of(name, &scene.snapshot.limits).and_then(time::parse);
            html! {
                "paused"
                @if !name.is_empty() { ": " (Name(name)) }
                @if let Some(since) = since { ", since " (time::at_minute(since, scene.now)) }
            }
        }
        Cause::Capacity => html! { "CodeBuild refused: “" (Name(name)) "”" },
    }
}

/// Since when what has this name is paused.
fn pause_of<'a>(name: &str, limits: &'a Limits) -> Option<&'a str> {
    let is_it = |scope: &PauseScope| match scope {
        PauseScope::All => name.is_empty(),
        PauseScope::Queue(paused) | PauseScope::Tenant(paused) | PauseScope::Profile(paused) => paused == name,
    };
    limits.pauses.iter().find(|pause| is_it(&pause.scope))?.since.as_deref()
}

fn without_host(repository: &str) -> &str {
    repository.split_once('/').filter(|(host, _)| host.contains('.')).map_or(repository, |(_host, path)| path)
}
