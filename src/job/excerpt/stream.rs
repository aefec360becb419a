//! What is kept of one program's output: the lines that look like errors with what stands around them, and the last lines.

use std::{collections::VecDeque, sync::Arc};

use super::{
    line::Line,
    sign::{self, Sign},
};

/// Lines kept before a clear sign: some test runners say what is wrong before they say that it is.
const ABOVE: usize = 2;
/// Lines kept after it: compilers say where it is in the lines below.
const BELOW: usize = 12;
/// Signs kept from the beginning, each of another kind: what comes first is the cause of what follows.
const FIRST: usize = 6;
/// Signs kept from the end: what was said first may have been harmless.
const LAST: usize = 3;
/// Kinds of signs remembered, so that one that is repeated takes no place from another.
const KINDS: usize = 64;
/// Last lines kept.
const TAIL: usize = 12;

/// A stream keeps no more lines than this: 284.
#[cfg(test)]
pub(super) const LONGEST: usize = 1 + ABOVE + TAIL + 2 * (FIRST + LAST) * (ABOVE + 1 + BELOW);

/// One program's output: a BuildKit step's, or all that stands outside of those.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Its latest name.
    pub(super) name: Option<Arc<Line>>,
    clear: Found,
    hints: Found,
    /// The lines before the next one.
    above: VecDeque<Arc<Line>>,
    pub(super) tail: VecDeque<Arc<Line>>,
}

/// Signs of one strength.
#[derive(Debug, Default)]
struct Found {
    first: Vec<Spot>,
    last: VecDeque<Spot>,
    kinds: Vec<u64>,
    /// Lines that still belong to the latest sign.
    open: usize,
}

/// A line that looks like an error, and the lines around it.
#[derive(Debug)]
pub(super) struct Spot {
    pub(super) line: Arc<Line>,
    pub(super) above: Vec<Arc<Line>>,
    pub(super) below: Vec<Arc<Line>>,
}

impl Stream {
    pub(super) fn named(line: &Arc<Line>) -> Self {
        Self { name: Some(Arc::clone(line)), ..Self::default() }
    }

    /// Takes the next line; `text` is what the program printed of it.
    pub(super) fn push(&mut self, line: &Arc<Line>, text: &str) {
        let sign = sign::read(text);
        for (strength, found) in [(Sign::Clear, &mut self.clear), (Sign::Hint, &mut self.hints)] {
            found.go_on(line);
            if sign == Some(strength) {
                found.push(line, text, &self.above);
            }
        }
        keep(&mut self.above, line, ABOVE);
        keep(&mut self.tail, line, TAIL);
    }

    /// What comes next does not go on with what came last.
    pub(super) fn interrupt(&mut self) {
        self.above.clear();
        (self.clear.open, self.hints.open) = (0, 0);
    }

    /// The signs of one strength, the most telling first: the first ones and the last ones in turns.
    pub(super) fn signs(&self, strength: Sign) -> Vec<&Spot> {
        let found = if strength == Sign::Clear { &self.clear } else { &self.hints };
        let (mut first, mut last) = (found.first.iter(), found.last.iter().rev());
        let mut signs = Vec::new();
        loop {
            let pair = [first.next(), last.next()];
            if pair.iter().all(Option::is_none) {
                return signs;
            }
            signs.extend(pair.into_iter().flatten());
        }
    }

    #[cfg(test)]
    pub(super) fn lines(&self) -> usize {
        let of =
            |found: &Found| -> usize { found.first.iter().chain(&found.last).map(|spot| 1 + spot.above.len() + spot.below.len()).sum() };
        usize::from(self.name.is_some()) + self.above.len() + self.tail.len() + of(&self.clear) + of(&self.hints)
    }
}

impl Found {
    fn go_on(&mut self, line: &Arc<Line>) {
        if self.open > 0 {
            self.open -= 1;
            if let Some(spot) = self.last.back_mut().or(self.first.last_mut()) {
                spot.below.push(Arc::clone(line));
            }
        }
    }

    fn push(&mut self, line: &Arc<Line>, text: &str, above: &VecDeque<Arc<Line>>) {
        let kind = sign::kind(text);
        if self.kinds.contains(&kind) {
            return;
        }
        if self.kinds.len() == KINDS {
            self.kinds.remove(0);
        }
        self.kinds.push(kind);
        let spot = Spot { line: Arc::clone(line), above: above.iter().cloned().collect(), below: Vec::new() };
        self.open = BELOW;
        if self.first.len() < FIRST {
            self.first.push(spot);
        } else {
            keep_last(&mut self.last, spot, LAST);
        }
    }
}

fn keep(lines: &mut VecDeque<Arc<Line>>, line: &Arc<Line>, most: usize) {
    keep_last(lines, Arc::clone(line), most);
}

fn keep_last<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}
