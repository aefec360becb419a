//! Forms that ask for confirmation.

use maud::{Markup, html};

use super::{
    Scene,
    layout::{Page, View},
    row::{address, id, revision},
    scope::scope,
    sign::Sign,
    text::{Name, boxed, repository},
};
use crate::job::{
    problem::Problem,
    standing::{JobStanding, Pause, PauseScope, State},
};

/// The longest reason that a form takes, in characters.
const REASON: usize = 200;

fn still(title: &str, view: View, main: Markup) -> Page {
    Page { live: false, ..Page::new(title, view, main) }
}

fn token(scene: Scene<'_>) -> Markup {
    html! { input type="hidden" name="token" value=(scene.token); }
}

fn reason(label: &str) -> Markup {
    html! { label for="reason" { (label) } input #reason name="reason" maxlength=(REASON) autocomplete="off"; }
}

/// All problems of the form that was sent.
pub(super) fn problems(problems: &[Problem]) -> Markup {
    html! {
        @if !problems.is_empty() {
            div.remark.fail role="alert" {
                p { (Sign::Failed.bare()) " It would be rejected:" }
                dl.reasons { @for problem in problems {
                    dt { @if problem.path.is_empty() { "(body)" } @else { (boxed(&problem.path)) } } dd { (boxed(&problem.problem)) }
                } }
            }
        }
    }
}

/// The form that pauses or resumes a scope. Without a scope it offers a choice.
pub(super) fn pause(wanted: Option<&PauseScope>, paused: Option<&Pause>, scene: Scene<'_>) -> Page {
    let waiting = scene.jobs().filter(|job| job.state == State::Waiting).count();
    let running = scene.snapshot.limits.all.running;
    let main = html! {
        p.crumbs { a href="/limits" { "Limits" } @if paused.is_some() { " / Resume" } @else { " / Pause" } }
        @match (wanted, paused) {
            (Some(wanted), Some(pause)) => {
                h1 { "Resume " (lower(wanted)) "?" }
                form.form method="post" action="/resume" {
                    (token(scene)) (scope_fields(wanted))
                    p { (scope(wanted)) " is paused" @if let Some(reason) = &pause.reason { ": “" (Name(reason)) "”" } ". Its jobs start again when their turn comes." }
                    div.buttons { a.button href="/limits" { "Back" } button.primary type="submit" { "Resume" } }
                }
            }
            (wanted, _) => {
                h1 { "Pause" @if let Some(wanted) = wanted { " " (lower(wanted)) } "?" }
                form.form method="post" action="/pause" {
                    (token(scene))
                    @match wanted {
                        Some(wanted) => (scope_fields(wanted)),
                        None => {
                            fieldset {
                                legend { "What" }
                                label.choice-line { input type="radio" name="scope" value="all" checked; " Everything" }
                                label.choice-line { input type="radio" name="scope" value="tenant"; " A tenant" }
                                label.choice-line { input type="radio" name="scope" value="profile"; " A profile" }
                                label.choice-line { input type="radio" name="scope" value="queue"; " A queue" }
                            }
                            label for="name" { "Its name, unless everything" } input #name name="name" maxlength="80" autocomplete="off" list="names";
                            datalist id="names" {
                                @for limit in scene.snapshot.limits.tenants.iter().chain(&scene.snapshot.limits.profiles).take(200) { option value=(limit.name) {} }
                                @for queue in &scene.daemon.queues { option value=(queue) {} }
                            }
                        }
                    }
                    (reason("Why, for those who see it"))
                    p.muted { "What runs goes on (" (running) " now); what waits (" (waiting) " now) keeps its place and starts when it is resumed. A pause outlives a restart." }
                    @if !matches!(wanted, Some(PauseScope::All | PauseScope::Queue(_))) {
                        p.muted { "Of a tenant or profile, each job that waits here loses one of its queue's maxReceiveCount receives at each restart of the daemon, and each 12 hours." }
                    }
                    div.buttons { a.button href="/limits" { "Back" } button.primary type="submit" { "Pause" } }
                }
            }
        }
    };
    still("Pause", View::Limits, main)
}

/// A scope within a sentence.
fn lower(wanted: &PauseScope) -> Markup {
    match wanted {
        PauseScope::All => html! { "everything" },
        PauseScope::Queue(name) => html! { "the queue " (Name(name)) },
        PauseScope::Tenant(name) => html! { (Name(name)) },
        PauseScope::Profile(name) => html! { "the profile " (Name(name)) },
    }
}

fn scope_fields(wanted: &PauseScope) -> Markup {
    let (kind, name) = match wanted {
        PauseScope::All => ("all", ""),
        PauseScope::Queue(name) => ("queue", name.as_str()),
        PauseScope::Tenant(name) => ("tenant", name.as_str()),
        PauseScope::Profile(name) => ("profile", name.as_str()),
    };
    html! { input type="hidden" name="scope" value=(kind); input type="hidden" name="name" value=(name); }
}

/// The form that cancels a job.
pub(super) fn cancel(job: &JobStanding, scene: Scene<'_>) -> Page {
    let main = html! {
        p.crumbs { a href="/jobs" { "Jobs" } " / " a href=(address(job)) { (Name(id(job))) } " / Cancel" }
        h1 { "Cancel " (Name(repository(job))) @if let Some(revision) = revision(job) { " " span.rev { (Name(revision)) } } "?" }
        form.form method="post" action={ (address(job)) "/cancel" } {
            (token(scene))
            p {
                "The job " b { (Name(id(job))) }
                @match job.state {
                    State::Waiting => " waits, and will not start.",
                    State::Running => " runs; its build is stopped.",
                    State::Reporting | State::Ended => " has ended already: there is nothing to cancel.",
                }
                " Its subscribers are told that it was cancelled, and why."
            }
            (reason("Why"))
            div.buttons { a.button href=(address(job)) { "Back" } button.danger type="submit" { "Cancel the job" } }
        }
    };
    still("Cancel a job", View::Jobs, main)
}

/// The form that sends a message, again or for the first time.
pub(super) fn submit(body: &str, without_values: bool, wrong: &[Problem], scene: Scene<'_>) -> Page {
    let main = html! {
        p.crumbs { a href="/jobs" { "Jobs" } " / Send" }
        h1 { "Send a job" }
        form.form method="post" action="/jobs/new" {
            (token(scene)) (problems(wrong))
            label for="body" { "The message" }
            textarea #body name="body" rows="22" spellcheck="false" { (body) }
            p.muted { "Without an id it gets a new one. The id of a job of the last hour would be the same job: it is not built twice." }
            @if without_values { p.warn { (Sign::Errored.bare()) " Values of variables are not remembered: fill them in." } }
            div.buttons { a.button href="/jobs" { "Back" } button.primary type="submit" { "Send" } }
        }
    };
    still("Send a job", View::Jobs, main)
}

/// The page that says that a request was not carried out.
pub(super) fn refused(head: &str, why: &str, back: &str) -> Page {
    let main = html! {
        h1 { (head) }
        div.prose { p role="alert" { (Sign::Failed.bare()) " " (boxed(why)) } p { a href=(back) { "Back" } } }
    };
    still(head, View::Other, main)
}
