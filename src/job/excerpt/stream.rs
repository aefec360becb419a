//! What is kept of one program's output: the lines that look like errors with what stands around them, and the last lines.
//! Longer than most: one state, with what is asked of it.

use std::{collections::VecDeque, sync::Arc};

use super::{
    line::Line,
    mark::{Seen, mark},
    shape::{self, Shapes},
    sign::{self, Sign},
};

/// Lines kept before a sign: some test runners print the reason before the line that says that a test failed.
const ABOVE: usize = 2;
/// Lines kept after a sign: compilers print the place in the lines below.
const BELOW: usize = 10;
/// Families of signs that are kept, the first and the last of each.
const FAMILIES: usize = 12;
/// Last lines kept, and last ones that were the first of their shape.
const TAIL: usize = 12;
const ODD: usize = 16;
/// A shape that is seen more often than `RARE` is not rare; one that is seen more often than `ROUTINE` is the program's routine.
const RARE: u16 = 2;
const ROUTINE: u16 = 5;
/// What is added to the mark of the last `Caused by:`.
const ROOT: i32 = 12;
/// So many lines below a sign are kept that do not visibly belong to it.
const LOOSE: usize = 2;

/// A stream keeps no more lines than this.
#[cfg(test)]
pub(super) const LONGEST: usize = 1 + ABOVE + TAIL + ODD + 2 * FAMILIES * (ABOVE + 1 + BELOW);

/// One program's output: a BuildKit step's, or all that stands outside of those.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Its latest name.
    pub(super) name: Option<Arc<Line>>,
    families: Vec<Family>,
    shapes: Shapes,
    /// The lines before the next one.
    above: VecDeque<Kept>,
    pub(super) tail: VecDeque<Kept>,
    /// Lines that were the first of their shape: where no sign is known, what is wrong is among them.
    odd: VecDeque<Kept>,
    /// The sign that the next lines belong to, and how many of them.
    open: Option<(usize, usize)>,
    /// How many lines it has had.
    length: usize,
}

/// A line with what is needed to judge it.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) line: Arc<Line>,
    shape: u64,
    /// Where in the line begins what the program printed.
    from: usize,
}

impl Kept {
    pub(super) fn text(&self) -> &str {
        self.line.text.get(self.from..).unwrap_or(&self.line.text)
    }
}

/// Signs that differ in names and numbers only.
#[derive(Debug)]
struct Family {
    hash: u64,
    sign: Sign,
    count: usize,
    first: Spot,
    last: Option<Spot>,
}

/// A line that looks like an error, and the lines around it.
#[derive(Debug)]
pub(super) struct Spot {
    pub(super) kept: Kept,
    pub(super) sign: Sign,
    kind: u64,
    /// How often the same was said again later.
    again: usize,
    /// Its place in the stream.
    place: usize,
    above: Vec<Kept>,
    below: Vec<Kept>,
}

impl Stream {
    pub(super) fn named(line: &Arc<Line>) -> Self {
        Self { name: Some(Arc::clone(line)), ..Self::default() }
    }

    /// Takes the next line; `text` is what the program printed of it.
    pub(super) fn push(&mut self, line: &Arc<Line>, text: &str) {
        let kept = Kept {
            line: Arc::clone(line),
            shape: shape::shape(text),
            from: if line.cut { 0 } else { line.text.len() - text.len().min(line.text.len()) },
        };
        self.shapes.note(kept.shape);
        if let Some((at, left)) = self.open.take()
            && let Some(family) = self.families.get_mut(at)
        {
            family.last.as_mut().unwrap_or(&mut family.first).below.push(kept.clone());
            self.open = (left > 1).then_some((at, left - 1));
        }
        // What a Dockerfile's command prints is no word of the central buildspec's.
        let is_blank = text.trim().is_empty();
        let sign = sign::read(text).map(|sign| if sign == Sign::Own && kept.from > 0 { Sign::Clear } else { sign });
        if let Some(sign) = sign {
            self.take(&kept, sign, text);
        } else if self.shapes.count(kept.shape) == 1 && !is_blank && !sign::is_progress(text) {
            keep(&mut self.odd, kept.clone(), ODD);
        }
        if !is_blank {
            keep(&mut self.above, kept.clone(), ABOVE);
        }
        keep(&mut self.tail, kept, TAIL);
        self.length += 1;
    }

