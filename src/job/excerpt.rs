//! The part of a build's log that matters, picked from a stream of lines in bounded memory.
//!
//! The last lines of a failed build say `SUCCEEDED`: `POST_BUILD` and `UPLOAD_ARTIFACTS` run after a failed `BUILD`. So what counts is what
//! stands before the first failed phase.

mod choice;
mod line;
mod shape;
mod shorten;
mod sign;
mod stream;

use std::{
    cmp::Reverse,
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    agent,
    plain::plain,
    step::{self, Says},
};
use choice::Choice;
pub use choice::LeftOut;
use line::Line;
pub use shorten::shorten;
use sign::Sign;
use stream::{Kept, Spot, Stream};

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
    /// Whether anything of the log is left out or was not read.
    pub truncated: bool,
    /// Lines of the log that were read and are not in it.
    pub dropped_lines: usize,
    /// The lines that decide, the most telling first; at most three.
    pub highlights: Vec<Highlight>,
    /// The most telling line, where it has the shape in which programs say what is wrong.
    pub decisive: Option<String>,
}

/// A line of the log that says what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Highlight {
    /// Its number in the log, from 1; absent where a part of the log before it was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize")]
    pub line: Option<usize>,
    /// What it says, without BuildKit's prefix.
    pub text: String,
}

/// A budget of bytes alone.
const ANY: usize = usize::MAX;

/// Lines kept of what CodeBuild says about a failed phase; a command of many lines is repeated there in full.
const CAUSE_LINES: usize = 10;

/// BuildKit's steps that are followed at a time, and failed steps that are kept.
const STEPS: usize = 16;
const BROKEN: usize = 2;

/// Highlights, and signs in all that are shown.
const HIGHLIGHTS: usize = 3;
const SIGNS: usize = 7;
/// Lines below the decisive one that belong to it, and below the others.
const BLOCK: usize = 6;
const SMALL_BLOCK: usize = 2;
/// A sign with a lower mark says nothing by itself.
const TELLING: i32 = 30;
/// One with this mark is believed.
const BELIEVED: i32 = 55;
/// Of one with a mark lower by this than the best nothing is expected.
const FAR: i32 = 35;
/// One before the decisive line is shown if it is nearly as telling.
const NEARLY: i32 = 15;
/// The failed step's own signs count for so much more.
const OF_FAILED_STEP: i32 = 40;
/// The last lines that are shown where nothing decides, and of a build that was stopped.
const LAST: usize = 20;
/// Lines that are shown there because their like was never printed.
const ODD: usize = 10;
/// The last lines that are shown below a decisive one.
const CLOSING: usize = 2;
/// A log that is no longer is shown as it is, if its decisive line is among so many first ones.
const SHORT: usize = 16;
const LEAD: usize = 8;

/// Picks from a stream of lines.
///
/// It holds at most the budget twice, and of at most 19 programs (BuildKit's steps, the failed ones among them, and the command itself) some
/// 330 lines each, none of them longer than 2,000 bytes.
#[derive(Debug)]
pub struct Excerpter {
    budget: Budget,
    failed: bool,
    /// The next line's place in the log, from 0; a stretch that was not read has a place too.
    next: usize,
    /// How many of the places are stretches that were not read.
    unread: usize,
    /// Whether the latest place is one.
    after_gap: bool,
    /// The latest lines, within the budget.
    recent: VecDeque<Arc<Line>>,
    recent_bytes: usize,
    /// Whether a line has given way there.
    is_longer: bool,
    /// The latest command's first line; of a failed build the one that failed.
    command: Option<Arc<Line>>,
    runs: agent::Command,
    /// What the latest command printed that belongs to no step.
    output: Stream,
    /// Its BuildKit steps that are not over, the latest heard of last.
    steps: Vec<(u32, Stream)>,
    /// Its steps that failed, each with the line that says so.
    broken: VecDeque<(Stream, Arc<Line>)>,
    /// What stood before the first failed phase, that line included.
    before: VecDeque<Arc<Line>>,
    /// What CodeBuild says about the failed phase.
    cause: Vec<Arc<Line>>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    /// Right after the first failed phase.
    Cause,
    After,
}

