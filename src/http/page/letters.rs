//! The view of the dead letters.

use maud::{Markup, html};

use super::{
    Scene,
    layout::{Page, View},
    letter::entry,
    text::{Name, counted, encoded, number, spelled},
    time,
};
use crate::{
    engine::dead_letter::Look,
    job::standing::{DeadLetter, DeadLetterKind},
};

/// The letters of one page.
const MOST: usize = 500;

/// The filter in the address.
#[derive(Debug, Default, Clone)]
pub(super) struct Wanted {
    pub(super) kind: Option<DeadLetterKind>,
    pub(super) text: String,
}

impl Wanted {
    /// Whether there is no filter.
    pub(super) fn is_all(&self) -> bool {
        self.kind.is_none() && self.text.is_empty()
    }

    fn fits(&self, letter: &DeadLetter) -> bool {
        let text = self.text.to_lowercase();
        let has = |part: &str| part.to_lowercase().contains(&text);
        self.kind.is_none_or(|kind| kind == letter.kind)
            && (has(&letter.id) || has(&letter.body) || letter.problems.iter().any(|problem| has(&problem.to_string())))
    }
}

/// The word of a kind in addresses.
pub(super) fn kind_word(kind: DeadLetterKind) -> &'static str {
    match kind {
        DeadLetterKind::Rejected => "rejected",
        DeadLetterKind::ReceivedTooOften => "received_too_often",
    }
}

/// The kind that an address names.
pub(super) fn read_kind(word: &str) -> Option<DeadLetterKind> {
    KINDS.into_iter().find(|kind| kind_word(*kind) == word)
}

fn name(kind: DeadLetterKind) -> (&'static str, &'static str) {
    match kind {
        DeadLetterKind::Rejected => ("Rejected", "The message is no valid job. Mend the sender, or edit the message here."),
        DeadLetterKind::ReceivedTooOften => {
            ("Received too often", "A valid job that never came to its end. Redrive it when the cause is mended.")
        }
    }
}

const KINDS: [DeadLetterKind; 2] = [DeadLetterKind::Rejected, DeadLetterKind::ReceivedTooOften];

/// `told`: what was done just now.
pub(super) fn view(look: &Look, wanted: &Wanted, told: Option<&Markup>, scene: Scene<'_>) -> Page {
    let fitting: Vec<_> = look.letters.iter().rev().filter(|letter| wanted.fits(letter)).take(MOST).collect();
    let oldest = look.letters.iter().filter_map(|letter| time::parse(letter.sent_at.as_deref()?)).min();
    let left = look
        .letters
        .iter()
        .filter_map(|letter| time::parse(letter.kept_until.as_deref()?))
        .min()
        .map(|until| time::seconds(scene.now, until));
    let queues: std::collections::BTreeSet<&str> = look.letters.iter().map(|letter| letter.queue.as_str()).collect();
    let main = html! {
        @if let Some(told) = told { p.remark role="status" { (told) } }
        div.title {
            div {
                h1 { (counted(look.letters.len(), "dead letter")) }
                p.muted {
                    @if !queues.is_empty() { "On " @for (index, queue) in queues.iter().enumerate() { @if index > 0 { ", " } code { (Name(queue)) } } ". " }
                    @if let Some(oldest) = oldest { "The oldest came " b { (time::ago(oldest, scene.now)) } @if let Some(left) = left { " and is kept for " b { (time::span(left)) } " more" } ". " }
                    "A redriven message goes to the end of its tenant’s line. Looked at " (time::at_second(look.time)) "."
                    @if !look.complete { " There are more than one look shows." }
                }
            }
            div.buttons { a.button href="/dead-letters?look" { "Look again" } }
        }
        div.filters {
            nav.choices aria-label="Kind" {
                a.choice href="/dead-letters" aria-current=[wanted.kind.is_none().then_some("true")] { "All " b { (number(look.letters.len())) } }
                @for kind in KINDS {
                    a.choice href={ "/dead-letters?kind=" (kind_word(kind)) } aria-current=[(wanted.kind == Some(kind)).then_some("true")] {
                        (name(kind).0) " " b { (number(look.letters.iter().filter(|letter| letter.kind == kind).count())) }
                    }
                }
            }
            form.search role="search" aria-label="Among dead letters" action="/dead-letters" {
                @if let Some(kind) = wanted.kind { input type="hidden" name="kind" value=(kind_word(kind)); }
                input type="search" name="q" value=(wanted.text) placeholder="Filter by id, tenant, reason" aria-label="Filter by id, tenant, reason" maxlength="200";
                button type="submit" { "Find" }
            }
        }
        @if fitting.is_empty() {
            section.panel { p.nothing.first {
                @if look.letters.is_empty() { "No dead letters. What cannot be read as a job would be here with its reasons." }
                @else { "No dead letter matches. " a.inline href="/dead-letters" { "Remove the filters" } }
            } }
        }
        @for kind in KINDS {
            @let of_kind: Vec<_> = fitting.iter().filter(|letter| letter.kind == kind).collect();
            @if !of_kind.is_empty() {
                section.panel.letters aria-labelledby=(kind_word(kind)) {
                    header.head { h2 id=(kind_word(kind)) { (name(kind).0) } span.count { (number(of_kind.len())) } p.sub { (name(kind).1) } }
                    ul data-rows { @for letter in of_kind { (entry(letter, scene)) } }
                }
            }
        }
        @if scene.may_steer && !fitting.is_empty() { (selection(&fitting, scene)) }
    };
    Page { live: false, ..Page::new("Dead letters", View::DeadLetters, main) }
}