    fn take(&mut self, kept: &Kept, sign: Sign, text: &str) {
        let (family, kind) = (shape::family(sign::said(text)), shape::kind(text));
        // What a heading announces is what is wrong: `Diagnostics:`, `error: 1 error occurred:`.
        let is_headed = self.above.back().is_some_and(|above| sign::is_heading(above.text()));
        let sign = if is_headed && sign != Sign::Follows { sign.max(Sign::Clear) } else { sign };
        let spot = || Spot {
            kept: kept.clone(),
            sign,
            kind,
            again: 0,
            place: self.length,
            above: self.above.iter().cloned().collect(),
            below: Vec::new(),
        };
        let known = self.families.iter().position(|known| known.hash == family && known.sign == sign);
        let at = if let Some(at) = known {
            let spot = spot();
            let known = &mut self.families[at];
            known.count += 1;
            for same in [Some(&mut known.first), known.last.as_mut()].into_iter().flatten().filter(|same| same.kind == kind) {
                same.again += 1;
            }
            if known.first.kind == kind {
                return;
            }
            known.last = Some(spot);
            at
        } else {
            let new = Family { hash: family, sign, count: 1, first: spot(), last: None };
            if self.families.len() < FAMILIES {
                self.families.push(new);
                self.families.len() - 1
            } else {
                // The weakest gives way, of those the one that was said often, then the oldest.
                let rank = |family: &Family| {
                    (family.sign, std::cmp::Reverse(family.count.min(4) / 4), family.last.as_ref().unwrap_or(&family.first).place)
                };
                let weakest = self.families.iter().enumerate().min_by_key(|(_, family)| rank(family));
                let Some(at) = weakest.filter(|(_, family)| family.sign <= sign).map(|(at, _)| at) else { return };
                self.families[at] = new;
                at
            }
        };
        self.open = Some((at, BELOW));
    }

    /// What comes next does not go on with what came last.
    pub(super) fn interrupt(&mut self) {
        self.above.clear();
        self.open = None;
    }

    /// The signs with their marks, in no order.
    pub(super) fn spots(&self) -> impl Iterator<Item = (&Spot, i32)> {
        let spots = self
            .families
            .iter()
            .flat_map(|family| [Some(&family.first), family.last.as_ref()].into_iter().flatten().map(move |spot| (spot, family)));
        spots.map(|(spot, family)| {
            // The last cause is the first of all.
            let is_root = std::ptr::eq(spot, family.last.as_ref().unwrap_or(&family.first)) && sign::is_cause(spot.kept.text());
            let seen = Seen { count: family.count, again: spot.again, from_end: self.length - spot.place };
            (spot, mark(spot.sign, seen) + if is_root { ROOT } else { 0 })
        })
    }

