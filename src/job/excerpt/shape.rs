//! What lines have in common: the same program's routine has few shapes, what goes wrong has its own.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Counters; two shapes that share one look a little more common than they are.
const COUNTERS: usize = 1024;

/// How often each shape has been seen.
#[derive(Debug)]
pub(super) struct Shapes {
    counts: Box<[u16]>,
}

impl Default for Shapes {
    fn default() -> Self {
        Self { counts: vec![0; COUNTERS].into_boxed_slice() }
    }
}

impl Shapes {
    pub(super) fn note(&mut self, shape: u64) {
        if let Some(count) = self.counts.get_mut(place(shape)) {
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn count(&self, shape: u64) -> u16 {
        self.counts.get(place(shape)).copied().unwrap_or_default()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a remainder below the number of counters")]
fn place(shape: u64) -> usize {
    (shape % COUNTERS as u64) as usize
}

/// The shape of a line: its first word without numbers, and of what kind the two next ones are.
pub(super) fn shape(text: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut take = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut words = text.split_ascii_whitespace();
    match words.next() {
        Some(word) if !is_name(word) => word.bytes().filter(|byte| !byte.is_ascii_digit()).for_each(&mut take),
        Some(word) => [b'#', word.bytes().next_back().filter(u8::is_ascii_punctuation).unwrap_or(b'#')].into_iter().for_each(&mut take),
        None => {}
    }
    for word in words.take(2) {
        take(match word.bytes().next() {
            Some(_) if is_name(word) => b'#',
            Some(first) if first.is_ascii_alphabetic() => b'a',
            Some(first) => first,
            None => b' ',
        });
    }
    hash
}

/// Numbers, versions, paths.
fn is_name(word: &str) -> bool {
    word.len() > 24 || word.bytes().any(|byte| matches!(byte, b'0'..=b'9' | b'/' | b'.' | b'@' | b'\\'))
}

/// The same for signs that differ in names and numbers only: their first words.
pub(super) fn family(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    for word in text.split_ascii_whitespace().take(3) {
        if is_name(word) || word.starts_with(['\'', '"', '`']) { '#'.hash(&mut hasher) } else { word.hash(&mut hasher) }
    }
    hasher.finish()
}

/// The same for lines that differ in numbers only.
pub(super) fn kind(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.trim().bytes().filter(|byte| !byte.is_ascii_digit()).for_each(|byte| byte.hash(&mut hasher));
    hasher.finish()
}
