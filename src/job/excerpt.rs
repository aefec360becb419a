//! The part of a build's log that matters, picked from a stream of lines in bounded memory.
//!
//! The last lines of a failed build say `SUCCEEDED`: `POST_BUILD` and `UPLOAD_ARTIFACTS` run after a failed `BUILD`. So what counts is what
//! stands before the first failed phase.

mod choice;
mod line;

use std::{collections::VecDeque, sync::LazyLock};

use regex::Regex;

use super::{agent, plain::plain};
use choice::{Choice, LeftOut};
use line::Line;

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
}

/// Lines kept from the first error on: compilers say where it is in the lines below.
const ERROR_LINES: usize = 4;

/// Lines kept of what CodeBuild says about a failed phase; a command of many lines is repeated there in full.
const CAUSE_LINES: usize = 10;

/// How docker, BuildKit, compilers, package managers and shells begin to say what is wrong.
static ERROR: LazyLock<Regex> = LazyLock::new(error_pattern);

#[expect(clippy::expect_used, reason = "the pattern is a constant, and the tests compile it")]
fn error_pattern() -> Regex {
    let patterns = [
        // BuildKit's prefix, `#12 3.456`, may stand before each.
        r"(?i)^(?:#\d+\s+)?(?:\d+\.\d+\s+)?\s*(?:",
        r"error(?:\[\w+\])?:|\[error\]|fatal(?: error)?:|panic:|exception in thread|traceback \(most recent|npm err!|npm error|err_pnpm|",
        r"e: |failed to |failure:|make(?:\[\d+\])?: \*\*\*|error response from daemon|cannot connect to the docker daemon|",
        r"\S+:\d+(?::\d+)?: (?:fatal )?error\b|\S+\(\d+,\d+\): error\b|.*: command not found$|.*: not found$|.*\bno space left on device|",
        r"--- fail|test result: failed|killed$|out of memory",
        ")",
    ];
    Regex::new(&patterns.concat()).expect("a pattern that compiles")
}

/// Picks from a stream of lines.
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
    /// Whether the lines below the first error still belong to it.
    erring: bool,
    /// The latest lines, within the budget.
    recent: VecDeque<Line>,
    recent_bytes: usize,
    /// The latest command's first line; of a failed build the one that failed.
    command: Option<Line>,
    /// The first error since that command, and the lines below it.
    errors: Vec<Line>,
    /// What stood before the first failed phase, that line included.
    before: Vec<Line>,
    /// What CodeBuild says about the failed phase.
    cause: Vec<Line>,
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
            erring: false,
            recent: VecDeque::new(),
            recent_bytes: 0,
            command: None,
            errors: Vec::new(),
            before: Vec::new(),
            cause: Vec::new(),
            stage: Stage::Running,
        }
    }

    /// Takes the next line of the log, redacted, without its line break.
    pub fn push(&mut self, text: &str) {
        let line = Line::new(self.next, self.unread, &plain(text), self.budget.bytes);
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
        }
        if self.stage == Stage::Cause {
            self.before = self.recent.drain(..).collect();
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
        (self.after_gap, self.erring) = (true, false);
        if self.stage == Stage::Cause {
            self.stage = Stage::After;
        }
    }

    /// Counts lines of the log that are not there to pick from.
    pub(super) fn skip(&mut self, lines: usize) {
        self.next += lines;
        self.after_gap &= lines == 0;
    }

    /// Remembers where a command begins, its first error, and where a phase fails.
    fn note(&mut self, line: &Line) {
        match agent::words(&line.text) {
            Some(words) if agent::begins_command(words) => {
                self.command = Some(line.clone());
                self.errors.clear();
                self.erring = false;
            }
            Some(words) if agent::fails_phase(words) => self.stage = Stage::Cause,
            None if self.erring || (self.errors.is_empty() && ERROR.is_match(&line.text)) => {
                self.errors.push(line.clone());
                self.erring = self.errors.len() < ERROR_LINES;
            }
            _ => {}
        }
    }

    /// Takes the lines that say why the phase failed: one of CodeBuild's, and those of the command that it repeats.
    fn take_cause(&mut self, line: &Line) -> bool {
        let belongs = match agent::words(&line.text) {
            Some(words) => self.cause.is_empty() && words.starts_with("Phase context"),
            None => !self.cause.is_empty(),
        };
        let taken = belongs && self.cause.len() < CAUSE_LINES;
        if taken {
            self.cause.push(line.clone());
        }
        taken
    }

    /// Picks: what says why the phase failed, the command, its first error, its last lines, and if there is room the lines after it and
    /// before it.
    pub fn finish(self) -> Excerpt {
        let mut choice = Choice::new(self.budget, self.next, self.unread);
        let tail = self.recent.iter().rev();
        if self.failed {
            let failed_phase = self.before.last().filter(|_| self.stage != Stage::Running);
            choice.take_each(failed_phase.into_iter().chain(&self.cause).chain(&self.command).chain(&self.errors));
            let start = self.command.as_ref().map_or(0, |command| command.at);
            choice.take_while_room(self.before.iter().rev().take_while(|line| line.at >= start));
            choice.take_while_room(tail);
            choice.take_while_room(self.before.iter().rev().skip_while(|line| line.at >= start));
        } else {
            choice.take_while_room(tail);
        }
        choice.excerpt()
    }
}

/// A smaller excerpt of an excerpt: what it left out stays counted.
pub fn shorten(excerpt: &str, failed: bool, bytes: usize) -> Excerpt {
    let mut excerpter = Excerpter::new(Budget { lines: usize::MAX, bytes }, failed);
    for line in excerpt.lines() {
        match LeftOut::parse(line) {
            Some(LeftOut { lines, unread }) => {
                excerpter.skip(lines);
                if unread {
                    excerpter.gap();
                }
            }
            None => excerpter.push(line),
        }
    }
    excerpter.finish()
}

#[cfg(test)]
mod tests;
