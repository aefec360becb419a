//! The user part of a URL: a name and a password, or a token alone.

use std::ops::Range;

use memchr::{memchr, memmem, memrchr};

use super::MARK;

const SCHEME_END: &str = "://";

/// Tells of each place where a secret lies. However many URLs a line has, it is read a few times only.
pub(super) fn find(text: &str, mut found: impl FnMut(Range<usize>)) {
    // No URL goes on behind the end of the run that it stands in, and there the run's last `@` is known.
    let (mut run, mut last_at) = (0, None);
    let mut taken = 0;
    for scheme in memmem::find_iter(text.as_bytes(), SCHEME_END) {
        if scheme < taken || !ends_with_scheme(&text[..scheme]) {
            continue;
        }
        let start = scheme + SCHEME_END.len();
        if start >= run {
            run = end(text, start, |c| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'));
            last_at = memrchr(b'@', &text.as_bytes()[start..run]).map(|at| start + at);
        }
        let user = start..end(&text[..run], start, |c| matches!(c, '@' | '/' | ':' | '?' | '#'));
        let at = match (text[user.end..run].chars().next(), last_at) {
            (Some('@'), _) => user.end,
            (Some(':'), Some(at)) if at > user.end => at,
            _ => continue,
        };
        let host = &text[at + 1..run];
        if is_secret(&text[user.clone()], &text[user.end..at], &host[..memchr(b'/', host.as_bytes()).unwrap_or(host.len())]) {
            taken = at;
            found(user.start..at);
        }
    }
}

/// Where in a text, from a place on, such a character stands; or the text's end.
fn end(text: &str, from: usize, is_end: impl Fn(char) -> bool) -> usize {
    text[from..].find(is_end).map_or(text.len(), |at| from + at)
}

fn ends_with_scheme(head: &str) -> bool {
    let scheme = head.bytes().rev().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-'));
    scheme.into_iter().any(|byte| byte.is_ascii_alphabetic())
}

/// A bare user is a name such as `git`, a long one a token. A port before a path with an `@` in it is no password, nor is a tag before a digest.
fn is_secret(user: &str, password: &str, host: &str) -> bool {
    let Some(value) = password.strip_prefix(':') else {
        return user.len() >= 16 && !user.starts_with(['$', '{', '%', '[']) && !user.contains(MARK);
    };
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let is_port =
        digits > 0 && digits <= 5 && matches!(value.as_bytes().get(digits), None | Some(b'/' | b'?' | b'#')) && value.len() > digits;
    let is_open =
        value.is_empty() || value.starts_with(['$', '{', '<', '*', '%', '[']) && !value.starts_with("%2") || host.starts_with("sha256:");
    !is_port && !is_open && !value.contains(MARK)
}
