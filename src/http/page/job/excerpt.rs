//! The log on a job's page: the excerpt with line numbers, or the log of a running build; and the whole log, page by page.

use maud::{Markup, html};

use crate::{
    http::page::{
        layout::{Page, View},
        row::address,
        text::{counted, line, number, spelled},
    },
    job::{
        event::Log,
        excerpt::LeftOut,
        standing::{JobDetail, JobStanding, State},
    },
};

/// Lines on one page of the whole log.
pub(in crate::http::page) const LINES: usize = 5_000;

pub(super) fn panel(detail: &JobDetail) -> Markup {
    let job = &*detail.standing;
    match (&detail.log, job.state) {
        (_, State::Waiting) => html! {},
        (Some(log), _) if !log.excerpt.is_empty() => excerpt(job, log),
        (_, State::Running | State::Reporting) => live(job),
        (_, State::Ended) if detail.builds.is_empty() => html! {},
        (_, State::Ended) => html! {
            section.panel aria-labelledby="log-head" data-key="log" {
                header.head { h2 #log-head { "Log" } p.sub { "The log is empty." } p.aside { (links(job)) } }
            }
        },
    }
}

fn links(job: &JobStanding) -> Markup {
    html! {
        a href={ (address(job)) "/log" } { "Whole log" } " "
        a href={ "/api/v1" (address(job)) "/log" } { "Raw" }
    }
}

fn live(job: &JobStanding) -> Markup {
    html! {
        section.panel aria-labelledby="log-head" data-key="log" {
            header.head {
                h2 #log-head { "Log" }
                p.sub { span #log-state data-own="state" { "while it runs" } }
                p.aside { label #follow data-own="follow" hidden { input type="checkbox" checked; " Follow" } " " (links(job)) }
            }
            template { div.line { a.no {} span {} code {} } }
            div.log.live #log data-own="live" data-follow={ "/api/v1" (address(job)) "/log?follow=true" } role="region" aria-label="Lines of the log" tabindex="0" {
                noscript { p.nothing { "Without script the log does not follow: open the whole log." } }
            }
        }
    }
}

/// A line of the excerpt, or a gap between two lines.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Line { number: Option<usize>, text: &'a str },
    Gap { lines: usize, unread: bool, from: Option<usize> },
}

/// The excerpt's lines with their numbers in the log. If the number of lines before the excerpt is not known, lines are counted from the
/// decisive lines, which have their numbers, up to the next gap of unknown length.
fn pieces(log: &Log) -> Vec<Piece<'_>> {
    let mut next = Some(1).filter(|_| !log.truncated);
    let mut pieces = Vec::new();
    for text in log.excerpt.lines() {
        if let Some(gap) = LeftOut::parse(text) {
            pieces.push(Piece::Gap { lines: gap.lines, unread: gap.unread, from: None });
        } else {
            pieces.push(Piece::Line { number: next, text });
            next = next.map(|next| next + 1);
        }
    }
    for highlight in &log.highlights {
        let Some(number) = highlight.line else { continue };
        let found = pieces.iter().position(|piece| matches!(piece, Piece::Line { number: None, text } if text.ends_with(&highlight.text)));
        if let Some(at) = found {
            anchor(&mut pieces, at, number);
        }
    }
    pieces
}

