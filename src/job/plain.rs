//! A line of a terminal's output as plain text.

use std::{borrow::Cow, fmt::Write};

use super::step;

/// The line without escape sequences and control characters, except tabs. Text that a carriage return overwrote is removed, so a progress
/// bar shows its last state. Invisible characters and those that change how others are read are written as codes: see [`escaped`].
pub fn plain(line: &str) -> Cow<'_, str> {
    // Most lines are plain ASCII. A whole pass over the bytes is faster than one that stops at the first other byte.
    let is_ascii = line.bytes().fold(true, |is, byte| is & ((b' '..0x7F).contains(&byte) || byte == b'\t'));
    if is_ascii || !line.chars().any(|c| is_unwanted(c) || is_invisible(c)) {
        return Cow::Borrowed(line);
    }
    // The prefix is docker's own: a carriage return in a step's output does not overwrite it.
    let (prefix, output) = line.split_at(step::before_output(line));
    let last = output.rsplit('\r').map(strip).find(|part| !part.trim().is_empty());
    Cow::Owned(format!("{prefix}{}", last.unwrap_or_default()))
}

/// The text with its invisible characters written as codes, such as `<U+202E>`: those that change the direction of text, have no width,
/// break lines, or are tags. All other characters stay, also control characters.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(is_invisible) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    text.chars().for_each(|c| show(c, &mut shown));
    Cow::Owned(shown)
}

/// Appends one character; an invisible one as its code.
fn show(c: char, shown: &mut String) {
    if is_invisible(c) {
        let written = write!(shown, "<U+{:04X}>", u32::from(c));
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    } else {
        shown.push(c);
    }
}

/// Unicode's format characters (general category Cf), its separators of lines and paragraphs, fillers without a glyph, and variation
/// selectors other than those of emoji.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}' | '\u{115F}' | '\u{1160}'
            | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Control characters, and the two characters that SQS refuses in a message.
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
                // Titles and links end with BEL, or with ESC and a backslash.
                Some(']' | 'P' | 'X' | '^' | '_') => {
                    while let Some(c) = chars.next() {
                        if c == '\u{7}' || (c == '\u{1B}' && chars.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                }
                // Character sets and similar: intermediate bytes, then a final byte.
                Some(' '..='/') => {
                    while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
                    chars.next();
                }
                _ => {}
            },
            '\u{9B}' => skip_parameters(&mut chars),
            c if is_unwanted(c) => {}
            c => show(c, &mut plain),
        }
    }
    plain
}

/// Skips the rest of a control sequence: parameters, then one letter.
fn skip_parameters(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
    chars.next_if(|c| ('@'..='~').contains(c));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_control_characters_and_overwritten_text_are_removed() {
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
            ("#12 0.345 10 %\r#12 0.9 50 %\rerror: x", "#12 0.345 error: x"),
            ("#12 0.345 \r", "#12 0.345 "),
            ("0.345 10 %\rerror: x", "0.345 error: x"),
            ("a\0b\u{8}c\u{7f}\u{fffe}", "abc"),
            ("\u{1b}[", ""),
            ("\u{1b}", ""),
            ("\u{1b}]never ends", ""),
            ("\r\r", ""),
            // Right-to-left text, zero width, separators of lines, tags, the byte-order mark.
            ("a\u{202e}b\u{2066}c", "a<U+202E>b<U+2066>c"),
            ("AKIA\u{200b}X\u{2028}y\u{e0041}\u{feff}", "AKIA<U+200B>X<U+2028>y<U+E0041><U+FEFF>"),
            ("\u{1f469}\u{200d}\u{1f4bb} ✔\u{fe0f}", "\u{1f469}<U+200D>\u{1f4bb} ✔\u{fe0f}"),
        ] {
            assert_eq!(plain(line), expected, "{line:?}");
            assert_eq!(plain(&plain(line)), expected, "plain text stays as it is");
        }
    }
}
