//! Lines out of a log's events: as a rule each is one line with its break, but a long line is cut into several.

/// A line longer than this is passed on in pieces, so that a log without line breaks cannot fill the memory.
const LONGEST: usize = 256 * 1024;

/// Joins the events of one log to lines.
///
/// An event without a line break at its end goes on in the next one, if the log's writer ends its lines with breaks at all: there are writers
/// whose events never have one, and each of theirs is a line.
#[derive(Debug, Default)]
pub struct Rejoin {
    /// What has come of a line that has not ended.
    open: String,
    /// Whether any event had a line break.
    breaks: bool,
}

impl Rejoin {
    /// Takes the next event and passes on the lines that are complete.
    pub fn push(&mut self, event: &str, mut take: impl FnMut(&str)) {
        self.breaks |= event.contains('\n');
        for piece in event.split_inclusive('\n') {
            let line = piece.strip_suffix('\n');
            match line {
                Some(line) if self.open.is_empty() => take(without_return(line)),
                _ => {
                    self.open.push_str(line.unwrap_or(piece));
                    let is_over = line.is_some() || !self.breaks || self.open.len() > LONGEST;
                    if is_over {
                        self.finish(&mut take);
                    }
                }
            }
        }
    }

    /// Passes on what is left: the log ends here, or what follows does not go on with it.
    pub fn finish(&mut self, mut take: impl FnMut(&str)) {
        if !self.open.is_empty() {
            take(without_return(&self.open));
            self.open.clear();
        }
    }
}

/// As [`str::lines`] has it.
fn without_return(line: &str) -> &str {
    line.strip_suffix('\r').unwrap_or(line)
}

#[cfg(test)]
mod tests {
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
    fn a_line_that_was_cut_is_one_again() {
        for (events, expected) in [
            (vec!["a\n", "b\r\n", "\n"], vec!["a", "b", ""]),
            (vec!["a\nb\n", "c, c", "ut", " twice\nd"], vec!["a", "b", "c, cut twice", "d"]),
            // A writer without line breaks.
            (vec!["a", "b", "", "c\r"], vec!["a", "b", "c"]),
            (vec![], vec![]),
        ] {
            assert_eq!(lines(events.iter().copied()), expected, "{events:?}");
        }
    }

    #[test]
    fn what_follows_a_gap_is_not_joined() {
        let (mut rejoin, mut lines) = (Rejoin::default(), Vec::new());
        let mut take = |line: &str| lines.push(line.to_owned());
        rejoin.push("a\nb", &mut take);
        rejoin.finish(&mut take);
        rejoin.push("c\n", &mut take);
        assert_eq!(lines, ["a", "b", "c"]);
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_the_memory() {
        let mut rejoin = Rejoin::default();
        let mut taken = 0;
        rejoin.push("\n", |_| {});
        for _ in 0..100 {
            rejoin.push(&"x".repeat(100_000), |line| taken += line.len());
            assert!(rejoin.open.len() <= LONGEST + 100_000);
        }
        assert!(taken > 9_000_000);
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