/// The number of lines of the whole log. `None`: the place of the excerpt, or the length of a gap, is not known.
fn lines(pieces: &[Piece<'_>]) -> Option<usize> {
    let before = match pieces.first()? {
        Piece::Line { number, .. } => (*number)?,
        Piece::Gap { from, .. } => (*from)?,
    };
    let mut all = before - 1;
    for piece in pieces {
        match piece {
            Piece::Gap { unread: true, .. } => return None,
            Piece::Gap { lines, .. } => all += lines,
            Piece::Line { .. } => all += 1,
        }
    }
    Some(all)
}

fn anchor(pieces: &mut [Piece<'_>], at: usize, line: usize) {
    let mut next = line;
    for piece in &mut pieces[at..] {
        match piece {
            Piece::Line { number, .. } => {
                *number = Some(next);
                next += 1;
            }
            Piece::Gap { unread: true, .. } => break,
            Piece::Gap { lines, from, .. } => {
                *from = Some(next);
                next += *lines;
            }
        }
    }
    let mut next = line;
    for piece in pieces[..at].iter_mut().rev() {
        match piece {
            Piece::Line { number, .. } if next > 1 => {
                next -= 1;
                *number = Some(next);
            }
            Piece::Gap { lines, unread: false, from } if next > *lines => {
                next -= *lines;
                *from = Some(next);
            }
            _ => break,
        }
    }
}

fn excerpt(job: &JobStanding, log: &Log) -> Markup {
    let pieces = pieces(log);
    let numbers: Vec<_> = log.highlights.iter().filter_map(|highlight| highlight.line).collect();
    let is_decisive = |number: Option<usize>, text: &str| match number {
        Some(number) => numbers.contains(&number),
        None => log.highlights.iter().any(|highlight| text.ends_with(&highlight.text)),
    };
    let all = lines(&pieces);
    let secrets: Vec<_> = log.redacted.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    html! {
        section.panel aria-labelledby="log-head" data-key="log" {
            header.head {
                h2 #log-head { "Log" }
                p.sub {
                    @if log.truncated {
                        "excerpt, " (number(log.lines)) @if let Some(all) = all.filter(|all| *all >= log.lines) { " of " (number(all)) } " lines"
                    } @else { (counted(log.lines, "line")) }
                    @if log.redactions > 0 { ", " (counted(log.redactions, "secret")) " hidden" @if !secrets.is_empty() { ": " (spelled(&secrets.join(", "))) } }
                    @if !log.complete { ", its end was not seen" }
                }
                p.aside {
                    @if !sorted.is_empty() { "Decisive: " @for (index, number) in sorted.iter().enumerate() { @if index > 0 { ", " } a href={ "#L" (number) } { (number) } } " " }
                    (links(job))
                }
            }
            div.log data-own="excerpt" role="region" aria-label="Lines of the log" tabindex="0" {
                @for piece in &pieces {
                    @match piece {
                        Piece::Line { number, text } => (numbered(*number, text, is_decisive(*number, text))),
                        Piece::Gap { lines, unread, from } => p.gap {
                            @if *lines > 0 { (counted(*lines, "line")) " left out" }
                            @if *unread { @if *lines > 0 { ", and a" } @else { "A" } " part of the log that was not read" }
                            @if let Some(from) = from { ", " a data-gap href={ (address(job)) "/log?from=" (from) "&to=" (from + lines - 1) "#L" (from) } { "show " (from) "–" (from + lines - 1) } }
                        },
                    }
                }
            }
        }
    }
}

fn numbered(number: Option<usize>, text: &str, decisive: bool) -> Markup {
    let anchor = number.map(|number| format!("L{number}"));
    html! {
        div.line.decisive-row[decisive] id=[anchor.as_deref()] {
            @match number { Some(number) => a.no href={ "#L" (number) } { (number) }, None => span.no { "·" } }
            span.mk { @if decisive { span aria-hidden="true" { "›" } span.hide { "decisive line" } } }
            code { (line(text)) }
        }
    }
}

/// A page of the whole log, from this line number on. `last`: whether the log ends on it.
pub(in crate::http::page) fn whole(job: &str, first: usize, lines: &[String], last: bool) -> Page {
    let path = format!("/jobs/{}", crate::job::reference::segment(job));
    let until = first + lines.len();
    let main = html! {
        p.crumbs { a href="/jobs" { "Jobs" } " / " a href=(path) { (crate::http::page::text::Name(job)) } " / Log" }
        div.title { h1 { "Log of " (crate::http::page::text::Name(job)) } }
        section.panel aria-labelledby="log-head" {
            header.head {
                h2 #log-head { "Lines " (number(first)) " to " (number(until.saturating_sub(1).max(first))) }
                p.aside {
                    @if first > 1 { a href={ (path) "/log?from=" (first.saturating_sub(LINES).max(1)) } { "Before" } " " }
                    @if !last { a href={ (path) "/log?from=" (until) } { "After" } " " }
                    a href={ "/api/v1" (path) "/log" } { "Raw" }
                }
            }
            @if lines.is_empty() { p.nothing { @if first > 1 { "The log ends before line " (number(first)) ". " a href={ (path) "/log" } { "To its beginning" } } @else { "The log is empty." } } }
            div.log role="region" aria-label="Lines of the log" tabindex="0" {
                @for (index, text) in lines.iter().enumerate() { (numbered(Some(first + index), text, false)) }
            }
        }
    };
    Page { live: false, log: true, ..Page::new(format!("Log of {}", spelled(job)), View::Jobs, main) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::excerpt::Highlight;

    fn read(excerpt: &str, truncated: bool, line: Option<usize>) -> (Vec<Option<usize>>, Option<usize>) {
        let highlights = vec![Highlight { line, text: "wrong".to_owned() }];
        let log = Log { excerpt: excerpt.to_owned(), highlights, truncated, ..Log::default() };
        let pieces = pieces(&log);
        let number = |piece: &Piece<'_>| match piece {
            Piece::Line { number, .. } => *number,
            Piece::Gap { from, .. } => *from,
        };
        (pieces.iter().map(number).collect(), lines(&pieces))
    }

    #[test]
    fn lines_have_their_numbers_in_the_log() {
        // What stands before the first line need not be told: the decisive line says where it is.
        let known = read("a\n… 10 lines left out …\n#1 wrong\nb\n… 5 lines left out …", true, Some(62));
        assert_eq!(known, (vec![Some(51), Some(52), Some(62), Some(63), Some(64)], Some(68)));
        assert_eq!(read("a\nwrong", false, Some(2)), (vec![Some(1), Some(2)], Some(2)));
        // What was not read is of unknown length.
        let unread = "a\n… 10 lines left out, and a part of the log that was not read …\nb\n… 3 lines left out …\n#1 wrong\nc";
        assert_eq!(read(unread, true, Some(100)), (vec![None, None, Some(96), Some(97), Some(100), Some(101)], None));
        assert_eq!(read(unread, true, None), (vec![None; 6], None));
    }
}
