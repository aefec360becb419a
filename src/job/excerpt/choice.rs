//! Which lines of a log are taken, within a budget that the marks of what is missing count towards.

use std::collections::BTreeMap;

use super::{
    Budget, Excerpt,
    line::{Line, json_bytes},
};

/// The longest mark.
const MARK_BYTES: usize = "… 18446744073709551615 lines left out …\\n".len();

/// The lines taken so far.
#[derive(Debug)]
pub(super) struct Choice<'a> {
    budget: Budget,
    /// Lines in the log.
    total: usize,
    taken: BTreeMap<usize, &'a Line>,
    bytes: usize,
    gaps: usize,
}

impl<'a> Choice<'a> {
    pub(super) fn new(budget: Budget, total: usize) -> Self {
        Self { budget, total, taken: BTreeMap::new(), bytes: 0, gaps: usize::from(total > 0) }
    }

    /// Takes every line that there is room for.
    pub(super) fn take_each(&mut self, lines: impl Iterator<Item = &'a Line>) {
        for line in lines {
            self.take(line);
        }
    }

    /// Takes lines up to the first that there is no room for: no holes.
    pub(super) fn take_while_room(&mut self, mut lines: impl Iterator<Item = &'a Line>) {
        while lines.next().is_some_and(|line| self.take(line)) {}
    }

    fn take(&mut self, line: &'a Line) -> bool {
        if self.taken.contains_key(&line.at) {
            return true;
        }
        let missing = |at: usize| usize::from(at < self.total && !self.taken.contains_key(&at));
        // The gap that the line was in may shrink, vanish or split.
        let before = line.at.checked_sub(1).map_or(0, missing);
        let gaps = self.gaps + before + missing(line.at + 1) - 1;
        let bytes = self.bytes + line.cost;
        let fits = self.taken.len() + 1 + gaps <= self.budget.lines && bytes + gaps * MARK_BYTES <= self.budget.bytes;
        if fits {
            self.taken.insert(line.at, line);
            (self.gaps, self.bytes) = (gaps, bytes);
        }
        fits
    }

    pub(super) fn excerpt(self) -> Excerpt {
        let mut parts = Vec::with_capacity(self.taken.len() + self.gaps);
        let mut next = 0;
        let leave_out = |parts: &mut Vec<String>, from: usize, to: usize| {
            if to > from {
                parts.push(mark(to - from));
            }
        };
        for (&at, line) in &self.taken {
            leave_out(&mut parts, next, at);
            parts.push(line.text.clone());
            next = at + 1;
        }
        leave_out(&mut parts, next, self.total);
        let text = parts.join("\n");
        // A budget without room for a single line.
        let text = if parts.len() > self.budget.lines || json_bytes(&text) > self.budget.bytes { String::new() } else { text };
        let dropped_lines = self.total - self.taken.len();
        let truncated = dropped_lines > 0 || self.taken.values().any(|line| line.cut);
        Excerpt { text, lines: self.taken.len(), truncated, dropped_lines }
    }
}

fn mark(lines: usize) -> String {
    match lines {
        1 => "… 1 line left out …".into(),
        lines => format!("… {lines} lines left out …"),
    }
}

/// How many lines a mark stands for.
pub(super) fn lines_left_out(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("… ")?.strip_suffix(" left out …")?;
    let count = inner.strip_suffix(" lines").or_else(|| inner.strip_suffix(" line"))?;
    count.parse().ok()
}