    /// Every line that is kept, some of them twice.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Arc<Line>> {
        let spots = self.families.iter().flat_map(|family| [Some(&family.first), family.last.as_ref()]).flatten();
        spots.flat_map(|spot| spot.above.iter().chain(&spot.below)).chain(&self.tail).map(|kept| &kept.line)
    }

    /// Lines whose like was never printed, the latest first.
    pub(super) fn odd(&self) -> impl Iterator<Item = &Kept> {
        self.odd.iter().rev().filter(|kept| self.is_rare(kept))
    }

    /// The lines below a sign that go on with it, and at most so many.
    pub(super) fn below<'a>(&'a self, spot: &'a Spot, most: usize) -> Vec<&'a Kept> {
        let mut taken = Vec::new();
        let mut loose = 0;
        for kept in &spot.below {
            let text = kept.text();
            let is_blank = text.trim().is_empty();
            if taken.len() >= most || (!is_blank && self.is_routine(kept)) {
                break;
            }
            if !is_blank && !goes_on(text) && sign::read(text).is_none() {
                loose += 1;
                if loose > LOOSE || !self.is_rare(kept) {
                    break;
                }
            }
            taken.push(kept);
        }
        while taken.last().is_some_and(|kept| kept.text().trim().is_empty()) {
            taken.pop();
        }
        taken
    }

    /// The lines above a sign that lead to it.
    pub(super) fn above<'a>(&'a self, spot: &'a Spot) -> impl Iterator<Item = &'a Kept> {
        let leads = |kept: &&Kept| {
            let text = kept.text();
            let is_near = spot.kept.line.at - kept.line.at <= 3;
            let is_heading = text.trim_end().ends_with(':')
                || text.trim_start().starts_with(['●', '>'])
                || text.starts_with("--- ")
                || text.starts_with("    ");
            // `..F......`, `======`
            let has_word = text.split(|c: char| !c.is_alphabetic()).any(|word| word.chars().nth(2).is_some());
            is_near && !self.is_routine(kept) && (is_heading || sign::read(text).is_some() || (has_word && self.is_rare(kept)))
        };
        spot.above.iter().rev().take_while(leads).collect::<Vec<_>>().into_iter().rev()
    }

    /// Whether the like of a line is hardly ever printed.
    fn is_rare(&self, kept: &Kept) -> bool {
        self.shapes.count(kept.shape) <= RARE
    }

    /// Whether a line is of the kind that this program prints all the time.
    pub(super) fn is_routine(&self, kept: &Kept) -> bool {
        let text = kept.text();
        (self.shapes.count(kept.shape) > ROUTINE
            && sign::read(text).is_none_or(|sign| sign < Sign::Likely)
            && !text.starts_with([' ', '\t']))
            || sign::is_progress(text)
    }

    #[cfg(test)]
    pub(super) fn lines(&self) -> usize {
        let of = |spot: &Spot| 1 + spot.above.len() + spot.below.len();
        let spots = self.families.iter().map(|family| of(&family.first) + family.last.as_ref().map_or(0, of));
        usize::from(self.name.is_some()) + self.above.len() + self.tail.len() + self.odd.len() + spots.sum::<usize>()
    }
}

impl Spot {
    pub(super) fn kind(&self) -> u64 {
        self.kind
    }

    /// Whether it is a text, and not marks and numbers.
    pub(super) fn is_of_words(&self) -> bool {
        self.kept.text().split_whitespace().filter(|word| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic())).count() > 1
    }

    /// What it says, with what stands below it where it only announces that.
    pub(super) fn message(&self) -> String {
        let text = self.kept.text().trim();
        let next = self.below.iter().map(|kept| kept.text().trim()).find(|text| !text.is_empty());
        match next.filter(|_| sign::is_announcement(text)) {
            Some(next) => format!("{text} {next}"),
            None => text.to_owned(),
        }
    }
}

/// Whether a line goes on with what stands above it: indented, a margin, a difference, a place, advice.
fn goes_on(text: &str) -> bool {
    let trimmed = text.trim_start();
    let begins = [
        "at ",
        "in ",
        "from ",
        "note:",
        "help:",
        "hint:",
        "caused by",
        "because",
        "expected",
        "received",
        "actual",
        "got",
        "want",
        "see ",
        "required",
        "diff",
        "left",
        "right",
        "where",
        "but ",
    ];
    let is_margin = trimmed.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with(['|', '>']);
    text.starts_with([' ', '\t', '|', '>', '=', '^', '~', '+', '-', '│', '╰', '╭', '├', '└', '┌', '·', '*'])
        || is_margin
        || text.starts_with("E  ")
        || begins.iter().any(|begin| trimmed.get(..begin.len()).is_some_and(|text| text.eq_ignore_ascii_case(begin)))
}

fn keep<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}
