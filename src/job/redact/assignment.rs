//! Values that are given to names that speak of secrets: `PASSWORD=x`, `"token": "x"`, `:secret => 'x'`, `--api-key x`.
//!
//! Prose, code and coordinates have the same shape (`unexpected token: expected …`, `let token = next();`, `com.acme:auth-token:jar:2.1.0`):
//! what stands around the name and how the value looks tell them apart.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    MARK, compile,
    name::{names_open_key, speaks_of_secrets},
    value::{Name, Value},
};

/// A shorter value is not worth a secret's name.
const SHORTEST: usize = 4;

/// What is said of secrets, and is none; without regard to case.
const WORDS: &str = concat!(
    "true false null none nil undefined unset empty yes no required optional missing invalid incorrect wrong expired",
    " expected unexpected unknown unauthorized forbidden denied refused rejected failed failure error errors valid changed",
    " changeme redacted hidden masked default disabled enabled basic bearer digest oauth oauth2 token tokens password",
    " secret passed skipped string str string? bytes bool boolean integer int number object array any char varchar text",
    " found not set success succeeded self this option with from that again here first both given also then there used more",
    " than like such each next command environment credentials account username when which value values argument flag",
    " instead parameter via using into does must should could cannot will have been were without before after already only",
    " file name your please provided supplied anonymous import internal external public private static final const",
    " inherit inherited generated managed ephemeral rotated revoked verified protected encrypted sensitive plaintext opaque",
    " manual automatic always never keychain prompt stdin environment global project workspace repository write read admin",
    " created updated deleted unchanged configured pending active inactive present absent available unavailable deprecated",
);

/// How values begin that stand for others, or lead to them.
const BEGINS: &str = concat!(
    "... xxxx XXXX arn: http:// https:// env. process.env os.environ /run/ /var/ /tmp/ /etc/ /root/",
    " /home/ /codebuild/ ./ ../ ~/ \\$ file: ssm: vault: secretsmanager: id= type= src= env= sha1: sha256: sha512:",
    " @ --",
);

/// Before what a value becomes.
const ARROWS: [&str; 2] = [" -> ", " → "];

/// Keywords of languages before a name that is declared.
static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?:^|[\s(|])(?:let(?: mut)?|const|var|val|def|fn|func|pub|public|private|protected|final|static|auto|readonly|string|String|char|type|struct|self\.|this\.)\s*\*?$",
    )
});