impl Excerpter {
    /// `failed`: the build did not succeed, so the excerpt belongs where it failed; else the closing lines are picked.
    pub fn new(budget: Budget, failed: bool) -> Self {
        Self {
            budget,
            failed,
            next: 0,
            unread: 0,
            after_gap: false,
            recent: VecDeque::new(),
            recent_bytes: 0,
            is_longer: false,
            command: None,
            runs: agent::Command::default(),
            output: Stream::default(),
            steps: Vec::new(),
            broken: VecDeque::new(),
            before: VecDeque::new(),
            cause: Vec::new(),
            stage: Stage::Running,
        }
    }

    /// Takes the next line of the log, redacted, without its line break.
    pub fn push(&mut self, text: &str) {
        let text = plain(text);
        // What only looks like a mark must not be counted as one.
        let text = if LeftOut::parse(&text).is_some() { text.replace('…', "...").into() } else { text };
        let line = Arc::new(Line::new(self.next, self.unread, &text, self.budget.bytes));
        self.next += 1;
        self.after_gap = false;
        if self.failed {
            match self.stage {
                Stage::Running => self.note(&line),
                Stage::Cause => {
                    if self.take_cause(&line) {
                        return;
                    }
                    self.stage = Stage::After;
                }
                Stage::After => {}
            }
        }
        self.recent_bytes += line.cost;
        self.recent.push_back(line);
        while self.recent.len() > self.budget.lines || self.recent_bytes > self.budget.bytes {
            let Some(oldest) = self.recent.pop_front() else { break };
            self.recent_bytes -= oldest.cost;
            self.is_longer = true;
        }
        if self.stage == Stage::Cause {
            self.before = std::mem::take(&mut self.recent);
            self.recent_bytes = 0;
        }
    }

    /// A stretch of the log lies here that was not read: how many lines it had is unknown, and what stands after it does not go on with what
    /// stands before it.
    pub fn gap(&mut self) {
        if self.after_gap {
            return;
        }
        self.next += 1;
        self.unread += 1;
        self.after_gap = true;
        self.output.interrupt();
        self.steps.iter_mut().for_each(|(_, step)| step.interrupt());
        if self.stage == Stage::Cause {
            self.stage = Stage::After;
        }
    }

    /// Counts lines of the log that are not there to pick from.
    pub(super) fn skip(&mut self, lines: usize) {
        self.next += lines;
        self.after_gap &= lines == 0;
    }

    /// Remembers where a command begins, what looks like an error, and where a phase fails.
    fn note(&mut self, line: &Arc<Line>) {
        match agent::words(&line.text) {
            Some(words) if self.runs.begins(words) => {
                self.command = Some(Arc::clone(line));
                self.output = Stream::default();
                self.steps.clear();
                self.broken.clear();
            }
            Some(words) if agent::fails_phase(words) => self.stage = Stage::Cause,
            Some(_) => {}
            None if self.runs.is_aside() => {}
            None => match step::read(&line.text) {
                Some(of) => self.note_step(of, line),
                None => self.output.push(line, step::untimed(&line.text)),
            },
        }
    }

    /// Takes a line of a BuildKit step.
    fn note_step(&mut self, of: step::Of<'_>, line: &Arc<Line>) {
        let known = self.steps.iter().position(|(number, _)| *number == of.step).map(|at| self.steps.remove(at).1);
        let mut stream = known.unwrap_or_default();
        match of.says {
            // A number with another name is another build's.
            Says::Name if stream.name.as_ref().is_some_and(|name| name.text != line.text) => stream = Stream::named(line),
            Says::Name => stream.name = Some(Arc::clone(line)),
            Says::Output(text) => stream.push(line, text),
            Says::Failed => {
                if self.broken.len() == BROKEN {
                    self.broken.pop_front();
                }
                stream.push(line, line.text.split_once(' ').map_or(&line.text, |(_, said)| said));
                return self.broken.push_back((stream, Arc::clone(line)));
            }
            Says::Over => return,
            Says::Nothing => {}
        }
        if self.steps.len() == STEPS {
            self.steps.remove(0);
        }
        self.steps.push((of.step, stream));
    }