/// The selected letters and the actions on them. Letters that came later are never included.
fn selection(shown: &[&DeadLetter], scene: Scene<'_>) -> Markup {
    html! {
        form.selection #selection method="post" action="/dead-letters/redrive" {
            input type="hidden" name="token" value=(scene.token);
            p { b #selected role="status" { "Select messages above" } " " span.muted #selected-ids {} }
            div.buttons {
                button.link type="button" #select-all hidden { "Select all " (shown.len()) }
                button.link type="button" #select-none hidden { "Clear" }
                button type="submit" formmethod="get" formaction="/dead-letters/delete" { "Delete…" }
                button.primary type="submit" { "Redrive" }
            }
        }
    }
}

/// The form that deletes letters.
pub(super) fn confirm_delete(letters: &[&DeadLetter], scene: Scene<'_>) -> Page {
    let main = html! {
        p.crumbs { a href="/dead-letters" { "Dead letters" } " / Delete" }
        h1 { "Delete " (counted(letters.len(), "dead letter")) "?" }
        form.form method="post" action="/dead-letters/delete" {
            input type="hidden" name="token" value=(scene.token);
            @if letters.is_empty() { p { "Nothing is selected, or it is not there any more." } }
            ul.plain-list { @for letter in letters {
                li { b { (Name(letter.job.as_deref().unwrap_or("no id"))) } " " span.muted { (Name(&letter.id)) } input type="hidden" name="id" value=(letter.id); }
            } }
            p { "A deleted message is gone: nobody is told." }
            div.buttons {
                a.button href="/dead-letters" { "Back" }
                @if !letters.is_empty() { button.danger type="submit" { "Delete " (letters.len()) } }
            }
        }
    };
    Page { live: false, ..Page::new("Delete dead letters", View::DeadLetters, main) }
}

/// The form that corrects a message. It has the daemon's own checks, and shows all problems at once.
pub(super) fn edit(letter: &DeadLetter, body: &str, problems: &[crate::job::problem::Problem], scene: Scene<'_>) -> Page {
    let main = html! {
        p.crumbs { a href="/dead-letters" { "Dead letters" } " / " (Name(letter.job.as_deref().unwrap_or("no id"))) " / Edit" }
        h1 { "Edit " (Name(letter.job.as_deref().unwrap_or("a message"))) }
        form.form method="post" action={ "/dead-letters/" (encoded(&letter.id)) "/edit" } {
            input type="hidden" name="token" value=(scene.token);
            (super::form::problems(problems))
            label for="body" { "The message, as it is sent again" }
            textarea #body name="body" rows="18" spellcheck="false" { (body) }
            p.muted { "It is sent to the end of its tenant’s line, and message " code { (spelled(&letter.id)) } " is taken from the dead letters." }
            div.buttons { a.button href="/dead-letters" { "Back" } button.primary type="submit" { "Send" } }
        }
    };
    Page { live: false, ..Page::new("Edit a dead letter", View::DeadLetters, main) }
}
