//! Which lines of a log are taken, within a budget that the marks of what is missing count towards.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Budget, Excerpt,
    line::{Line, json_bytes},
};

/// What a mark says of a stretch that was not read.
const UNREAD: &str = "a part of the log that was not read";

/// The lines taken so far.
#[derive(Debug)]
pub(super) struct Choice<'a> {
    budget: Budget,
    /// Places in the log: lines, and stretches that were not read.
    total: usize,
    /// How many of the places are such stretches.
    unread: usize,
    taken: BTreeMap<usize, &'a Line>,
    bytes: usize,
    gaps: usize,
    /// Of the longest mark there can be, its line break included.
    mark_bytes: usize,
}

impl<'a> Choice<'a> {
    pub(super) fn new(budget: Budget, total: usize, unread: usize) -> Self {
        let longest = LeftOut { lines: total, unread: unread > 0 }.mark();
        let mark_bytes = json_bytes(&longest) + "\\n".len();
        Self { budget, total, unread, taken: BTreeMap::new(), bytes: 0, gaps: usize::from(total > 0), mark_bytes }
    }

    /// Takes every line that there is room for.
    pub(super) fn take_each(&mut self, lines: impl Iterator<Item = &'a Arc<Line>>) {
        for line in lines {
            self.take(line);
        }
    }

    /// Takes lines up to the first that there is no room for: no holes.
    pub(super) fn take_while_room(&mut self, mut lines: impl Iterator<Item = &'a Arc<Line>>) {
        while lines.next().is_some_and(|line| self.take(line)) {}
    }

    /// How many lines, marks included, stand before a place.
    pub(super) fn place(&self, at: usize) -> usize {
        let before = self.taken.range(..at).map(|(&at, _)| at);
        let gaps = before.clone().zip(before.clone().skip(1).chain([at])).filter(|(at, next)| at + 1 < *next).count();
        before.count() + gaps
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
        let fits = self.taken.len() + 1 + gaps <= self.budget.lines && bytes + gaps * self.mark_bytes <= self.budget.bytes;
        if fits {
            self.taken.insert(line.at, line);
            (self.gaps, self.bytes) = (gaps, bytes);
        }
        fits
    }

    /// Takes a line that is missing alone: a mark in its place would be as long.
    pub(super) fn fill(&mut self, lines: impl Iterator<Item = &'a Arc<Line>>) {
        for line in lines {
            let has = |at: Option<usize>| at.is_some_and(|at| self.taken.contains_key(&at));
            if has(line.at.checked_sub(1)) && has(line.at.checked_add(1)) {
                self.take(line);
            }
        }
    }

    /// `leads`: the first line is the answer, and has no mark before it.
    pub(super) fn excerpt(self, leads: bool) -> Excerpt {
        let mut parts = Vec::with_capacity(self.taken.len() + self.gaps);
        // The place that is to come next, and how many before it were not read.
        let (mut next, mut unread) = (0, 0);
        for (&at, line) in &self.taken {
            let left_out = LeftOut::between((next, unread), (at, line.unread)).filter(|gap| next > 0 || !leads || gap.unread);
            parts.extend(left_out.map(LeftOut::mark));
            parts.push(line.text.clone());
            (next, unread) = (at + 1, line.unread);
        }
        parts.extend(LeftOut::between((next, unread), (self.total, self.unread)).map(LeftOut::mark));
        let text = parts.join("\n");
        // A budget without room for a single line.
        let text = if parts.len() > self.budget.lines || json_bytes(&text) > self.budget.bytes { String::new() } else { text };
        let truncated = self.taken.len() < self.total || self.taken.values().any(|line| line.cut);
        Excerpt {
            text,
            lines: self.taken.len(),
            truncated,
            dropped_lines: self.total - self.unread - self.taken.len(),
            highlights: Vec::new(),
            decisive: None,
        }
    }
}

/// What lies between two lines of an excerpt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    pub lines: usize,
    /// Whether there is also a stretch of the log that was not read.
    pub unread: bool,
}

impl LeftOut {
    /// Of places from one to before another, each with how many before it were not read.
    fn between((from, unread_before): (usize, usize), (to, unread): (usize, usize)) -> Option<Self> {
        let stretches = unread - unread_before;
        (to > from).then(|| Self { lines: to - from - stretches, unread: stretches > 0 })
    }

    fn mark(self) -> String {
        let lines = match self.lines {
            0 => return format!("… {UNREAD} …"),
            1 => "1 line left out".to_owned(),
            lines => format!("{lines} lines left out"),
        };
        if self.unread { format!("… {lines}, and {UNREAD} …") } else { format!("… {lines} …") }
    }

    /// What a mark stands for.
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("… ")?.strip_suffix(" …")?;
        let (lines, unread) = match inner.strip_suffix(UNREAD) {
            Some("") => return Some(Self { lines: 0, unread: true }),
            Some(lines) => (lines.strip_suffix(", and ")?, true),
            None => (inner, false),
        };
        let count = lines.strip_suffix(" lines left out").or_else(|| lines.strip_suffix(" line left out"))?;
        Some(Self { lines: count.parse().ok()?, unread })
    }
}
