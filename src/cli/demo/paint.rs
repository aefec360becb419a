//! Colours, where they are seen and wanted.

/// What a piece of text feels like.
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
    /// The text in ANSI's colours.
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

/// The text in at most `width` characters, on one line.
pub(super) fn clip(text: &str, width: usize) -> String {
    let text = text.replace(char::is_control, " ");
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::{Paint, Tone, clip};

    #[test]
    fn text_is_clipped_by_characters_and_painted_only_where_colours_are_seen() {
        for (text, width, expected) in [("four", 4, "four"), ("fünf!", 4, "fün…"), ("a\tb\nc", 9, "a b c"), ("x", 0, "…")] {
            assert_eq!(clip(text, width), expected);
        }
        assert_eq!(Paint { colours: false }.paint(Tone::Bad, "x"), "x");
        assert_eq!(Paint { colours: true }.paint(Tone::Bad, "x"), "\x1b[31mx\x1b[0m");
    }
}
