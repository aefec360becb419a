//! A text whose escapes are undone: `\ `, `\x20`, `\u0020`, `\040` of shells and languages, `&#32;`, `&#x20;`, `&amp;` of markup.

use std::ops::Range;

use aho_corasick::AhoCorasick;

/// Names of markup for characters.
const ENTITIES: [(&str, char); 6] = [("amp;", '&'), ("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("apos;", '\''), ("nbsp;", ' ')];

/// The text, and where each byte of it stood.
#[derive(Debug)]
pub(super) struct Unescaped {
    text: String,
    /// One more than the text has bytes.
    from: Vec<usize>,
}

impl Unescaped {
    /// Nothing, if nothing is escaped.
    pub(super) fn new(text: &str) -> Option<Self> {
        memchr::memchr2(b'\\', b'&', text.as_bytes())?;
        let mut plain = Self { text: String::with_capacity(text.len()), from: Vec::with_capacity(text.len() + 1) };
        let mut at = 0;
        while let Some(next) = text[at..].chars().next() {
            let (found, length) = escaped(&text[at..]).unwrap_or((next, next.len_utf8()));
            plain.text.push(found);
            plain.from.resize(plain.text.len(), at);
            at += length;
        }
        plain.from.push(at);
        Some(plain)
    }

    /// Where values lie, in the text as it was.
    pub(super) fn places(self, finder: &AhoCorasick) -> Vec<Range<usize>> {
        finder.find_iter(&self.text).map(|found| self.from[found.start()]..self.from[found.end()]).collect()
    }
}

/// The character that a text begins with in an escaped form, and how many bytes that has.
fn escaped(text: &str) -> Option<(char, usize)> {
    if let Some(rest) = text.strip_prefix('&') {
        let named = ENTITIES.iter().find(|(name, _)| rest.starts_with(name)).map(|(name, c)| (*c, 1 + name.len()));
        return named.or_else(|| {
            let number = rest.strip_prefix('#')?.split_once(';')?.0;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            Some((char::from_u32(code.ok()?)?, number.len() + 3))
        });
    }
    let rest = text.strip_prefix('\\')?;
    let code = |from: usize, length: usize, radix: u32| {
        let code = rest.get(from..from + length).and_then(|digits| u32::from_str_radix(digits, radix).ok()).and_then(char::from_u32)?;
        Some((code, 1 + from + length))
    };
    match rest.chars().next()? {
        'x' => code(1, 2, 16),
        'u' => code(1, 4, 16),
        '0'..='3' => code(0, 3, 8),
        c if c == ' ' || c.is_ascii_punctuation() => Some((c, 2)),
        _ => None,
    }
}
