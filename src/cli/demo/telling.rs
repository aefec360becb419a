//! An event as text for people.

use super::paint::Tone;
use crate::job::{
    event::{Event, EventKind, ImageResult, Log},
    outcome::{Failure, Status},
};

/// An event, told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// What happened, in a word.
    pub(super) word: &'static str,
    pub(super) tone: Tone,
    pub(super) detail: String,
    /// Further sentences.
    pub(super) more: Vec<String>,
    /// Lines of the build's log.
    /// Lines of the log, and whether each says what broke the build.
    pub(super) excerpt: Vec<(String, bool)>,
}

/// Tells an event; `again` if one with its id has come before.
pub(super) fn tell(event: &Event, again: bool) -> Told {
    let data = &event.data;
    let told = |word, tone, detail| Told { word, tone, detail, more: Vec::new(), excerpt: Vec::new() };
    match event.kind {
        EventKind::Queued => told("queued", Tone::Dim, data.job.tenant.as_ref().map(|it| format!("for tenant {it}")).unwrap_or_default()),
        EventKind::Started => {
            let number = data.build.as_ref().and_then(|build| build.number);
            told("started", Tone::Plain, number.map(|number| format!("as build {number}")).unwrap_or_default())
        }
        EventKind::Rejected => Told {
            more: data.problems.iter().map(ToString::to_string).collect(),
            ..told("rejected", Tone::Warn, counted(data.problems.len(), "problem"))
        },
        EventKind::Finished if again => told(ending(data.status), tone(data.status), "again, with the same event id".to_owned()),
        EventKind::Finished => {
            let failed_command = data.failure.as_ref().is_some_and(|failure| failure.command.is_some());
            let excerpt = data.log.iter().filter(|_| failed_command).flat_map(marked);
            let detail = match &data.failure {
                Some(failure) => why(failure),
                None if data.status == Some(Status::Succeeded) => what(event),
                None => String::new(),
            };
            Told { excerpt: excerpt.collect(), ..told(ending(data.status), tone(data.status), detail) }
        }
    }
}

/// The lines of an excerpt, and which of them are its highlights.
fn marked(log: &Log) -> impl Iterator<Item = (String, bool)> {
    log.excerpt.lines().map(|line| (without_time(line), log.highlights.iter().any(|highlight| line.ends_with(&highlight.text))))
}

/// How a job ended, in a word.
pub(super) fn ending(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::TimedOut) => "timed out",
        Some(status) => status.as_str(),
        None => "rejected",
    }
}

/// What an ending feels like.
pub(super) fn tone(status: Option<Status>) -> Tone {
    match status {
        Some(Status::Succeeded) => Tone::Good,
        Some(Status::Failed | Status::Errored) => Tone::Bad,
        Some(Status::TimedOut | Status::Cancelled | Status::Superseded) | None => Tone::Warn,
    }
}

/// A line of CodeBuild's log without its time, which people do not miss.
pub(super) fn without_time(line: &str) -> String {
    let mut words = line.splitn(4, ' ');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some("[Container]"), Some(date), Some(_), Some(rest)) if date.contains('/') => format!("[Container] {rest}"),
        _ => line.to_owned(),
    }
}

/// `1 job`, `2 jobs`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn why(failure: &Failure) -> String {
    let phase = failure.phase.as_deref().map(|phase| format!("in {phase}: ")).unwrap_or_default();
    let what = failure.command.as_deref().unwrap_or(&failure.message);
    format!("{phase}{}", what.lines().next().unwrap_or_default())
}

fn what(event: &Event) -> String {
    let commit = event.data.job.source.as_ref().and_then(|source| source.commit.as_deref());
    let commit = commit.map(|commit| format!("commit {}", start(commit, 8)));
    let made = event.data.images.iter().map(made);
    commit.into_iter().chain(made).collect::<Vec<_>>().join(", ")
}

fn made(image: &ImageResult) -> String {
    let digest = image.digest.as_deref().map(|digest| format!(" {}…", start(digest, "sha256:".len() + 8)));
    format!("{}{}", image.reference, digest.unwrap_or_default())
}

fn start(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codebuilds_lines_lose_their_time() {
        for (line, expected) in [
            ("[Container] 2026/01/28 20:47:36.367057 Running command sh test.sh", "[Container] Running command sh test.sh"),
            ("[Container] is a word", "[Container] is a word"),
            ("[Container] of a b c", "[Container] of a b c"),
            ("  found: 1", "  found: 1"),
            ("", ""),
        ] {
            assert_eq!(without_time(line), expected);
        }
    }

    #[test]
    fn a_failure_is_told_by_its_command_or_else_by_its_message() {
        let failure = |phase: Option<&str>, command: Option<&str>| Failure {
            kind: crate::job::outcome::FailureKind::Build,
            phase: phase.map(str::to_owned),
            code: Some("X".to_owned()),
            message: "no luck".to_owned(),
            command: command.map(str::to_owned),
        };
        for (failure, expected) in [
            (failure(Some("BUILD"), Some("make\n  test")), "in BUILD: make"),
            (failure(Some("BUILD"), None), "in BUILD: no luck"),
            (failure(None, None), "no luck"),
        ] {
            assert_eq!(why(&failure), expected);
        }
    }
}
