//! The list of all jobs, with filters.

use maud::{Markup, html};

use super::{
    Scene,
    layout::{Page, View},
    query::{Query, state_word},
    row::{address, decisive, estimate, id, label, left, phase_bar, result, revision, sent, tenant, took},
    sign::Sign,
    text::{Name, boxed, capital, counted, number, repository, spelled},
    time, why,
};
use crate::job::{
    outcome::Status,
    standing::{JobStanding, State},
};

/// The rows of one page.
const ROWS: usize = 100;
/// The states of the filter. Jobs that are reported are among the running ones.
const STATES: [State; 3] = [State::Waiting, State::Running, State::Ended];

pub(super) fn view(query: &Query, scene: Scene<'_>) -> Page {
    let found: Vec<_> = scene.jobs().filter(|job| query.filter.matches(job)).collect();
    let pages = found.len().div_ceil(ROWS).max(1);
    let shown: Vec<_> = found.iter().skip((query.page - 1) * ROWS).take(ROWS).collect();
    let main = html! {
        div.title {
            div { h1 { "Jobs" } p.muted { (counted(found.len(), "job")) @if pages > 1 { ", page " (query.page) " of " (pages) } } }
        }
        @for fault in &query.faults { p.remark.warn role="status" { (Sign::Errored.bare()) " " (boxed(fault)) } }
        (filters(query, scene))
        section.panel aria-label="Jobs" data-key="jobs" {
            @if found.is_empty() { (nothing(query, scene)) }
            @else if shown.is_empty() { p.nothing { "There is no page " (query.page) ". " a.inline href=(query.at_page(pages)) { "To the last, " (pages) } } }
            @else {
                div.scroll tabindex="0" role="group" aria-label="Jobs" {
                    table.of-jobs {
                        thead { tr {
                            th scope="col" { "State" } th scope="col" { "Repository" } th.wide scope="col" { "Revision" } th.wide scope="col" { "Job" }
                            th scope="col" { "Tenant" } th.wide scope="col" { "Profile" } th.wide scope="col" { "Why" }
                            th.n.wide scope="col" { "Waited" } th.n.wide scope="col" { "Took" } th.n scope="col" { "When" }
                        } }
                        tbody data-rows { @for job in &shown { (row(job, scene)) } }
                    }
                }
            }
            @if pages > 1 {
                footer.foot {
                    @if query.page > 1 { a href=(query.at_page((query.page - 1).min(pages))) { "Before" } } @else { span {} }
                    @if query.page < pages { a href=(query.at_page(query.page + 1)) { "After" } }
                }
            }
        }
    };
    Page { look: query.look, ..Page::new("Jobs", View::Jobs, main) }
}

fn filters(query: &Query, scene: Scene<'_>) -> Markup {
    // Counts by state of the jobs that match the other filters.
    let count = |state: State| {
        let is_it = |job: &&JobStanding| job.state == state || (state == State::Running && job.state == State::Reporting);
        scene.jobs().filter(is_it).filter(|job| query.filter.matches_besides_state(job)).count()
    };
    let asked = &query.filter.states;
    html! {
        div.filters {
            nav.choices aria-label="State" {
                a.choice href=(query.with_state(None)) aria-current=[asked.is_empty().then_some("true")] { "All" }
                @for state in STATES {
                    a.choice href=(query.with_state(Some(state))) aria-current=[asked.contains(&state).then_some("true")] {
                        (capital(state_word(state))) " " b { (number(count(state))) }
                    }
                }
            }
            (query.chips())
            form.search role="search" aria-label="Among these" action="/jobs" {
                @for (name, value) in query.pairs.iter().filter(|(name, _)| name != "q") { input type="hidden" name=(name) value=(value); }
                input type="search" name="q" value=(query.text()) placeholder="Id, repository, revision, label" aria-label="Find among these" maxlength="200";
                button type="submit" { "Find" }
            }
        }
    }
}

fn nothing(query: &Query, scene: Scene<'_>) -> Markup {
    let elsewhere = scene.jobs().filter(|job| query.filter.matches_besides_state(job)).count();
    let filters: Vec<_> =
        query.pairs.iter().filter(|(name, _)| name != "state").map(|(name, value)| format!("{name}={}", spelled(value))).collect();
    let state = query.filter.states.iter().next().map_or("", |state| state_word(*state));
    html! {
        p.nothing {
            @if scene.snapshot.jobs.is_empty() { "No job yet. Send the first: " code { (scene.daemon.submit) } }
            @else {
                "No " (state) " job matches" @if !filters.is_empty() { " " code { (filters.join(" ")) } } ". "
                @if elsewhere > 0 { (number(elsewhere)) @if elsewhere == 1 { " of another state does. " } @else { " of other states do. " } a.inline href=(query.with_state(None)) { "Show them" } }
                @else { a.inline href="/jobs" { "Remove the filters" } }
            }
        }
    }
}

fn row(job: &JobStanding, scene: Scene<'_>) -> Markup {
    let at = |text: Option<&str>| text.and_then(time::parse);
    let started = at(job.started_at.as_deref());
    let waited = sent(job).map(|sent| (sent, started.or_else(|| at(job.ended_at.as_deref()))));
    html! {
        tr data-key={ "job:" (spelled(id(job))) } {
            td { span.state.(Sign::of(job).tone()) { (Sign::of(job).bare()) " " span { (Sign::of(job).word()) } } }
            th scope="row" { a href=(address(job)) title=(spelled(&job.repository)) aria-label=(label(job)) { (Name(repository(job))) } }
            td.wide { @if let Some(revision) = revision(job) { span.cut.rev title=(spelled(revision)) { (Name(revision)) } } }
            td.wide { span.cut { (Name(id(job))) } }
            td { span.cut.small { (Name(tenant(job))) } }
            td.wide { @if let Some(profile) = &job.job.profile { span.cut.small { (Name(profile)) } } }
            td.wide.reason { span.cut { (reason(job, scene)) } }
            td.n.wide { @match waited { Some((sent, Some(until))) => (time::duration(time::seconds(sent, until))), Some((sent, None)) => (time::elapsed(sent, scene.now)), None => "–" } }
            td.n.wide { @match (job.state, started) {
                (State::Ended, _) => (took(job)),
                (_, Some(started)) => (time::elapsed(started, scene.now)),
                _ => "–",
            } }
            td.n { (when(job, scene)) }
        }
    }
}

fn reason(job: &JobStanding, scene: Scene<'_>) -> Markup {
    match (job.state, job.status) {
        (State::Waiting, _) => why::first(job, scene, false),
        (State::Running | State::Reporting, _) => phase_bar(job, scene),
        (_, Some(status @ (Status::Succeeded | Status::Cancelled | Status::Superseded))) => result(job, status),
        _ => html! { span.decisive { (decisive(job)) } },
    }
}

fn when(job: &JobStanding, scene: Scene<'_>) -> Markup {
    match job.state {
        State::Waiting => estimate(job),
        State::Running => left(job, scene),
        State::Reporting => html! { "reporting" },
        State::Ended => html! { @if let Some(ended) = job.ended_at.as_deref().and_then(time::parse) { (time::ago(ended, scene.now)) } },
    }
}
