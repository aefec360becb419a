//! Writes records: log lines to stdout, other records to stderr; with `--json` all to stdout.

use std::io::{self, BufWriter, Write, stderr};

use super::{fold::Fold, record::Record, text};
use crate::cli::{
    paint::Paint,
    stdout::{self, Stdout, stdout},
};

/// The two outputs.
#[derive(Debug)]
pub(in crate::cli) struct Output {
    out: BufWriter<Stdout>,
    json: bool,
    fold: Fold,
    lines: Paint,
    told: Paint,
}

impl Output {
    pub(in crate::cli) fn open(json: bool) -> Self {
        Self { out: BufWriter::new(stdout()), json, fold: Fold::default(), lines: Paint::on(&io::stdout()), told: Paint::on(&stderr()) }
    }

    /// Writes a record. Lines may stay in the buffer until the next [`Output::flush`].
    pub(in crate::cli) fn tell(&mut self, record: &Record<'_>) -> io::Result<()> {
        match record {
            _ if self.json => {
                serde_json::to_writer(&mut self.out, record)?;
                self.out.write_all(b"\n")
            }
            Record::Line { text, .. } => {
                let lines = self.fold.line(text);
                self.write(&lines)
            }
            _ => {
                let held = self.fold.rest();
                self.write(&held)?;
                // Keep the order of stdout and stderr.
                self.flush()?;
                text::told(record, self.told).iter().try_for_each(|line| stdout::note(line))
            }
        }
    }

    fn write(&mut self, lines: &[String]) -> io::Result<()> {
        lines.iter().try_for_each(|line| writeln!(self.out, "{}", text::line(line, self.lines)))
    }

    /// Writes a note for people.
    pub(in crate::cli) fn note(&mut self, words: &str) -> io::Result<()> {
        self.flush()?;
        stdout::note(words)
    }

    pub(in crate::cli) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
