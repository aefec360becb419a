//! Text cut or wrapped to a width.

pub(super) use crate::cli::paint::{Paint, Tone};

/// The text in at most `width` characters, on one line.
pub(super) fn clip(text: &str, width: usize) -> String {
    let text = text.replace(char::is_control, " ");
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// The text in lines of at most `width` characters, broken between words where it can be.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut room = width;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
            room = width.saturating_sub(length);
        } else if length < room {
            line.push(' ');
            line.push_str(word);
            room -= length + 1;
        } else {
            lines.push(word.to_owned());
            room = width.saturating_sub(length);
        }
    }
    lines.iter().map(|line| clip(line, width)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Paint, Tone, clip, wrap};

    #[test]
    fn text_is_wrapped_between_words() {
        for (text, width, expected) in [
            ("one two three", 7, &["one two", "three"][..]),
            ("one two three", 8, &["one two", "three"]),
            ("one two three", 13, &["one two three"]),
            ("unbreakable it is", 5, &["unbr…", "it is"]),
            ("", 5, &[""]),
        ] {
            assert_eq!(wrap(text, width), expected, "{text:?} in {width}");
        }
    }

    #[test]
    fn text_is_clipped_by_characters_and_painted_only_where_colours_are_seen() {
        for (text, width, expected) in [("four", 4, "four"), ("fünf!", 4, "fün…"), ("a\tb\nc", 9, "a b c"), ("x", 0, "…")] {
            assert_eq!(clip(text, width), expected);
        }
        assert_eq!(Paint { colours: false }.paint(Tone::Bad, "x"), "x");
        assert_eq!(Paint { colours: true }.paint(Tone::Bad, "x"), "\x1b[31mx\x1b[0m");
    }
}
