//! Places in a buildspec.

use granit_parser::Marker;

/// A line and a column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    line: usize,
    column: usize,
}

impl Place {
    pub(super) fn new(line: usize, column: usize) -> Self {
        Self { line, column }
    }

    pub(super) fn of(marker: &Marker) -> Self {
        Self { line: marker.line(), column: marker.col() + 1 }
    }

    pub(super) fn line(self) -> usize {
        self.line
    }

    /// The message with this place at its end.
    pub(super) fn append_to(self, message: impl std::fmt::Display) -> String {
        format!("{message} at line {}, column {}", self.line, self.column)
    }
}