/// `--password x`, `-storepass x`, `["--token", "x"]`.
static OPTION: LazyLock<Regex> = LazyLock::new(|| {
    compile(r#"(?:^|[\s"'\[(,])--?(?P<name>[A-Za-z][A-Za-z0-9_-]*)(?:\\?["'],?)?\s+\\?["']?(?P<secret>[^\s"'\\-][^\s"'\\]{2,})"#)
});

/// Before an option that is spoken of, not given.
static PROSE: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?i)\b(?:the|a|use|using|with|without|via|or|and|to|pass|passing|set|specify|provide|option|flag|argument|give|try|by|of|for|in)\s+[`'(]?-*$",
    )
});

/// Tells of each place where a secret lies, and by which rule.
pub(super) fn find(text: &str, mut found: impl FnMut(Range<usize>, &'static str)) {
    let arrow = arrow(text);
    let (mut taken, mut run) = (0, 0);
    let mut is_changed = false;
    for at in memchr::memchr2_iter(b'=', b':', text.as_bytes()) {
        // What stands within a value is taken out with it.
        if let Some(value) = if at < taken { None } else { assigned(text, at, &mut run) } {
            taken = value.end;
            found(value, "assignment");
        }
        is_changed |= arrow.is_some_and(|arrow| at < arrow && !is_changed && names_secret(text, at));
    }
    let written = arrow.filter(|_| is_changed).and_then(|arrow| Value::at(text, arrow));
    if let Some(value) = written.filter(|value| value.quoted && !is_open(value.text)) {
        found(value.range, "assignment");
    }
    if memchr::memchr(b'-', text.as_bytes()).is_some() {
        for groups in OPTION.captures_iter(text) {
            let (Some(name), Some(secret)) = (groups.name("name"), groups.name("secret")) else { continue };
            let value = secret.as_str().trim_end_matches([',', ')', ']', ';']);
            let is_prose = PROSE.is_match(&text[..name.start()]) && value.bytes().all(|byte| byte.is_ascii_lowercase());
            if speaks_of_secrets(name.as_str())
                && !secret.as_str().starts_with(MARK)
                && !value.starts_with('-')
                && !is_open(value)
                && !is_prose
            {
                found(secret.start()..secret.start() + value.len(), "command-line-option");
            }
        }
    }
}

/// The sign between a name and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// `=`, `:=`, `=>`
    Equals,
    Colon,
}

/// The value, if the sign at this place gives one to a name that speaks of secrets. `run`: see [`Value::within`].
fn assigned(text: &str, at: usize, run: &mut usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let (before, next) = (at.checked_sub(1).and_then(|at| bytes.get(at)).copied(), bytes.get(at + 1).copied());
    let (sign, from) = match (bytes[at], before, next) {
        (b'=', Some(b'=' | b'!' | b'<' | b'>' | b':' | b'~' | b'+' | b'|'), _)
        | (b'=', _, Some(b'=' | b'~'))
        | (b':', Some(b':'), _)
        | (b':', _, Some(b':' | b'/')) => return None,
        (b'=', _, Some(b'>')) | (b':', _, Some(b'=')) => (Sign::Equals, at + 2),
        (b'=', _, _) => (Sign::Equals, at + 1),
        _ => (Sign::Colon, at + 1),
    };
    let name = Name::before(text, at)?;
    if speaks_of_secrets(name.text) {
        let value = Value::within(text, from, run)?;
        return is_secret(text, sign, &name, &value).then_some(value.range);
    }
    // Any other key is one where what is given to it can be nothing else.
    let is_key = name.text.len() >= 3 && name.text.get(name.text.len() - 3..).is_some_and(|end| end.eq_ignore_ascii_case("key"));
    if !is_key || names_open_key(name.text) {
        return None;
    }
    let value = Value::within(text, from, run)?;
    (value.is_key() && !is_open(value.text)).then_some(value.range)
}

/// Where a line says what a value becomes: `password = "x" -> "y"`.
fn arrow(text: &str) -> Option<usize> {
    memchr::memchr2(b'>', "→".as_bytes()[0], text.as_bytes())?;
    ARROWS.iter().find_map(|arrow| text.find(arrow).map(|at| at + arrow.len()))
}

/// Whether before a sign stands a name that speaks of secrets.
fn names_secret(text: &str, at: usize) -> bool {
    Name::before(text, at).is_some_and(|name| speaks_of_secrets(name.text))
}

fn is_secret(text: &str, sign: Sign, name: &Name<'_>, value: &Value<'_>) -> bool {
    if is_open(value.text) || value.text.eq_ignore_ascii_case(name.text) {
        return false;
    }
    let head = &text[..name.start];
    let word = name.text.to_ascii_lowercase();
    let is_digits = value.text.bytes().all(|byte| byte.is_ascii_digit());
    if (word == "pass" || word == "pat" || word == "auth") && is_digits {
        return false;
    }
    // `--- PASS: TestX`: a test's verdict.
    if sign == Sign::Colon && name.text == "PASS" && !name.quoted {
        return false;
    }
    if value.quoted {
        // `unexpected token: "}"`
        let is_prose = sign == Sign::Colon
            && !name.quoted
            && name.text == word
            && head.ends_with(' ')
            && !head.trim().is_empty()
            && !head.trim_end().ends_with([',', '{', '-', '(']);
        return !is_prose || value.is_random();
    }
    let is_declared = DECLARED.is_match(head);
    let is_margin = head.trim_start().bytes().take_while(u8::is_ascii_digit).count() > 0 && head.contains(" | ");
    match sign {
        Sign::Equals => {
            // Code calls and selects; a value stands alone.
            let is_called = value.after.starts_with(['(', '[', '{', '<']) || value.after.starts_with("::");
            let is_path = is_identifier_path(value.text);
            let is_code = is_called
                || (is_path
                    && (value.text.contains(['.', ':'])
                        || ((name.apart || value.apart) && (is_declared || is_margin || value.after.starts_with(';')))));
            let is_version = matches!(word.as_str(), "auth" | "signature") && !value.is_random();
            !(is_code || is_version && name.apart)
        }
        Sign::Colon if name.quoted => !value.after.starts_with(['(', '{', '[']),
        Sign::Colon if value.apart => {
            let is_typed =
                is_type(value.text) || value.after.starts_with(['(', '<', '[', '{']) || is_declared || value.text.starts_with('&');
            let begins = head.trim_start_matches([' ', '\t', '-', '>', '#', '*']).is_empty();
            let is_alone = value.after.trim().is_empty() || value.after.trim_start().starts_with('#');
            let is_member = is_identifier_path(value.text) && (value.text.contains('.') || value.after.starts_with([',', ';', ')']));
            !is_typed && (value.is_random() && !is_member || (begins && is_alone && value.text.len() >= 6 && !is_member))
        }
        // Coordinates, tags, ports and places in files have no blank either.
        Sign::Colon => {
            let begins = head.is_empty() || head.ends_with([' ', '\t', '"', '\'', '{', ',', '(', '[', '&', '?', ';', '=']);
            let is_version =
                value.text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()) && (value.text.contains('.') || is_digits);
            let is_hash = value.text.bytes().all(|byte| byte.is_ascii_hexdigit()) && word == "auth";
            begins
                && !head.ends_with("arn:")
                && value.is_random()
                && !value.text.contains(':')
                && !value.after.starts_with(':')
                && !is_version
                && !is_hash
                && word != "auth"
        }
    }
}

/// Whether a value is nobody's secret: a placeholder, a variable, a path, a word.
pub(super) fn is_open(value: &str) -> bool {
    let value = value.trim_end_matches(['.', ':', '!', '?', ',']);
    value.len() < SHORTEST
        || value.starts_with(['$', '%', '<', '*', '=', '`', '{', '(', '|', '>', '…'])
        || BEGINS.split(' ').any(|begin| value.starts_with(begin))
        || WORDS.split(' ').any(|word| word.eq_ignore_ascii_case(value))
        || is_path(value)
        || value.bytes().all(|byte| byte == value.as_bytes()[0])
        || value.contains(MARK)
}

/// `/usr/local/bin`, `config/credentials.yml.enc`: of words, as no random text is.
fn is_path(value: &str) -> bool {
    let is_file = || {
        let (_, name) = value.rsplit_once('/').unwrap_or_default();
        name.split_once('.').is_some_and(|(_, end)| end.len() >= 2 && end.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.'))
    };
    value.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'0'..=b'9'))
        && if value.starts_with('/') { value.matches('/').count() > 1 } else { is_file() }
}

/// `a.b_c::d`: names in code have no digits, as a rule.
fn is_identifier_path(value: &str) -> bool {
    value.split(['.', ':']).all(|part| part.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_'))
}

/// Types as languages name them: `String`, `Option`, `AuthToken`, `i32`.
fn is_type(value: &str) -> bool {
    const ENDS: &str = concat!(
        "String Str Token Auth Config Secret Key Type Provider Credentials Credential Bytes Value Option Optional Error Any",
        " Data Password Settings Service Handler Kind Vec Buffer Field Props Params Input Schema Text Char List Map Dict",
    );
    matches!(value, "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "int32" | "int64" | "uint32" | "uint64" | "float64")
        || (value.starts_with(|c: char| c.is_ascii_uppercase())
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && ENDS.split(' ').any(|end| value.ends_with(end)))
}
