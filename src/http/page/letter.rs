//! A dead letter: as a row of the Overview, and as an entry of its own view.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::{
    Scene,
    sign::Sign,
    text::{Name, boxed, encoded, spelled},
    time,
};
use crate::job::{
    problem::Problem,
    standing::{DeadLetter, DeadLetterKind},
};

/// How much of a message is shown, in bytes. A message may have 1 MiB.
const BODY: usize = 16 * 1024;

/// Fields of a message that need not be a valid job.
#[derive(Debug, Default)]
struct Said {
    tenant: Option<String>,
    source: Option<String>,
}

fn said(letter: &DeadLetter) -> Said {
    let body: Value = serde_json::from_str(&letter.body).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let source = letter.repository.clone().or_else(|| text(&body["source"]["url"])).map(|source| {
        let path = source.split_once("://").map_or(source.as_str(), |(_scheme, rest)| rest);
        let path = path.split_once('/').map_or(path, |(_host, path)| path);
        path.strip_suffix(".git").unwrap_or(path).to_owned()
    });
    Said { tenant: letter.tenant.clone().or_else(|| text(&body["tenant"])), source }
}

fn name(letter: &DeadLetter) -> &str {
    letter.job.as_deref().unwrap_or("no id")
}

/// The address of the letter's form.
fn edit(letter: &DeadLetter) -> String {
    format!("/dead-letters/{}/edit", encoded(&letter.id))
}

/// A row of the Overview, with the first reason.
pub(super) fn row(letter: &DeadLetter, scene: Scene<'_>) -> Markup {
    let said = said(letter);
    html! {
        li.job data-key={ "letter:" (spelled(&letter.id)) } {
            span.lead { (Sign::DeadLetter.named()) }
            p.who {
                a.name href={ "/dead-letters#" (encoded(&letter.id)) } { (Name(name(letter))) }
                span.tenant { (Name(said.tenant.as_deref().unwrap_or("unknown sender"))) }
            }
            p.when { @if let Some(sent) = letter.sent_at.as_deref().and_then(time::parse) { (time::ago(sent, scene.now)) } }
            p.why.decisive {
                @match (letter.kind, letter.problems.first()) {
                    (DeadLetterKind::Rejected, Some(problem)) => {
                        (boxed(&problem.to_string()))
                        @if letter.problems.len() > 1 { ", and " (letter.problems.len() - 1) " more" }
                    }
                    _ => { "received " (letter.receives) " times, no end told" }
                }
            }
        }
    }
}

/// An entry with all its reasons, its message, and what can be done with it.
pub(super) fn entry(letter: &DeadLetter, scene: Scene<'_>) -> Markup {
    let said = said(letter);
    let id = spelled(&letter.id);
    html! {
        li.letter #(encoded(&letter.id)) data-key={ "letter:" (id) } {
            @if scene.may_steer { input type="checkbox" name="id" value=(letter.id) form="selection" aria-label={ "Select " (spelled(name(letter))) " " (id) }; }
            div.said {
                p.head {
                    b { (Name(name(letter))) } " "
                    span.muted {
                        (Name(said.tenant.as_deref().unwrap_or("unknown sender"))) " · "
                        @match (&said.source, &letter.job) {
                            (Some(source), _) => (Name(source)),
                            (None, Some(_)) => "no source",
                            (None, None) => { "message " (Name(letter.id.get(..8).unwrap_or(&letter.id))) },
                        }
                    }
                    @if letter.acceptable { " " span.ok { (Sign::Succeeded.bare()) " would be accepted now" } }
                }
                dl.reasons {
                    @if letter.kind == DeadLetterKind::ReceivedTooOften || letter.problems.is_empty() {
                        dt { "received " (letter.receives) " times" } dd { "no end of it was told" }
                    }
                    @for problem in &letter.problems {
                        dt { @if problem.path.is_empty() { "(body)" } @else { (boxed(&problem.path)) } }
                        dd { (boxed(&problem.problem)) }
                    }
                }
                details data-key={ "body:" (id) } {
                    summary { "Show message" }
                    pre.message tabindex="0" { (message(letter)) }
                }
            }
            div.acts {
                p.muted {
                    @if let Some(sent) = letter.sent_at.as_deref().and_then(time::parse) { (time::ago(sent, scene.now)) }
                    @if let Some(until) = letter.kept_until.as_deref().and_then(time::parse) { " · kept " (time::span(time::seconds(scene.now, until))) }
                    @if scene.daemon.queues.len() > 1 { " · " (Name(&letter.queue)) }
                }
                @if scene.may_steer {
                    p {
                        @if letter.acceptable { button.link type="submit" form="selection" name="only" value=(letter.id) aria-label={ "Redrive " (spelled(name(letter))) } { "Redrive" } }
                        a href=(edit(letter)) aria-label={ "Edit " (spelled(name(letter))) } { "Edit…" }
                        a href={ "/dead-letters/delete?id=" (encoded(&letter.id)) } aria-label={ "Delete " (spelled(name(letter))) } { "Delete…" }
                    }
                }
            }
        }
    }
}

