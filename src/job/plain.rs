//! A line of a terminal's output as plain text.
