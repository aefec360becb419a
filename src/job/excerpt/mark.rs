//! How likely a sign is the one that a person looks for.

use super::sign::Sign;

/// How often and where a sign was said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// Signs that differ from it in names and numbers only, itself included.
    pub(super) count: usize,
    /// How often the same was said again later.
    pub(super) again: usize,
    /// Lines that its program printed after it.
    pub(super) from_end: usize,
}

/// The mark depends on the sign's form. It is lower for one of many of its family, since passing tests print such lines; higher for what a
/// summary repeats; and higher near the end of the log, since the program went on after earlier errors.
pub(super) fn mark(sign: Sign, seen: Seen) -> i32 {
    let form = match sign {
        Sign::Own => 140,
        Sign::Verdict => 80,
        Sign::Clear => 60,
        Sign::Likely => 45,
        Sign::Hint => 30,
        Sign::Follows => 12,
    };
    let crowd = match (seen.count, sign) {
        (_, Sign::Own | Sign::Follows) | (1..=3, _) => 0,
        (_, Sign::Verdict) => -4,
        (4..=9, _) => -18,
        (_, _) => -30,
    };
    let near = match (seen.from_end, sign) {
        (_, Sign::Verdict | Sign::Own) => 0,
        (0..=15, _) => 10,
        (16..=60, _) => 5,
        _ => 0,
    };
    let again = if matches!(seen.again, 1..=3) { 6 } else { 0 };
    form + crowd + near + again
}
