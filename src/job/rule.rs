//! Rules that several fields share. The error is the broken rule, in words for the sender.

/// A rule for a text.
pub type Rule = fn(&str) -> Result<(), &'static str>;

/// Free text on one line, without control characters such as line breaks and escape sequences.
pub fn one_line(text: &str) -> Result<(), &'static str> {
    if text.chars().any(char::is_control) {
        return Err("must not contain control characters such as line breaks");
    }
    Ok(())
}

/// Free text on several lines, without control characters other than line breaks and tabs.
pub fn some_lines(text: &str) -> Result<(), &'static str> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err("must not contain control characters but line breaks and tabs");
    }
    Ok(())
}

/// Free text on one line that is not empty.
pub fn some_line(text: &str) -> Result<(), &'static str> {
    if text.is_empty() { Err("must not be empty") } else { one_line(text) }
}

/// Whether a text is a valid label name.
pub fn is_label(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte))
}

/// A word that is passed to programs. They must not take it for an option.
pub fn not_an_option(text: &str) -> Result<(), &'static str> {
    one_line(text)?;
    if text.starts_with('-') {
        return Err("must not begin with '-', which programs take for an option");
    }
    Ok(())
}

/// A relative path that stays inside the checkout.
pub fn inside_checkout(path: &str) -> Result<(), &'static str> {
    not_an_option(path)?;
    if path.is_empty() {
        return Err("must not be empty; the checkout itself is '.'");
    }
    if path.starts_with('/') || path.contains('\\') || path.starts_with('~') {
        return Err("must be a relative path with '/' between its parts");
    }
    if path.split('/').any(|part| part == "..") {
        return Err("must stay inside the checkout: no part may be '..'");
    }
    // Docker would fetch these from other places.
    if path.contains("://") || path.starts_with("git@") || path.starts_with("github.com/") {
        return Err("must be a path in the checkout, not a remote address");
    }
    Ok(())
}

/// The name of an environment variable or build argument.
pub fn identifier(name: &str) -> Result<(), &'static str> {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if first && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(());
    }
    Err("must be a letter or '_', then letters, digits and '_'")
}

/// Whether a text begins with an ASCII letter, a digit or `also`, and continues with letters, digits, `.`, `_` and `-`; at most 128 bytes.
pub fn is_tag_like(text: &str, also: u8) -> bool {
    let begins = |byte: u8| byte.is_ascii_alphanumeric() || byte == also;
    text.len() <= 128
        && text.bytes().next().is_some_and(begins)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_checkout() {
        for good in [
            ".",
            "./a",
            "services/api",
            "a b/Dockerfile",
            "..hidden",
            "a/..b",
            "node_modules/@acme/x",
            "$(id);`x`",
            "Dockerfile.prod",
            "a//b/",
        ] {
            assert_eq!(inside_checkout(good), Ok(()), "{good}");
        }
        for (bad, rule) in [
            ("", "empty"),
            ("/etc/passwd", "relative"),
            ("~/x", "relative"),
            ("a\\..\\b", "relative"),
            ("..", "'..'"),
            ("../x", "'..'"),
            ("a/../../x", "'..'"),
            ("a/..", "'..'"),
            ("--file=/etc/passwd", "option"),
            ("-", "option"),
            ("a\nb", "control"),
            ("a\0b", "control"),
            ("\u{1b}[2J", "control"),
            ("https://evil.example/context.tar", "remote"),
            ("git@github.com:acme/app", "remote"),
            ("github.com/acme/app", "remote"),
        ] {
            assert!(inside_checkout(bad).is_err_and(|text| text.contains(rule)), "{bad:?}: {:?}", inside_checkout(bad));
        }
    }

    #[test]
    fn identifiers_obey_the_rules_of_shells() {
        for good in ["A", "_x9", "RUST_VERSION"] {
            assert_eq!(identifier(good), Ok(()), "{good}");
        }
        for bad in ["", "9A", "A-B", "A=B", "A B", "--build-arg", "Ä", "A\n"] {
            assert!(identifier(bad).is_err(), "{bad:?}");
        }
    }
}
