//! A build's log: where it goes, and the line that is still being written.

use std::sync::Arc;

use crate::logs::Logs;

/// CloudWatch Logs takes events of up to 1 MiB; a longer line is cut.
const LINE_LIMIT: usize = 1024 * 1024 - 26;

/// Turns a build's output into log events, one a line.
#[derive(Debug)]
pub(super) struct Transcript {
    logs: Arc<Logs>,
    /// The group and the stream; `None` if the project writes no logs to CloudWatch.
    target: Option<(String, String)>,
    /// Nobody is told the names before PROVISIONING.
    revealed: bool,
    partial: String,
}

impl Transcript {
    pub(super) fn new(logs: Arc<Logs>, target: Option<(String, String)>) -> Self {
        Self { logs, target, revealed: false, partial: String::new() }
    }

    pub(super) fn reveal(&mut self) {
        self.revealed = true;
    }

    /// The group's and the stream's name, once they are known.
    pub(super) fn names(&self) -> Option<(&str, &str)> {
        self.target().filter(|_| self.revealed)
    }

    /// The group's and the stream's name.
    pub(super) fn target(&self) -> Option<(&str, &str)> {
        self.target.as_ref().map(|(group, stream)| (group.as_str(), stream.as_str()))
    }

    /// Appends text; a line becomes an event, newline included, when its newline comes.
    pub(super) fn write(&mut self, now: u64, text: &str) {
        let Some((group, stream)) = &self.target else { return };
        let mut events = Vec::new();
        for piece in text.split_inclusive('\n') {
            self.partial.push_str(piece);
            while self.partial.len() > LINE_LIMIT {
                let cut = self.partial.floor_char_boundary(LINE_LIMIT);
                let rest = self.partial.split_off(cut);
                events.push((now, std::mem::replace(&mut self.partial, rest)));
            }
            if piece.ends_with('\n') {
                events.push((now, std::mem::take(&mut self.partial)));
            }
        }
        if !events.is_empty() {
            self.logs.append(group, stream, events);
        }
    }

    /// Writes a line that has no newline yet.
    pub(super) fn flush(&mut self, now: u64) {
        if let Some((group, stream)) = &self.target
            && !self.partial.is_empty()
        {
            self.logs.append(group, stream, vec![(now, std::mem::take(&mut self.partial))]);
        }
    }
}
