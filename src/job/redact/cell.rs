//! Values beside their names in a table: `| DB_PASSWORD | x |`, `DB_PASSWORD    x`.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{assignment::is_open, compile, name::speaks_of_secrets, value::is_random};

/// A shorter value is rather a count, a size or a time.
const SHORTEST: usize = 8;

static CELL: LazyLock<Regex> =
    LazyLock::new(|| compile(r"(?:^|[|│┃])\s*(?P<name>[A-Za-z_][\w.-]*)\s*[|│┃]\s*(?P<secret>[^\s|│┃]+)\s*(?:[|│┃]|$)"));
static COLUMN: LazyLock<Regex> = LazyLock::new(|| compile(r"^\s*(?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]*)(?:\s{2,}|\t)\s*(?P<secret>\S+)\s*$"));

/// Tells of each place where a secret lies.
pub(super) fn find(text: &str, mut found: impl FnMut(Range<usize>)) {
    // A bar, or what may be the first byte of one.
    let has_bar = memchr::memchr2(b'|', "│".as_bytes()[0], text.as_bytes()).is_some();
    let has_columns = || text.trim_start().starts_with(|c: char| c.is_ascii_uppercase()) && (text.contains("  ") || text.contains('\t'));
    let table = match has_bar {
        true => &CELL,
        false if has_columns() => &COLUMN,
        false => return,
    };
    for groups in table.captures_iter(text) {
        let (Some(name), Some(secret)) = (groups.name("name"), groups.name("secret")) else { continue };
        if !is_result(name.as_str()) && speaks_of_secrets(name.as_str()) && is_secret(secret.as_str()) {
            found(secret.range());
        }
    }
}

/// `PASS` is what tests do.
fn is_result(name: &str) -> bool {
    name.eq_ignore_ascii_case("pass")
}

fn is_secret(value: &str) -> bool {
    let has_letter = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_version = value.contains('.') && value.starts_with(|c: char| c.is_ascii_digit());
    value.len() >= SHORTEST && has_letter && is_random(value) && !is_version && !value.contains(['(', ':', '/', '\\']) && !is_open(value)
}
