//! Colours, on a terminal and if they are wanted.

use std::io::IsTerminal;

/// The style of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Dim,
    Bold,
    Good,
    Bad,
    Warn,
}

/// Paints, or leaves the text as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    pub(super) colours: bool,
}

impl Paint {
    /// The painter of an output: with colours on a terminal, unless the environment disables them.
    pub(super) fn on(output: &impl IsTerminal) -> Self {
        let variable = super::variable;
        Self { colours: output.is_terminal() && variable("TERM").is_none_or(|term| term != "dumb") && variable("NO_COLOR").is_none() }
    }

    /// The text with ANSI colours.
    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Dim => "2",
            Tone::Bold => "1",
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Warn => "33",
        };
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
