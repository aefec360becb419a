//! The part of a build's log that matters, picked from a stream of lines in bounded memory.
//!
//! The last lines of a failed build say `SUCCEEDED`: `POST_BUILD` and `UPLOAD_ARTIFACTS` run after a failed `BUILD`. So what counts is what
//! stands before the first failed phase.

mod choice;
mod line;
mod mark;
mod pick;
mod shape;
mod shorten;
mod sign;
mod stream;

use std::{collections::VecDeque, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    agent,
    plain::plain,
    step::{self, Says},
};
pub use choice::LeftOut;
use line::Line;
pub use shorten::shorten;
use stream::Stream;

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
}

#[cfg(test)]
mod tests;
