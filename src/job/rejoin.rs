//! Joins the events of a log to lines. Usually an event is one line with its line break, but a long line is cut into several events.

use std::borrow::Cow;

/// How many bytes are kept of a longer line's beginning, and at least as many of its end. This bounds the memory, and an excerpt never
/// shows more of a line.
const HALF: usize = 32 * 1024;

/// Joins the events of one log to lines.
///
/// An event that does not end with a line break continues in the next one, but only if the log has line breaks at all: some writers never
/// send any, and then each event is a line.
#[derive(Debug, Default)]
pub struct Rejoin {
    /// The beginning of a line that has not ended, and the end of the rest.
    begin: String,
    end: String,
    /// How many characters between the two were dropped.
    dropped: usize,
    /// Whether any event so far had a line break.
    breaks: bool,
}

impl Rejoin {
    /// Takes the next event. `take` gets each line that is complete.
    pub fn push(&mut self, event: &str, mut take: impl FnMut(&str)) {
        let mut rest = event;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest.as_bytes());
            let (piece, next) = rest.split_at(end.map_or(rest.len(), |at| at + 1));
            rest = next;
            self.breaks |= end.is_some();
            let line = end.map(|at| &piece[..at]);
            match line {
                Some(line) if self.begin.is_empty() && line.len() <= 2 * HALF => take(without_return(line)),
                _ => {
                    self.keep(line.unwrap_or(piece));
                    if line.is_some() || !self.breaks {
                        self.finish(&mut take);
                    }
                }
            }
        }
    }

    /// The log ends here, or has a gap: `take` gets the rest.
    pub fn finish(&mut self, mut take: impl FnMut(&str)) {
        if self.begin.is_empty() {
            return;
        }
        let line = match (self.dropped, self.end.is_empty()) {
            (0, true) => Cow::Borrowed(self.begin.as_str()),
            (0, false) => Cow::Owned(format!("{}{}", self.begin, self.end)),
            (dropped, _) => Cow::Owned(format!("{} … {dropped} characters left out … {}", self.begin, self.end)),
        };
        take(without_return(&line));
        (self.begin, self.end, self.dropped) = (String::new(), String::new(), 0);
    }

    /// Keeps as much as there is room for.
    fn keep(&mut self, piece: &str) {
        let room = if self.end.is_empty() { HALF.saturating_sub(self.begin.len()) } else { 0 };
        let (begin, rest) = piece.split_at(piece.floor_char_boundary(room));
        self.begin.push_str(begin);
        // The end of the piece alone may be more than is kept.
        let skipped = rest.ceil_char_boundary(rest.len().saturating_sub(2 * HALF));
        if skipped > 0 {
            self.dropped += self.end.chars().count();
            self.end.clear();
        }
        self.dropped += rest[..skipped].chars().count();
        self.end.push_str(&rest[skipped..]);
        if self.end.len() > 2 * HALF {
            let excess = self.end.ceil_char_boundary(self.end.len() - HALF);
            self.dropped += self.end[..excess].chars().count();
            self.end.drain(..excess);
        }
    }
}

