//! What happened to one job, bounded: the beginning stays, and of the rest the latest.

use jiff::Timestamp;

use crate::job::{event::rfc3339, moment::Moment, plain::plain, standing::HistoryEntry};

/// Entries kept from the beginning, and of what came last.
const FIRST: usize = 10;
const LAST: usize = 40;
/// The longest text, in characters.
const LONGEST: usize = 300;

/// One job's history.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: Vec<Entry>,
    /// Entries that were dropped after the first.
    left_out: usize,
}

/// What happened, as it is kept for every job that is held: its time is written when somebody reads it.
#[derive(Debug)]
struct Entry {
    at: Moment,
    text: Box<str>,
}

impl History {
    /// Notes what happened. What repeats the latest entry is not noted again.
    pub(super) fn note(&mut self, at: Timestamp, text: &str) {
        let text = one_line(text);
        if self.entries.last().is_some_and(|latest| *latest.text == *text) {
            return;
        }
        if self.entries.len() == FIRST + LAST {
            self.entries.remove(FIRST);
            self.left_out += 1;
        }
        self.entries.push(Entry { at: at.into(), text: text.into() });
    }

    /// The oldest first; a gap says how much it leaves out.
    pub(super) fn entries(&self) -> Vec<HistoryEntry> {
        let shown = |at: Moment, text: &str| HistoryEntry { time: rfc3339(at.timestamp()), text: text.to_owned() };
        let mut entries: Vec<_> = self.entries.iter().map(|entry| shown(entry.at, &entry.text)).collect();
        if let Some(next) = self.entries.get(FIRST).filter(|_| self.left_out > 0) {
            entries.insert(FIRST, shown(next.at, &format!("{} entries before this one are left out", self.left_out)));
        }
        entries
    }
}

fn one_line(text: &str) -> String {
    let text = text.replace('\n', " ");
    let text = plain(&text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_latest_stay_and_a_gap_says_what_is_missing() {
        let mut history = History::default();
        for number in 0..100 {
            history.note(Timestamp::UNIX_EPOCH, &format!("entry {number}"));
            history.note(Timestamp::UNIX_EPOCH, &format!("entry {number}"));
        }
        let texts: Vec<_> = history.entries().into_iter().map(|entry| entry.text).collect();
        assert_eq!(texts.len(), FIRST + 1 + LAST);
        assert_eq!((texts[0].as_str(), texts[9].as_str()), ("entry 0", "entry 9"));
        assert_eq!((texts[10].as_str(), texts[11].as_str()), ("50 entries before this one are left out", "entry 60"));
        assert_eq!(texts[50], "entry 99");
    }

    #[test]
    fn a_text_is_one_plain_line_of_bounded_length() {
        let mut history = History::default();
        history.note(Timestamp::UNIX_EPOCH, &format!("a\nb\u{1b}[31mc {}", "x".repeat(1_000)));
        let text = &history.entries()[0].text;
        assert!(text.starts_with("a bc xxx") && text.chars().count() == LONGEST + 1, "{text}");
    }
}
