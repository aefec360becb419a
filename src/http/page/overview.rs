//! The Overview: waiting, running and ended jobs.

use std::collections::HashMap;

use maud::{Markup, html};

use super::{
    Scene,
    bar::places,
    lane::{self, Lanes, is_lately},
    layout::{Page, View},
    letter,
    query::Query,
    row,
    sign::{Sign, is_paused},
    text::{Name, boxed, encoded, number},
    time,
};
use crate::job::{
    outcome::Status,
    standing::{LimitStanding, State},
};

/// The rows of a lane by default.
pub(super) const ROWS: usize = 10;
const TENANTS: usize = 12;
const LETTERS: usize = 4;

/// The view of the jobs that match the address.
pub(super) fn view(scene: Scene<'_>, query: &Query) -> Page {
    let (look, rows) = (query.look, query.rows.unwrap_or(ROWS));
    let lanes = Lanes::of(scene.jobs().filter(|job| query.filter.matches(job)));
    let main = html! {
        @for fault in &query.faults { p.remark.warn role="status" { (Sign::Errored.bare()) " " (boxed(fault)) } }
        h1.hide { "Overview" }
        div.lanes {
            (lane::waiting(&lanes.waiting, scene, rows))
            (lane::running(&lanes.running, scene, rows))
            (lane::ended(&lanes.ended, scene, rows))
        }
        @if !look.wall {
            div.below {
                (tenants(scene))
                (letters(scene))
            }
        }
    };
    Page { look, ..Page::new("", View::Overview, main) }
}

/// The sums of a tenant's jobs.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    succeeded: usize,
    failed: usize,
    next: Option<[u64; 2]>,
    paused: usize,
    held: usize,
}

fn tally(scene: Scene<'_>) -> HashMap<&str, Tally> {
    let mut tallies: HashMap<&str, Tally> = HashMap::new();
    for job in scene.jobs() {
        let tally = tallies.entry(row::tenant(job)).or_default();
        match (job.state, job.status) {
            (State::Waiting, _) => {
                tally.held += 1;
                tally.paused += usize::from(is_paused(job));
                let estimate = job.wait.as_ref().and_then(|wait| wait.estimate_seconds).filter(|_| !is_paused(job));
                tally.next = [tally.next, estimate].into_iter().flatten().min();
            }
            (State::Ended, Some(Status::Succeeded)) if is_lately(job, scene) => tally.succeeded += 1,
            (State::Ended, Some(Status::Failed | Status::TimedOut | Status::Errored)) if is_lately(job, scene) => tally.failed += 1,
            (State::Ended, _) => {}
            _ => tally.held += 1,
        }
    }
    tallies
}

fn tenants(scene: Scene<'_>) -> Markup {
    let tallies = tally(scene);
    let now: Vec<&LimitStanding> = scene.snapshot.limits.tenants.iter().filter(|tenant| tenant.running + tenant.waiting > 0).collect();
    let mut shown = now.clone();
    shown.sort_by(|a, b| (b.waiting, b.running).cmp(&(a.waiting, a.running)).then_with(|| a.name.cmp(&b.name)));
    html! {
        section.panel aria-labelledby="tenants" data-key="tenants" {
            header.head {
                h2 id="tenants" { "Tenants" } p.sub { (now.len()) " with jobs now" }
                p.aside { a href="/limits" { "Limits" } }
            }
            @if shown.is_empty() {
                p.nothing { "No tenant has jobs now." }
            } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="tenants" {
                    table {
                        thead { tr {
                            th scope="col" { "Tenant" } th scope="col" { "Places" }
                            th.n scope="col" { "Running" } th.n scope="col" { "Waiting" }
                            th.n.wide scope="col" { "Longest wait" } th.n.wide scope="col" { "Next start" }
                            th.n.wide scope="col" { "Succeeded, 1 h" } th.n.wide scope="col" { "Failed, 1 h" }
                        } }
                        tbody data-rows {
                            @for limit in shown.iter().take(TENANTS) {
                                (tenant(limit, tallies.get(limit.name.as_str()).copied().unwrap_or_default()))
                            }
                        }
                    }
                }
            }
            @if shown.len() > TENANTS { footer.foot { a href="/limits" { "All " (number(shown.len())) " tenants" } } }
        }
    }
}

fn tenant(limit: &LimitStanding, tally: Tally) -> Markup {
    let jobs = |query: &str| format!("/jobs?tenant={}&{query}", encoded(&limit.name));
    html! {
        tr data-key={ "tenant:" (limit.name) } {
            th scope="row" { a.plain href=(jobs("state=waiting&state=running")) { (Name(&limit.name)) } }
            td { (limit_bar(limit)) }
            td.n { (number(limit.running)) @if let Some(most) = limit.limit { " of " (number(most)) } @if let Some(burst) = limit.burst { ", burst " (number(burst)) } }
            td.n { (number(limit.waiting)) }
            td.n.wide { @if let Some(wait) = limit.longest_wait_seconds.filter(|_| limit.waiting > 0) { (time::duration(wait)) } @else { "–" } }
            td.n.wide {
                @if tally.paused > 0 && tally.next.is_none() { span.warn { (Sign::Paused.bare()) " paused" } }
                @else if let Some(next) = tally.next { span data-calm { (time::range(next)) } }
                @else { "–" }
            }
            td.n.wide { (number(tally.succeeded)) }
            td.n.wide {
                @if tally.failed > 0 { a.fail href=(jobs("state=ended&status=failed&status=timed_out&status=errored")) { (Sign::Failed.bare()) " " (number(tally.failed)) } }
                @else { "0" }
            }
        }
    }
}

/// The places of a limit, with those that CodeBuild refuses.
pub(super) fn limit_bar(limit: &LimitStanding) -> Markup {
    let most = limit.burst.or(limit.limit).unwrap_or(0).max(limit.running);
    let takes = limit.learned.map_or(most, |learned| learned.clamp(limit.running, most));
    let sentence = match limit.limit {
        Some(most) => {
            let burst = limit.burst.map(|burst| format!(", up to {burst} while nobody else waits")).unwrap_or_default();
            format!("{} of {most} places taken{burst}", limit.running)
        }
        None => format!("{} places taken, no limit", limit.running),
    };
    places(&sentence, limit.running, takes - limit.running, most - takes)
}

fn letters(scene: Scene<'_>) -> Markup {
    let Some(look) = scene.letters else {
        return html! {
            section.panel aria-labelledby="letters" data-key="letters" {
                header.head { h2 id="letters" { "Dead letters" } }
                p.nothing { "Nobody has looked since the start. " a href="/dead-letters" { "Look" } }
            }
        };
    };
    let oldest = look.letters.iter().filter_map(|letter| time::since(letter.sent_at.as_deref(), scene.now)).max();
    html! {
        section.panel aria-labelledby="letters" data-key="letters" {
            header.head {
                h2 id="letters" { "Dead letters" }
                p.sub { (number(look.letters.len())) @if let Some(oldest) = oldest { ", oldest " (time::span(oldest)) } }
            }
            @if look.letters.is_empty() {
                p.nothing { "No dead letters. What cannot be read as a job would be here with its reasons." }
            } @else {
                ol.jobs data-rows { @for item in look.letters.iter().rev().take(LETTERS) { (letter::row(item, scene)) } }
            }
            footer.foot { a href="/dead-letters" { "All " (number(look.letters.len())) " dead letters" } p.note { "as of " (time::at_minute(look.time, scene.now)) } }
        }
    }
}
