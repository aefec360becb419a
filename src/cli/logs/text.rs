//! Records as text for people, with colours on a terminal.

use std::sync::LazyLock;

use regex::Regex;

use super::record::{End, Record};
use crate::{
    cli::paint::{Paint, Tone},
    job::plain::plain,
};

/// The escape sequences of a log that are passed to a terminal: only colours.
static COLOUR: LazyLock<Regex> = LazyLock::new(colour_pattern);

#[expect(clippy::expect_used, reason = "the pattern is a constant, and the tests compile it")]
fn colour_pattern() -> Regex {
    Regex::new("\x1b\\[[0-9;:]*m").expect("a pattern that compiles")
}

/// A line of a log. Without colours, the build's own are removed. Anything else that moves or hides text is always removed.
pub(super) fn line(text: &str, paint: Paint) -> String {
    if !paint.colours {
        return plain(text).into_owned();
    }
    let tone = tone_of(text);
    if tone != Tone::Plain {
        return paint.paint(tone, &plain(text));
    }
    // Text before a carriage return is overwritten, as on a terminal.
    let seen = text.rsplit('\r').find(|part| !plain(part).trim().is_empty()).unwrap_or_default();
    let (mut shown, mut from) = (String::new(), 0);
    for colour in COLOUR.find_iter(seen) {
        shown.push_str(&plain(&seen[from..colour.start()]));
        shown.push_str(colour.as_str());
        from = colour.end();
    }
    shown.push_str(&plain(&seen[from..]));
    if from > 0 {
        shown.push_str("\x1b[0m");
    }
    shown
}

/// CodeBuild's own lines are dimmed, except commands and failures.
fn tone_of(text: &str) -> Tone {
    match text.strip_prefix("[Container] ") {
        None => Tone::Plain,
        Some(words) if words.contains(" Running command ") => Tone::Bold,
        Some(words) if words.contains(" Command did not exit successfully ") => Tone::Bad,
        Some(words) if words.contains(" State: ") && !words.trim_end().ends_with(" State: SUCCEEDED") => Tone::Bad,
        Some(_) => Tone::Dim,
    }
}

