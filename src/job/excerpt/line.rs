//! A line of a log and what it costs.

/// No line of an excerpt is longer, in bytes of a JSON string.
const LONGEST: usize = 2_000;

/// A line, at most a quarter of the budget long.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Its place in the log, from 0.
    pub(super) at: usize,
    /// How many places before it are stretches that were not read.
    pub(super) unread: usize,
    pub(super) text: String,
    /// Its bytes in a JSON string, its line break included.
    pub(super) cost: usize,
    /// Whether its middle is left out.
    pub(super) cut: bool,
}

impl Line {
    pub(super) fn new(at: usize, unread: usize, text: &str, budget: usize) -> Self {
        let max = LONGEST.min(budget / 4);
        let bytes = json_bytes(text);
        let cut = bytes > max;
        let (text, bytes) = if cut {
            let text = shorten(text, max);
            let bytes = json_bytes(&text);
            (text, bytes)
        } else {
            (text.to_owned(), bytes)
        };
        Self { at, unread, cost: bytes + 2, text, cut }
    }
}

/// The bytes of a text in a JSON string, without quotes.
pub(super) fn json_bytes(text: &str) -> usize {
    // Of a character of several bytes each counts as one. Most lines have nothing to escape, which is seen faster without counting.
    let is_plain = text.bytes().fold(true, |is, byte| is & !matches!(byte, 0..b' ' | b'"' | b'\\'));
    if is_plain { text.len() } else { text.bytes().map(json_byte).sum() }
}

fn json_byte(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x8 | 0xC => 2,
        byte if byte < b' ' => 6,
        _ => 1,
    }
}

/// The beginning and the end of a long line, with a note of what is missing between them.
fn shorten(text: &str, max: usize) -> String {
    let left_out = |count: usize| format!(" … {count} characters left out … ");
    let chars = text.chars().count();
    let room = max.saturating_sub(json_bytes(&left_out(chars)));
    let head = fitting(text.chars(), room / 3 * 2);
    let tail = fitting(text.chars().rev(), room - room / 3 * 2);
    let begin: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(chars - tail).collect();
    format!("{begin}{}{end}", left_out(chars - head - tail))
}

/// How many characters fit.
fn fitting(chars: impl Iterator<Item = char>, room: usize) -> usize {
    let mut bytes = 0;
    chars
        .take_while(|&c| {
            bytes += json_bytes(c.encode_utf8(&mut [0; 4]));
            bytes <= room
        })
        .count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_line_says_what_it_leaves_out() {
        let line = Line::new(0, 0, &"x".repeat(10_000), 400);
        assert!(
            line.text.starts_with("xxx") && line.text.ends_with("xxx") && line.text.contains(" … 9935 characters left out … "),
            "{}",
            line.text
        );
        assert!(line.cut && line.cost <= 102, "{}", line.cost);
    }

    proptest! {
        #[test]
        fn the_cost_is_what_json_takes(text in "(\\PC|[\"\\\\\t\n\r\x00-\x1f]){0,40}") {
            prop_assert_eq!(json_bytes(&text) + 2, serde_json::to_string(&text).unwrap_or_default().len());
        }
    }
}
