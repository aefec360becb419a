//! A line of a terminal's output as plain text.

use std::borrow::Cow;

/// The line without escape sequences and control characters (tabs stay). What a carriage return overwrote is gone, as on a terminal:
/// a progress bar is its last state.
pub fn plain(line: &str) -> Cow<'_, str> {
    // Most lines are plain ASCII, which is seen faster byte by byte, and without looking whether it is seen already.
    let is_ascii = line.bytes().fold(true, |is, byte| is & ((b' '..0x7F).contains(&byte) || byte == b'\t'));
    if is_ascii || !line.chars().any(is_unwanted) {
        return Cow::Borrowed(line);
    }
    let last = line.rsplit('\r').map(strip).find(|part| !part.trim().is_empty());
    Cow::Owned(last.unwrap_or_default())
}

/// Control characters, and the two that SQS refuses in a message.
fn is_unwanted(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

fn strip(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1B}' => match chars.next() {
                Some('[') => skip_parameters(&mut chars),
                // Titles and links: up to BEL, or ESC and a backslash.
                Some(']' | 'P' | 'X' | '^' | '_') => {
                    while let Some(c) = chars.next() {
                        if c == '\u{7}' || (c == '\u{1B}' && chars.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                }
                // Character sets and the like: intermediate bytes, then one more.
                Some(' '..='/') => {
                    while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
                    chars.next();
                }
                _ => {}
            },
            '\u{9B}' => skip_parameters(&mut chars),
            c if is_unwanted(c) => {}
            c => plain.push(c),
        }
    }
    plain
}

/// The rest of a control sequence: parameters, then one letter.
fn skip_parameters(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
    chars.next_if(|c| ('@'..='~').contains(c));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_controls_and_overwritten_text_are_gone() {
        for (line, expected) in [
            ("as it is: ü\tx", "as it is: ü\tx"),
            ("\u{1b}[1;31merror\u{1b}[0m: x", "error: x"),
            ("\u{9b}31mx\u{1b}(By\u{1b}7z", "xyz"),
            ("\u{1b}]0;title\u{7}a\u{1b}]8;;https://x\u{1b}\\b", "ab"),
            ("AKIA\u{1b}[0mX", "AKIAX"),
            ("10 %\r50 %\r100 %", "100 %"),
            ("10 %\r100 %\r", "100 %"),
            ("100 %\r\u{1b}[K", "100 %"),
            ("windows\r", "windows"),
            ("a\0b\u{8}c\u{7f}\u{fffe}", "abc"),
            ("\u{1b}[", ""),
            ("\u{1b}", ""),
            ("\u{1b}]never ends", ""),
            ("\r\r", ""),
        ] {
            assert_eq!(plain(line), expected, "{line:?}");
            assert_eq!(plain(&plain(line)), expected, "plain text stays as it is");
        }
    }
}
