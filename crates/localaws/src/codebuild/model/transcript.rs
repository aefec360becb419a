//! A build's log: where it goes, and the line that is still being written.

/// CloudWatch Logs takes events of up to 1 MiB; a longer line is cut.
const LINE_LIMIT: usize = 1024 * 1024 - 26;

/// Turns a build's output into log events, one a line.
#[derive(Debug)]
pub(crate) struct Transcript {
    /// The group and the stream; `None` if the project writes no logs to CloudWatch.
    target: Option<(String, String)>,
    /// Nobody is told the names before PROVISIONING.
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

    /// The group's and the stream's name, once they are known.
    pub(crate) fn names(&self) -> Option<(&str, &str)> {
        self.target().filter(|_| self.revealed)
    }

    /// The group's and the stream's name.
    pub(crate) fn target(&self) -> Option<(&str, &str)> {
        self.target.as_ref().map(|(group, stream)| (group.as_str(), stream.as_str()))
    }

    /// Takes text: the events of the lines that it completes, newlines included.
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

    /// The event of a line that has no newline yet, if there is one.
    pub(crate) fn flush(&mut self, now: u64) -> Vec<(u64, String)> {
        if self.partial.is_empty() { Vec::new() } else { vec![(now, std::mem::take(&mut self.partial))] }
    }
}
