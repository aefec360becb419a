//! What the viewer sees: lines that stay, and on a terminal below them a line for each job that has not ended.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::{
    ledger::Entry,
    paint::{Paint, Tone, clip},
    telling,
};
use crate::job::event::{Event, EventKind};

/// No line is longer.
const WIDTH: usize = 100;
/// The longest name of a job.
const NAME: usize = 9;
/// Where an event's details begin.
const DETAIL: usize = 8 + 2 + NAME + 2 + 9 + 2;

/// The screen.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) paint: Paint,
    began: Instant,
    /// Not where the output is piped.
    live: Option<MultiProgress>,
    bars: BTreeMap<&'static str, Bar>,
}

#[derive(Debug)]
struct Bar {
    bar: ProgressBar,
    /// When its build was started.
    since: Option<Instant>,
}

impl Screen {
    /// Stdout.
    pub(super) fn open() -> Self {
        let is_terminal = io::stdout().is_terminal() && crate::cli::variable("TERM").is_none_or(|term| term != "dumb");
        Self {
            paint: Paint { colours: is_terminal && crate::cli::variable("NO_COLOR").is_none() },
            began: Instant::now(),
            live: is_terminal.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stdout())),
            bars: BTreeMap::new(),
        }
    }

    /// A line that stays.
    pub(super) fn say(&self, line: &str) -> io::Result<()> {
        match &self.live {
            // An empty line would not be printed.
            Some(bars) => bars.println(if line.is_empty() { " " } else { line }),
            None => writeln!(io::stdout(), "{line}"),
        }
    }

    /// A line about a job: when, what and which.
    pub(super) fn happened(&self, name: &str, (word, tone): (&str, Tone), detail: &str) -> io::Result<()> {
        let seconds = format!("{:>6.1}s ", self.began.elapsed().as_secs_f64());
        let detail = clip(detail, WIDTH - DETAIL);
        let word = self.paint.paint(tone, &format!("{word:<9}"));
        self.say(format!("{}  {name:<NAME$}  {word}  {detail}", self.paint.paint(Tone::Dim, &seconds)).trim_end())
    }

    /// An event that came.
    pub(super) fn event(&mut self, entry: &Entry, event: &Event, again: bool) -> io::Result<()> {
        let name = entry.planned.name;
        let told = telling::tell(event, again);
        match event.kind {
            EventKind::Queued => self.state(name, "waits for a place"),
            EventKind::Started => {
                if let Some(bar) = self.bars.get_mut(name) {
                    bar.since = Some(Instant::now());
                }
            }
            EventKind::Finished | EventKind::Rejected => self.ended(name),
        }
        self.happened(name, (told.word, told.tone), &told.detail)?;
        let rule = self.paint.paint(Tone::Dim, "│");
        told.below.iter().try_for_each(|line| self.say(format!("          {rule} {}", clip(line, WIDTH - 12)).trim_end()))
    }

    /// A job that was sent.
    pub(super) fn watch(&mut self, name: &'static str) -> anyhow::Result<()> {
        if let Some(live) = &self.live {
            let style = ProgressStyle::with_template("        {spinner:.cyan}  {prefix}  {msg:.dim}")?.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ");
            let bar = live.add(ProgressBar::new_spinner().with_style(style).with_prefix(format!("{name:<NAME$}")));
            bar.set_message("is on the queue");
            self.bars.insert(name, Bar { bar, since: None });
        }
        Ok(())
    }

    /// Time passes.
    pub(super) fn tick(&self) {
        for Bar { bar, since } in self.bars.values() {
            if let Some(since) = since {
                bar.set_message(format!("builds, {:.1}s", since.elapsed().as_secs_f64()));
                bar.tick();
            }
        }
    }

    /// Nothing moves any more.
    pub(super) fn close(&mut self) {
        for name in self.bars.keys().copied().collect::<Vec<_>>() {
            self.ended(name);
        }
    }

    /// Seconds since the beginning.
    pub(super) fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn state(&self, name: &str, state: &'static str) {
        if let Some(Bar { bar, .. }) = self.bars.get(name) {
            bar.set_message(state);
        }
    }

    fn ended(&mut self, name: &str) {
        if let (Some(live), Some(Bar { bar, .. })) = (&self.live, self.bars.remove(name)) {
            bar.finish_and_clear();
            live.remove(&bar);
        }
    }
}
