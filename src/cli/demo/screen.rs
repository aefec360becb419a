//! The screen: lines that stay, and on a terminal below them a line for each job that has not ended.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::{
    ledger::Entry,
    paint::{Paint, Tone, clip, wrap},
    telling,
};
use crate::{
    cli::stdout,
    job::event::{Event, EventKind},
};

/// No line is longer: terminals are at least this wide.
const WIDTH: usize = 80;
/// The longest name of a job.
const NAME: usize = 9;
/// The longest word for what happened.
const WORD: usize = 9;
/// Where an event's details begin: after the time, the name and the word.
const DETAIL: usize = 7 + 2 + NAME + 2 + WORD + 2;
/// Where the lines below an event begin, after their dash or rule.
const BELOW: usize = 7 + 2 + 2;

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
            None => stdout::print(&format!("{line}\n")),
        }
    }

    /// A line about a job: when, what and which.
    pub(super) fn happened(&self, name: &str, (word, tone): (&str, Tone), detail: &str) -> io::Result<()> {
        let seconds = self.paint.paint(Tone::Dim, &format!("{:>6.1}s", self.seconds()));
        let word = self.paint.paint(tone, &format!("{word:<WORD$}"));
        let mut lines = wrap(detail, WIDTH - DETAIL).into_iter();
        self.say(format!("{seconds}  {name:<NAME$}  {word}  {}", lines.next().unwrap_or_default()).trim_end())?;
        lines.try_for_each(|line| self.say(&format!("{:DETAIL$}{line}", "")))
    }

    /// An event that came.
    pub(super) fn event(&mut self, entry: &Entry, event: &Event, again: bool) -> anyhow::Result<()> {
        let name = entry.planned.name;
        let told = telling::tell(event, again);
        match event.kind {
            EventKind::Queued => self.state(name, "waits for a place"),
            EventKind::Started => {
                if let Some(bar) = self.bars.get_mut(name) {
                    bar.bar.set_style(style("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")?);
                    bar.since = Some(Instant::now());
                }
            }
            EventKind::Finished | EventKind::Rejected => self.ended(name),
        }
        self.happened(name, (told.word, told.tone), &told.detail)?;
        for sentence in &told.more {
            for (at, line) in wrap(sentence, WIDTH - BELOW).iter().enumerate() {
                let dash = if at == 0 { "- " } else { "" };
                self.say(&format!("{dash:>BELOW$}{line}"))?;
            }
        }
        let rule = self.paint.paint(Tone::Dim, "│");
        told.excerpt.iter().try_for_each(|(line, decides)| {
            let line = clip(line, WIDTH - BELOW);
            let line = if *decides { self.paint.paint(Tone::Bad, &line) } else { line };
            self.say(format!("{:1$}{rule} {line}", "", BELOW - 2).trim_end())
        })?;
        Ok(())
    }

    /// A job that was sent.
    pub(super) fn watch(&mut self, name: &'static str) -> anyhow::Result<()> {
        if let Some(live) = &self.live {
            let bar = ProgressBar::new_spinner().with_style(style("·")?).with_prefix(format!("{name:<NAME$}"));
            let bar = live.add(bar);
            bar.set_message("is on the queue");
            self.bars.insert(name, Bar { bar, since: None });
        }
        Ok(())
    }

    /// Time passes.
    pub(super) fn tick(&self) {
        for Bar { bar, since } in self.bars.values() {
            if let Some(since) = since {
                bar.set_message(format!("building, {:.1}s", since.elapsed().as_secs_f64()));
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

/// How a job's line looks while its spinner goes through `frames`.
fn style(frames: &str) -> anyhow::Result<ProgressStyle> {
    // The last one would be shown at the end, when there is no line any more.
    Ok(ProgressStyle::with_template("      {spinner:.cyan}  {prefix}  {msg:.dim}")?.tick_chars(&format!("{frames} ")))
}
