//! The log of a build: its group and stream, and the line that is not complete yet.

/// CloudWatch Logs: an event has at most 1 MiB. A longer line is cut.
const LINE_LIMIT: usize = 1024 * 1024 - 26;

/// Turns a build's output into log events, one for each line.
#[derive(Debug)]
pub(crate) struct Transcript {
    /// The group and the stream. `None`: the project writes no logs to CloudWatch.
    target: Option<(String, String)>,
    /// The names are hidden before PROVISIONING.
    revealed: bool,
    partial: String,
}

impl Transcript {
    pub(crate) fn new(target: Option<(String, String)>) -> Self {
        Self { target, revealed: false, partial: String::new() }
    }

    pub(crate) fn reveal(&mut self) {
        self.revealed = true;
    }

    /// The names of the group and the stream, if they are known already.
    pub(crate) fn names(&self) -> Option<(&str, &str)> {
        self.target().filter(|_| self.revealed)
    }

    /// The names of the group and the stream.
    pub(crate) fn target(&self) -> Option<(&str, &str)> {
        self.target.as_ref().map(|(group, stream)| (group.as_str(), stream.as_str()))
    }

    /// Takes text. Returns the events of the lines that it completes, with their newlines.
    pub(crate) fn write(&mut self, now: u64, text: &str) -> Vec<(u64, String)> {
        let mut events = Vec::new();
        if self.target.is_none() {
            return events;
        }
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
        events
    }

    /// The event of the incomplete line, if there is one.
    pub(crate) fn flush(&mut self, now: u64) -> Vec<(u64, String)> {
        if self.partial.is_empty() { Vec::new() } else { vec![(now, std::mem::take(&mut self.partial))] }
    }
}