/// As [`str::lines`] has it.
fn without_return(line: &str) -> &str {
    line.strip_suffix('\r').unwrap_or(line)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;
    use crate::job::{
        excerpt::{Budget, Excerpt, Excerpter},
        redact::Redactor,
    };

    fn lines<'a>(events: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let (mut rejoin, mut lines) = (Rejoin::default(), Vec::new());
        for event in events {
            rejoin.push(event, |line| lines.push(line.to_owned()));
        }
        rejoin.finish(|line| lines.push(line.to_owned()));
        lines
    }

    #[test]
    fn the_parts_of_a_cut_line_are_joined() {
        for (events, expected) in [
            (vec!["a\n", "b\r\n", "\n"], vec!["a", "b", ""]),
            (vec!["a\nb\n", "c, c", "ut", " twice\nd"], vec!["a", "b", "c, cut twice", "d"]),
            // A writer that sends no line breaks.
            (vec!["a", "b", "", "c\r"], vec!["a", "b", "c"]),
            (vec![], vec![]),
        ] {
            assert_eq!(lines(events.iter().copied()), expected, "{events:?}");
        }
    }

    #[test]
    fn lines_on_both_sides_of_a_gap_are_not_joined() {
        let (mut rejoin, mut lines) = (Rejoin::default(), Vec::new());
        let mut take = |line: &str| lines.push(line.to_owned());
        rejoin.push("a\nb", &mut take);
        rejoin.finish(&mut take);
        rejoin.push("c\n", &mut take);
        assert_eq!(lines, ["a", "b", "c"]);
    }

    #[test]
    fn a_line_of_any_length_takes_bounded_memory_and_keeps_both_ends() {
        for size in [1, 7_000, 100_000, 3_000_000] {
            let mut rejoin = Rejoin::default();
            let mut taken = Vec::new();
            rejoin.push("\nbegin ", |_| {});
            for _ in 0..6_000_000 / size.max(1_000) {
                rejoin.push(&"ä".repeat(size), |line| taken.push(line.to_owned()));
                assert!(rejoin.begin.len() + rejoin.end.capacity() <= 9 * HALF, "{}", rejoin.end.capacity());
            }
            rejoin.push(" end\nnext\n", |line| taken.push(line.to_owned()));
            assert_eq!(taken.len(), 2);
            assert!(taken[0].starts_with("begin ä") && taken[0].ends_with("ä end") && taken[0].len() < 4 * HALF, "{}", taken[0].len());
            let chars: usize = taken[0]
                .split(" … ")
                .map(|part| part.strip_suffix(" characters left out").map_or(part.chars().count(), |count| count.parse().unwrap()))
                .sum();
            assert_eq!(chars, 6_000_000 / size.max(1_000) * size + "begin  end".len());
        }
    }

    #[test]
    fn a_long_line_in_one_event_is_cut_too() {
        let line = "x".repeat(1_000_000);
        for event in [line.clone(), format!("{line}\n")] {
            let mut rejoin = Rejoin::default();
            let mut taken = Vec::new();
            rejoin.push(&event, |line| taken.push(line.len()));
            rejoin.finish(|line| taken.push(line.len()));
            assert!(taken.len() == 1 && taken[0] < 4 * HALF, "{taken:?}");
        }
    }

    fn excerpt<'a>(events: impl IntoIterator<Item = &'a str>) -> (Excerpt, usize) {
        let mut redactor = Redactor::new(["correct horse".to_owned()].into_iter());
        let mut excerpter = Excerpter::new(Budget { lines: 12, bytes: 2_000 }, true);
        for line in lines(events) {
            excerpter.push(&redactor.line(&line));
        }
        (excerpter.finish(), redactor.count())
    }

    proptest! {
        #[test]
        fn an_excerpt_is_the_same_however_the_log_is_cut_into_events(
            log in prop::collection::vec("(\\PC|\r|\t|\x1b\\[1m|error: |correct horse |ghp_aB3aB3aB3aB3aB3aB3aB3aB3|#7 0\\.1 ){0,8}", 1..30),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
        ) {
            let log = format!("[Container] 2026/01/28 20:47:37.1 Running command make\n{}\n", log.join("\n"));
            let first = log.find('\n').unwrap_or_default() + 1;
            let mut cuts: Vec<_> = cuts.iter().map(|cut| first + cut.index(log.len() - first)).filter(|&cut| log.is_char_boundary(cut)).collect();
            cuts.extend([0, first, log.len()]);
            cuts.sort_unstable();
            let events = cuts.windows(2).map(|pair| &log[pair[0]..pair[1]]);
            prop_assert_eq!(excerpt(events), excerpt([log.as_str()]));
        }
    }
}
