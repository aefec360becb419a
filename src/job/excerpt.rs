//! The part of a build's log that matters, picked from a stream of lines in bounded memory.

/// How large an excerpt may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Lines at most, marks of left-out lines included.
    pub lines: usize,
    /// Bytes at most, as a JSON string without its quotes.
    pub bytes: usize,
}

/// What was picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Lines joined by `\n`, in the log's order, with a mark such as `… 120 lines left out …` in each gap.
    pub text: String,
    /// Lines of the log in it.
    pub lines: usize,
    /// Whether anything of the log is left out.
    pub truncated: bool,
    /// Lines of the log that are not in it.
    pub dropped_lines: usize,
    /// What the log says about the cause in other words, such as a registry's pull rate limit.
    pub hint: Option<&'static str>,
}

/// Picks from a stream of lines.
#[derive(Debug)]
pub struct Excerpter {
    budget: Budget,
    failed: bool,
}

impl Excerpter {
    /// `failed`: the build did not succeed, so the excerpt belongs where it failed; else the closing lines are picked.
    pub fn new(budget: Budget, failed: bool) -> Self {
        Self { budget, failed }
    }

    /// Takes the next line of the log, redacted, without its line break.
    pub fn push(&mut self, line: &str) {
        todo!("{line} {:?} {}", self.budget, self.failed)
    }

    /// Picks.
    pub fn finish(self) -> Excerpt {
        todo!()
    }
}
