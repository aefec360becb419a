//! Texts of jobs in pages: never as markup, and with all characters visible.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, Render, html};

use crate::job::{
    plain::{escaped, plain},
    standing::JobStanding,
};

/// A name, isolated from the direction of the text around it. Control characters and invisible ones are shown as boxes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a>(pub(super) &'a str);

impl Render for Name<'_> {
    fn render(&self) -> Markup {
        html! { bdi { (boxed(self.0)) } }
    }
}

/// A text. Control characters and invisible ones are shown as boxes.
pub(super) fn boxed(text: &str) -> Markup {
    let spelled = spelled(text);
    let mut rest = spelled.as_str();
    html! {
        @while let Some((before, code, after)) = next_box(rest) {
            (before) span.cp { (code) }
            ({ rest = after; PreEscaped("") })
        }
        (rest)
    }
}

/// A line of a log: without escape sequences, and with its invisible characters as boxes.
pub(super) fn line(text: &str) -> Markup {
    boxed(&plain(text))
}

/// Text with its control characters and invisible ones written out, such as `<U+202E>`; for attributes and titles.
pub(super) fn spelled(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    for c in escaped(text).chars() {
        if c.is_control() && !matches!(c, '\t' | '\n') {
            // Writing to a string cannot fail.
            write!(spelled, "<U+{:04X}>", u32::from(c)).unwrap_or_default();
        } else {
            spelled.push(c);
        }
    }
    spelled
}

/// The text before the first written-out character, its code, and the text after it.
fn next_box(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("<U+") {
        let start = from + found;
        let code = &text[start + 1..];
        let digits = code[2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        if (4..=6).contains(&digits) && code[2 + digits..].starts_with('>') {
            return Some((&text[..start], &code[..2 + digits], &code[2 + digits + 1..]));
        }
        from = start + 3;
    }
    None
}

/// A repository in a row: without its host, and only the last two parts of a path.
pub(super) fn repository(job: &JobStanding) -> &str {
    let url = job.job.source.as_ref().map_or("", |source| source.url.as_str());
    let whole = job.repository.trim_matches('/');
    let short = if url.starts_with("https://") {
        whole.split_once('/').map_or(whole, |(_host, path)| path)
    } else if url.starts_with("file://") {
        whole.rmatch_indices('/').nth(1).map_or(whole, |(at, _)| &whole[at + 1..])
    } else {
        whole
    };
    if short.is_empty() { "no name" } else { short }
}

/// An address for a link: only `https:`.
pub(super) fn https(url: &str) -> Option<&str> {
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    Some(url).filter(|url| is_plain && url.len() > 8 && url.starts_with("https://"))
}

/// A value as a part of an address: everything but letters, digits and `-._~` is written as its bytes.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// The text with its first letter in upper case, if that is ASCII.
pub(super) fn capital(word: &str) -> String {
    let mut word = word.to_owned();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    word
}

/// `1 job`, `2 jobs`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", number(count))
}

/// `1,000`
pub(super) fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text_and_nothing_in_it_is_invisible() {
        for (text, expected) in [
            ("acme/app", "<bdi>acme/app</bdi>"),
            ("<script>alert(1)</script>", "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"),
            ("a\u{202e}b\0c", "<bdi>a<span class=\"cp\">U+202E</span>b<span class=\"cp\">U+0000</span>c</bdi>"),
            // As events write it, and what only looks like it.
            ("a<U+200B>b<U+X><U+12", "<bdi>a<span class=\"cp\">U+200B</span>b&lt;U+X&gt;&lt;U+12</bdi>"),
        ] {
            assert_eq!(Name(text).render().0, expected, "{text:?}");
        }
        assert_eq!(spelled("\u{1b}[31m\"\u{feff}"), "<U+001B>[31m\"<U+FEFF>");
        assert_eq!(encoded("a b/ü&\"<"), "a%20b%2F%C3%BC%26%22%3C");
    }

    #[test]
    fn only_https_becomes_a_link() {
        assert!(https("https://github.com/acme/app").is_some());
        for url in
            ["javascript:alert(1)", "http://a.example", "https://", "https://a.example/\u{202e}", " https://a.example", "file:///etc"]
        {
            assert_eq!(https(url), None, "{url:?}");
        }
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!((counted(1, "job"), counted(12_345, "job")), ("1 job".to_owned(), "12,345 jobs".to_owned()));
        assert_eq!(number(1_000_000), "1,000,000");
    }
}