/// The message, with the values that have problems underlined.
pub(super) fn message(letter: &DeadLetter) -> Markup {
    let body = letter.body.get(..letter.body.floor_char_boundary(BODY)).unwrap_or_default();
    let spots = spots(body, &letter.problems);
    let mut at = 0;
    html! {
        @for (from, to) in spots.into_iter().filter(|(from, to)| from < to) {
            (boxed(body.get(at..from).unwrap_or_default())) mark { (boxed(body.get(from..to).unwrap_or_default())) }
            ({ at = to; "" })
        }
        (boxed(body.get(at..).unwrap_or_default()))
        @if body.len() < letter.body.len() { "\n… " (letter.body.len() - body.len()) " bytes more" }
    }
}

/// The ranges of the values that have problems, in order and not nested.
fn spots(body: &str, problems: &[Problem]) -> Vec<(usize, usize)> {
    // The values borrow from the body, so their addresses give their ranges.
    let mut spots: Vec<_> = problems.iter().filter_map(|problem| spot(body, &problem.path)).collect();
    spots.sort_unstable();
    let mut end = 0;
    spots.retain(|(from, to)| {
        let apart = *from >= end;
        if apart {
            end = *to;
        }
        apart
    });
    spots
}

fn spot(body: &str, pointer: &str) -> Option<(usize, usize)> {
    use serde_json::value::RawValue;
    let mut text = body;
    for token in pointer.strip_prefix('/')?.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        text = match text.trim_start().as_bytes().first()? {
            b'{' => serde_json::from_str::<BTreeMap<String, &RawValue>>(text).ok()?.get(&token)?.get(),
            b'[' => serde_json::from_str::<Vec<&RawValue>>(text).ok()?.get(token.parse::<usize>().ok()?)?.get(),
            _ => return None,
        };
    }
    let from = text.as_ptr().addr().checked_sub(body.as_ptr().addr())?;
    (from + text.len() <= body.len()).then_some((from, from + text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_that_break_rules_are_underlined() {
        let body = r#"{ "id": "a", "images": [{ "dockerfile": "../x<b>" }], "timeout_minutes": 90 }"#;
        let problem = |path: &str| Problem { path: path.into(), problem: "wrong".into() };
        let letter = |body: &str, paths: &[&str]| DeadLetter {
            id: "m".into(),
            job: None,
            queue: "q".into(),
            kind: DeadLetterKind::Rejected,
            problems: paths.iter().map(|path| problem(path)).collect(),
            acceptable: false,
            receives: 1,
            sent_at: None,
            tenant: None,
            repository: None,
            kept_until: None,
            body: body.into(),
        };
        let shown = message(&letter(body, &["/timeout_minutes", "/images/0/dockerfile", "/source", ""])).0;
        assert!(shown.contains("<mark>&quot;../x&lt;b&gt;&quot;</mark>") && shown.contains("<mark>90</mark>"), "{shown}");
        assert_eq!(shown.matches("<mark>").count(), 2);
        assert_eq!(message(&letter("version: 1", &[""])).0, "version: 1");
        let long = "ü".repeat(BODY);
        assert!(message(&letter(&long, &[])).0.ends_with(" bytes more"));
    }
}
