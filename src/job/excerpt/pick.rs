//! What of a log is shown, and which lines decide.

use std::{cmp::Reverse, collections::HashSet};

use super::{
    ANY, Excerpt, Excerpter, Highlight, Stage,
    choice::Choice,
    line::Line,
    sign::{self, Sign},
    stream::{Kept, Spot, Stream},
};

/// At most so many highlights, and so many signs in the whole excerpt.
const HIGHLIGHTS: usize = 3;
const SIGNS: usize = 7;
/// At most so many lines below the decisive line belong to it, and so many below each other sign.
const BLOCK: usize = 6;
const SMALL_BLOCK: usize = 2;
/// A sign with a lower mark is no reason for a failure by itself.
const TELLING: i32 = 30;
/// A sign with this mark or a higher one is taken to be an error.
const BELIEVED: i32 = 55;
/// A sign whose mark is lower than the best by more than this is not shown.
const FAR: i32 = 35;
/// A sign before the decisive line is shown if its mark is lower by no more than this.
const NEARLY: i32 = 15;
/// Signs of one kind belong to one failure if they stand no more lines apart than this, and their marks differ by no more than the distance
/// to the end explains.
const CLUSTER: usize = 10;
const CLUSTER_MARK: i32 = 5;
/// What is added to the marks of the failed step's own signs.
const OF_FAILED_STEP: i32 = 40;
/// So many last lines are shown where no line is decisive, and of a build that was stopped.
const LAST: usize = 20;
/// So many lines are shown there because no other line of the log resembles them.
const ODD: usize = 10;
/// So many last lines of the log are shown after a decisive line.
const CLOSING: usize = 2;
/// A log of at most `SHORT` lines is shown whole if its decisive line is among the first `LEAD`.
const SHORT: usize = 16;
const LEAD: usize = 8;

impl Excerpter {
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
        let highlight = |spot: &Spot| Highlight { line: number(&spot.kept.line), text: text(&spot.kept) };
        let telling = ranked.iter().filter(|&&(_, _, mark)| mark >= TELLING && mark + FAR >= best).map(|&(_, spot, _)| spot);
        let mut highlights: Vec<_> = telling.clone().filter(|spot| spot.sign > Sign::Hint).take(HIGHLIGHTS).map(highlight).collect();
        if highlights.is_empty() {
            // Where nothing says more, a word of trouble does.
            highlights.extend(telling.filter(|spot| spot.is_of_words()).take(1).map(highlight));
        }
        let decisive = ranked.first().filter(|&&(_, _, mark)| mark >= BELIEVED).map(|(_, spot, _)| spot.message());
        let leads = self.failed && self.command.is_some();
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
        // Of the signs of one failure the first decides.
        if let Some(&(stream, best, mark)) = ranked.first() {
            let is_of_cluster = |&(of, spot, less): &(&Stream, &Spot, i32)| {
                std::ptr::eq(of, stream)
                    && spot.sign == best.sign
                    && less + CLUSTER_MARK >= mark
                    && spot.kept.line.at < best.kept.line.at
                    && best.kept.line.at - spot.kept.line.at <= CLUSTER
            };
            let first = (0..ranked.len()).filter(|&at| is_of_cluster(&ranked[at])).min_by_key(|&at| ranked[at].1.kept.line.at);
            ranked[..=first.unwrap_or_default()].rotate_right(1);
        }
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
        choice.take_while_room(last.clone().take(if odd.is_empty() { LAST } else { LAST / 4 }));
        choice.fill(self.output.kept().chain(last));
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
                let is_early = choice.place(at) + 2 <= LEAD - SMALL_BLOCK;
                if before < 2 && (mark + NEARLY >= best || (is_early && std::ptr::eq(stream, of_decisive))) {
                    let announced = stream.below(spot, usize::from(sign::is_announcement(spot.kept.text().trim())));
                    choice.take_each([&spot.kept.line].into_iter().chain(announced.into_iter().map(|kept| &kept.line)));
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