    /// Takes the lines that say why the phase failed: one of CodeBuild's, and those of the command that it repeats.
    fn take_cause(&mut self, line: &Arc<Line>) -> bool {
        let belongs = match agent::words(&line.text) {
            Some(words) => self.cause.is_empty() && words.starts_with("Phase context"),
            None => !self.cause.is_empty(),
        };
        let taken = belongs && self.cause.len() < CAUSE_LINES;
        if taken {
            self.cause.push(Arc::clone(line));
        }
        taken
    }

    /// Picks.
    pub fn finish(self) -> Excerpt {
        let mut choice = Choice::new(self.budget, self.next, self.unread);
        let ranked = if self.failed { self.ranked() } else { Vec::new() };
        // A short log that leads with the answer by itself is shown as it is.
        let fits = self.next <= SHORT.min(self.budget.lines) && !self.is_longer;
        let leads = ranked.first().is_none_or(|(_, spot, _)| spot.kept.line.at < LEAD);
        if self.failed && !(fits && leads) {
            self.pick_failure(&ranked, &mut choice);
        }
        // What is shortened has been picked before: all room is used.
        if self.budget.lines == ANY || !self.failed || (fits && leads) {
            if self.failed {
                self.pick_frame(ranked.first().map(|&(_, spot, _)| spot), &mut choice);
            }
            choice.take_while_room(self.recent.iter().rev());
            if self.failed {
                choice.take_while_room(self.before.iter().rev());
            }
        }
        let text = |kept: &Kept| kept.text().trim().to_owned();
        let number = |line: &Line| (line.unread == 0).then_some(line.at + 1);
        let best = ranked.first().map_or(0, |&(_, _, mark)| mark);
        let telling =
            ranked.iter().filter(|&&(_, spot, mark)| spot.sign > Sign::Hint && mark >= TELLING && mark + FAR >= best).take(HIGHLIGHTS);
        let highlights = telling.map(|(_, spot, _)| Highlight { line: number(&spot.kept.line), text: text(&spot.kept) }).collect();
        let decisive = ranked.first().filter(|&&(_, _, mark)| mark >= BELIEVED).map(|(_, spot, _)| text(&spot.kept));
        let leads = self.failed && self.command.as_ref().is_some_and(|_| !ranked.is_empty());
        Excerpt { highlights, decisive, ..choice.excerpt(leads) }
    }

    /// The signs of all streams, the most telling first; of those that say the same the first.
    fn ranked(&self) -> Vec<(&Stream, &Spot, i32)> {
        let broken = self.broken.iter().rev().map(|(stream, _)| (stream, OF_FAILED_STEP));
        // Without a failed step any may be the one.
        let others = self.steps.iter().rev().map(|(_, stream)| (stream, 0)).filter(|_| self.broken.is_empty());
        let streams = broken.chain([(&self.output, 0)]).chain(others);
        let spots = streams.flat_map(|(stream, more)| {
            stream.spots().map(move |(spot, mark)| (stream, spot, if spot.sign > Sign::Hint { mark + more } else { mark }))
        });
        let mut ranked: Vec<_> = spots.collect();
        ranked.sort_by_key(|&(_, spot, mark)| (Reverse(mark), spot.kept.line.at));
        let mut kinds = HashSet::new();
        ranked.retain(|(_, spot, _)| kinds.insert(spot.kind()));
        ranked
    }