/// Any other record: lines without line breaks.
pub(super) fn told(record: &Record<'_>, paint: Paint) -> Vec<String> {
    match record {
        Record::Waiting { job } => vec![paint.paint(Tone::Dim, &format!("{job} is on the queue, and waits for its turn"))],
        Record::Repeat { job, build, seconds_ago } => {
            let what = match seconds_ago {
                Some(seconds) => {
                    format!("{job} was built {seconds} s ago under this id; nothing is built again. What follows is that build, {build}.")
                }
                None => format!("{job} is being built already under this id; no other build starts. What follows is that build, {build}."),
            };
            vec![paint.paint(Tone::Warn, &what), "  To build it again, send it under another id.".to_owned()]
        }
        Record::Build { build, job, attempt, number } => {
            let job = job.map(|job| format!(" of {job}")).unwrap_or_default();
            let number = number.map(|number| format!(", number {number}")).unwrap_or_default();
            let attempt = attempt.filter(|&attempt| attempt > 1).map(|attempt| format!(", attempt {attempt}")).unwrap_or_default();
            vec![format!("{} {build}{job}{number}{attempt}", paint.paint(Tone::Bold, "build"))]
        }
        Record::Phase { phase, status, seconds, ended_at, code, message, .. } => {
            let clock = ended_at.as_deref().and_then(|time| time.get(11..19)).unwrap_or_default();
            let word = paint.paint(tone(status), &format!("{:<9}", words(status)));
            let seconds = seconds.map(|seconds| format!("{seconds:.1}s")).unwrap_or_default();
            let why = [*code, message.and_then(|message| message.lines().next())].into_iter().flatten();
            let why = plain(&why.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ")).into_owned();
            let line = format!("{} {phase:<16} {word} {seconds:>8}  {why}", paint.paint(Tone::Dim, &format!("{clock:<8}")));
            vec![line.trim_end().to_owned()]
        }
        Record::Line { text, .. } => vec![line(text, paint)],
        Record::End(end) => ending(end, paint),
    }
}

fn ending(end: &End<'_>, paint: Paint) -> Vec<String> {
    let what = match (end.job, end.build) {
        (Some(job), _) => job.to_owned(),
        (None, build) => format!("build {}", build.unwrap_or_default()),
    };
    let phase = end.failure.and_then(|failure| failure.phase.as_deref()).map(|phase| format!(" in {phase}")).unwrap_or_default();
    let newer = end.superseded_by.map(|job| format!(" by {job}, a newer job of its group")).unwrap_or_default();
    let mut lines = vec![format!("{what} {}{phase}{newer}", paint.paint(tone(&end.status), &words(&end.status)))];
    let below = |text: &str| plain(text).lines().map(|line| format!("  {line}")).collect::<Vec<_>>();
    // The reason of a superseded job says the same.
    lines.extend(end.reason.iter().filter(|_| newer.is_empty()).flat_map(|reason| below(reason)));
    // The message is often the decisive line, which comes with its number below.
    let is_below = |message: &str| end.highlights.iter().any(|highlight| highlight.text.trim() == message.trim());
    if let Some(failure) = end.failure.filter(|failure| !is_below(&failure.message)) {
        lines.extend(failure.message.lines().flat_map(below));
    }
    for highlight in end.highlights {
        let number = highlight.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let text = below(&format!("{number}{}", highlight.text));
        lines.extend(text.iter().map(|line| paint.paint(Tone::Bad, line)));
    }
    for image in end.images {
        let digest = image.digest.as_deref().map(|digest| format!(" {digest}")).unwrap_or_default();
        lines.extend(below(&format!("{}{digest}", image.reference)));
    }
    lines.extend(end.problems.iter().flat_map(|problem| below(&format!("- {problem}"))));
    if end.repeat {
        lines.push("  That is how an earlier message with this id ended; nothing was built for this one.".to_owned());
    }
    lines
}

/// `TIMED_OUT` and `timed_out` are `timed out`.
fn words(status: &str) -> String {
    status.to_lowercase().replace('_', " ")
}

fn tone(status: &str) -> Tone {
    match status.to_lowercase().as_str() {
        "succeeded" => Tone::Good,
        "in_progress" => Tone::Plain,
        "stopped" | "cancelled" | "superseded" | "timed_out" | "rejected" => Tone::Warn,
        _ => Tone::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Paint = Paint { colours: false };
    const COLOURS: Paint = Paint { colours: true };

    #[test]
    fn a_line_keeps_its_colours_on_a_terminal_and_nothing_else_that_a_terminal_obeys() {
        let container = "[Container] 2026/01/28 20:47:36.367057";
        for (text, plain, coloured) in [
            ("just text: ü\tx", "just text: ü\tx", "just text: ü\tx".to_owned()),
            ("\x1b[1;31merror\x1b[0m: x", "error: x", "\x1b[1;31merror\x1b[0m: x\x1b[0m".to_owned()),
            ("\x1b]52;c;aGk=\x07a\x1b[2J\x1b[Hb\x1b[32mc", "abc", "ab\x1b[32mc\x1b[0m".to_owned()),
            ("10 %\r\x1b[32m100 %\r", "100 %", "\x1b[32m100 %\x1b[0m".to_owned()),
            ("", "", String::new()),
            (
                &format!("{container} Running command make"),
                &format!("{container} Running command make"),
                format!("\x1b[1m{container} Running command make\x1b[0m"),
            ),
            (
                &format!("{container} Phase complete: BUILD State: FAILED"),
                &format!("{container} Phase complete: BUILD State: FAILED"),
                format!("\x1b[31m{container} Phase complete: BUILD State: FAILED\x1b[0m"),
            ),
            (
                &format!("{container} Phase complete: BUILD State: SUCCEEDED"),
                &format!("{container} Phase complete: BUILD State: SUCCEEDED"),
                format!("\x1b[2m{container} Phase complete: BUILD State: SUCCEEDED\x1b[0m"),
            ),
        ] {
            assert_eq!((line(text, PLAIN).as_str(), line(text, COLOURS)), (plain, coloured), "{text:?}");
        }
    }

    #[test]
    fn a_phase_is_told_with_its_time_and_why_it_failed() {
        let phase = |status, seconds, message: &'static str| Record::Phase {
            build: "flex:1",
            phase: "BUILD",
            status,
            seconds,
            ended_at: Some("2026-11-22T10:22:00.123Z".to_owned()),
            code: Some("X").filter(|_| !message.is_empty()),
            message: Some(message),
        };
        for (record, expected) in [
            (phase("SUCCEEDED", Some(71.52), ""), "10:22:00 BUILD            succeeded    71.5s"),
            (phase("TIMED_OUT", None, "too\x1b[2J long\nfor us"), "10:22:00 BUILD            timed out           X: too long"),
        ] {
            assert_eq!(told(&record, PLAIN), [expected]);
        }
    }

    #[test]
    fn a_job_that_ended_before_its_time_is_told_with_the_reason() {
        let end = |status: &str, reason, superseded_by| {
            told(&Record::End(End { job: Some("app-1"), status: status.to_owned(), reason, superseded_by, ..End::default() }), PLAIN)
        };
        assert_eq!(end("cancelled", Some("not\x1b[2J needed"), None), ["app-1 cancelled", "  not needed"]);
        assert_eq!(end("cancelled", None, None), ["app-1 cancelled"]);
        let superseded = end("superseded", Some("superseded by app-2"), Some("app-2"));
        assert_eq!(superseded, ["app-1 superseded by app-2, a newer job of its group"]);
    }
}
