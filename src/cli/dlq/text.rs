//! Dead letters as text. Texts of a message are shown without control characters.

use std::fmt::Write;

use crate::{
    cli::{
        paint::{Paint, Tone},
        table::{Cell, Table},
    },
    engine::dead_letter::{Done, Look},
    job::{
        plain::plain,
        standing::{DeadLetter, DeadLetterKind},
    },
};

/// The table, and the time of the look.
pub(super) fn list(look: &Look, width: Option<usize>, paint: Paint) -> String {
    let mut table = Table::new(&["ID", "KIND", "NOW", "JOB", "TENANT", "SENT", "PROBLEM"]);
    for letter in &look.letters {
        let (now, tone) = if letter.acceptable { ("accepted", Tone::Good) } else { ("rejected", Tone::Bad) };
        let first = letter.problems.first().map(ToString::to_string).unwrap_or_default();
        let more = if letter.problems.len() > 1 { format!(" (and {} more)", letter.problems.len() - 1) } else { String::new() };
        table.row(vec![
            Cell::new(&letter.id),
            Cell::new(kind(letter.kind)),
            Cell::painted(now, tone),
            Cell::new(letter.job.as_deref().unwrap_or("-")),
            Cell::new(letter.tenant.as_deref().unwrap_or("-")),
            Cell::new(letter.sent_at.as_deref().unwrap_or("-")),
            Cell::new(format!("{first}{more}")),
        ]);
    }
    let mut text = if table.is_empty() { "no dead letters\n".to_owned() } else { table.render(width, paint) };
    if !look.complete {
        text.push_str("there may be more: one look takes 1,000 messages, 16 MiB or 10 s\n");
    }
    text
}

/// One dead letter with its message.
pub(super) fn letter(letter: &DeadLetter, paint: Paint) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        writeln!(text, "{}{}", paint.paint(Tone::Bold, &format!("{name:<12}")), plain(value)).unwrap_or_default();
    };
    line("id", &letter.id);
    line("queue", &letter.queue);
    line("kind", kind(letter.kind));
    line("now", if letter.acceptable { "would be accepted" } else { "would be rejected" });
    for (name, value) in [
        ("job", &letter.job),
        ("tenant", &letter.tenant),
        ("repository", &letter.repository),
        ("sent", &letter.sent_at),
        ("kept until", &letter.kept_until),
    ] {
        if let Some(value) = value {
            line(name, value);
        }
    }
    line("receives", &letter.receives.to_string());
    for problem in &letter.problems {
        line("problem", &problem.to_string());
    }
    text.push('\n');
    for line in pretty(&letter.body).lines() {
        text.push_str(&plain(line));
        text.push('\n');
    }
    text
}

/// JSON with indentation; other text unchanged.
pub(super) fn pretty(body: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(body).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| body.to_owned())
}

/// The result of a redrive or a delete. `did`: the verb.
pub(super) fn done(done: &Done, did: &str) -> String {
    let mut text = String::new();
    for id in &done.done {
        writeln!(text, "{} {did}", plain(id)).unwrap_or_default();
    }
    for refused in &done.refused {
        writeln!(text, "{} stays:", plain(&refused.id)).unwrap_or_default();
        for problem in &refused.problems {
            writeln!(text, "  {problem}").unwrap_or_default();
        }
    }
    for id in &done.missing {
        writeln!(text, "{} is not there", plain(id)).unwrap_or_default();
    }
    if text.is_empty() {
        text.push_str("no dead letter is meant\n");
    }
    if !done.complete {
        text.push_str("there may be more: one look takes 1,000 messages, 16 MiB or 10 s; say it again\n");
    }
    text
}

fn kind(kind: DeadLetterKind) -> &'static str {
    match kind {
        DeadLetterKind::Rejected => "rejected",
        DeadLetterKind::ReceivedTooOften => "received_too_often",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_shown_line_by_line_and_moves_no_terminal() {
        let body = "{\"id\":\"app-1\",\"labels\":{\"a\":\"\u{202e}x\"}}";
        let shown = DeadLetter {
            id: "m-1".to_owned(),
            job: None,
            tenant: None,
            repository: None,
            queue: "jobs-dlq".to_owned(),
            kind: DeadLetterKind::Rejected,
            problems: Vec::new(),
            acceptable: false,
            receives: 1,
            sent_at: None,
            kept_until: Some("2026-12-10T10:00:00Z".to_owned()),
            body: body.to_owned(),
        };
        let text = letter(&shown, Paint { colours: false });
        assert!(text.contains("kept until  2026-12-10T10:00:00Z\n") && text.contains("{\n  \"id\": \"app-1\",\n"), "{text}");
        assert!(!text.contains('\u{202e}'), "{text}");
    }
}