    /// The failed command, the decisive line, the failed step, and what CodeBuild says about the failed phase.
    fn pick_frame<'a>(&'a self, decisive: Option<&'a Spot>, choice: &mut Choice<'a>) {
        choice.take_each(self.command.iter().chain(decisive.map(|spot| &spot.kept.line)));
        choice.take_each(self.broken.iter().rev().flat_map(|(stream, said)| stream.name.iter().chain([said])));
        let failed_phase = self.before.back().filter(|_| self.stage != Stage::Running);
        choice.take_each(failed_phase.into_iter().chain(&self.cause));
    }

    /// Nothing looks like an error: what the program printed once and never again, and its last words.
    fn pick_odd<'a>(&'a self, choice: &mut Choice<'a>) {
        self.pick_frame(None, choice);
        let broken = self.broken.iter().rev().map(|(stream, _)| stream);
        let odd: Vec<_> = broken.chain([&self.output]).flat_map(Stream::odd).take(ODD).collect();
        choice.take_each(odd.iter().map(|kept| &kept.line));
        let last = if self.stage == Stage::Running { &self.recent } else { &self.before };
        let since = self.command.as_ref().map_or(0, |command| command.at);
        let last = last.iter().rev().take_while(|line| line.at >= since);
        choice.take_while_room(last.take(if odd.is_empty() { LAST } else { LAST / 4 }));
    }

    /// The failed command and the decisive line with its block; then the other signs, and how it ended. All are in the log's order, so before
    /// the decisive line there is little.
    fn pick_failure<'a>(&'a self, ranked: &[(&'a Stream, &'a Spot, i32)], choice: &mut Choice<'a>) {
        let last = if self.stage == Stage::Running { &self.recent } else { &self.before };
        let best = ranked.first().map_or(0, |&(_, _, mark)| mark);
        let Some(&(of_decisive, decisive, _)) = ranked.first().filter(|_| best >= TELLING) else {
            return self.pick_odd(choice);
        };
        self.pick_frame(Some(decisive), choice);
        let at = decisive.kept.line.at;
        let block = of_decisive.above(decisive).chain(of_decisive.below(decisive, BLOCK));
        choice.take_each(block.map(|kept| &kept.line));
        let mut before = 0;
        let others = ranked.iter().skip(1).filter(|&&(_, spot, mark)| spot.sign > Sign::Hint && mark + FAR >= best);
        for (n, &(stream, spot, mark)) in others.take(SIGNS).enumerate() {
            if spot.kept.line.at < at {
                // What stands before the decisive line must not hide it.
                if before < 2 && (std::ptr::eq(stream, of_decisive) || mark + NEARLY >= best) {
                    choice.take_each([&spot.kept.line].into_iter());
                }
                before += 1;
                continue;
            }
            let block = if n < HIGHLIGHTS { SMALL_BLOCK } else { 0 };
            choice.take_each([&spot.kept.line].into_iter().chain(stream.below(spot, block).into_iter().map(|kept| &kept.line)));
        }
        if best < BELIEVED {
            choice.take_each(of_decisive.odd().take(ODD / 2).map(|kept| &kept.line));
        }
        // How it ended: what follows from the error, and the last words.
        for stream in self.broken.iter().map(|(stream, _)| stream).chain([&self.output]) {
            let closing = stream.tail.iter().rev().filter(|kept| kept.line.at > at && !kept.text().trim().is_empty());
            let closing = closing.take_while(|kept| !stream.is_routine(kept));
            choice.take_while_room(closing.take(CLOSING).map(|kept| &kept.line));
        }
        let stopped = self.stage == Stage::Running || last.iter().rev().take(3).any(|line| line.text.contains("TIMED_OUT"));
        if stopped {
            choice.take_while_room(last.iter().rev().take(LAST / 2));
        }
        let streams = self.broken.iter().map(|(stream, _)| stream).chain([&self.output]);
        choice.fill(streams.flat_map(Stream::kept).chain(last));
    }
}

#[cfg(test)]
mod tests;
