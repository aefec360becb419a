//! A pause as a tag of the jobs queue. The key says what is paused; the value says since when and why.
//!
//! | key | what is paused |
//! | --- | --- |
//! | `slipway:pause` | every job |
//! | `slipway:pause:queue` | the jobs of the queue that has the tag |
//! | `slipway:pause:tenant:NAME` | the jobs of a tenant |
//! | `slipway:pause:profile:NAME` | the jobs of a profile |
//!
//! The value is an RFC 3339 time and, after a space, the reason. In a tag that was written by hand, either or both may be missing. A
//! character that a tag cannot have is written as `=XX`, with its bytes in hexadecimal.

use std::{collections::BTreeMap, fmt, fmt::Write};

use super::{
    Tenant, rule,
    standing::{Pause, PauseScope},
};

const ALL: &str = "slipway:pause";
const QUEUE: &str = "slipway:pause:queue";
const TENANT: &str = "slipway:pause:tenant:";
const PROFILE: &str = "slipway:pause:profile:";
/// AWS's limit for a tag's value, in characters.
const VALUE: usize = 256;

/// The key of the tag for a scope. The tag for a queue is on that queue.
pub fn key(scope: &PauseScope) -> String {
    match scope {
        PauseScope::All => ALL.to_owned(),
        PauseScope::Queue(_) => QUEUE.to_owned(),
        PauseScope::Tenant(name) => format!("{TENANT}{name}"),
        PauseScope::Profile(name) => format!("{PROFILE}{name}"),
    }
}

/// The value of a pause's tag.
///
/// # Errors
/// The reason does not fit; the error is the rule.
pub fn value(pause: &Pause) -> Result<String, &'static str> {
    let reason = pause.reason.as_deref().unwrap_or_default();
    rule::one_line(reason)?;
    let parts = [pause.since.as_deref().unwrap_or_default().to_owned(), written(reason.trim())];
    let value = parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ");
    if value.chars().count() > VALUE {
        return Err(
            "must be shorter: with its time it must fit 256 characters, in which all but letters, digits, spaces and + - . _ : / @ takes three",
        );
    }
    Ok(value)
}

/// The pauses among a queue's tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// In the order of their scopes.
    pub pauses: Vec<Pause>,
    /// Keys that begin like those of pauses but are none, such as misspelt ones.
    pub strange: Vec<String>,
}

/// Reads the tags of a queue. A key without a valid tenant or profile is no pause.
pub fn read(tags: &BTreeMap<String, String>, queue: &str) -> Tags {
    let mut read = Tags::default();
    for (key, value) in tags {
        match scope(key, queue) {
            Some(scope) => read.pauses.push(pause(scope, value)),
            None if key.to_ascii_lowercase().starts_with(ALL) => read.strange.push(key.clone()),
            None => {}
        }
    }
    read.pauses.sort();
    read
}

fn scope(key: &str, queue: &str) -> Option<PauseScope> {
    // The names of profiles obey the same rule as those of tenants.
    let name = |name: &str| Tenant::parse(name).ok().map(|name| name.to_string());
    match key {
        ALL => Some(PauseScope::All),
        QUEUE => Some(PauseScope::Queue(queue.to_owned())),
        _ if let Some(tenant) = key.strip_prefix(TENANT) => name(tenant).map(PauseScope::Tenant),
        _ => name(key.strip_prefix(PROFILE)?).map(PauseScope::Profile),
    }
}

fn pause(scope: PauseScope, value: &str) -> Pause {
    let (first, rest) = value.split_once(' ').unwrap_or((value, ""));
    let since = first.parse::<jiff::Timestamp>().ok();
    let reason = if since.is_some() { rest } else { value };
    let reason = Some(as_meant(reason.trim())).filter(|reason| !reason.is_empty());
    Pause { scope, since: since.map(|time| time.to_string()), reason }
}

/// The text in the characters that tags may have.
fn written(text: &str) -> String {
    let mut written = String::new();
    for letter in text.chars() {
        if letter.is_alphanumeric() || " +-._:/@".contains(letter) {
            written.push(letter);
        } else {
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a string cannot fail.
                write!(written, "={byte:02X}").unwrap_or_default();
            }
        }
    }
    written
}

/// The text that [`written`] encoded. An `=` without two digits is kept, and control characters are removed.
fn as_meant(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| byte == b'=').and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(meant) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(meant);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).chars().filter(|letter| !letter.is_control()).collect()
}

impl fmt::Display for PauseScope {
    /// For people: `everything`, `the tenant team-a`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("everything"),
            Self::Queue(name) => write!(f, "the queue {name}"),
            Self::Tenant(name) => write!(f, "the tenant {name}"),
            Self::Profile(name) => write!(f, "the profile {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SINCE: &str = "2026-11-22T10:00:00Z";

    fn paused(scope: PauseScope, since: Option<&str>, reason: Option<&str>) -> Pause {
        Pause { scope, since: since.map(str::to_owned), reason: reason.map(str::to_owned) }
    }

    #[test]
    fn pauses_are_read_from_tags_that_were_written_by_hand() {
        let tenant = || PauseScope::Tenant("team-a".into());
        for (key, value, expected) in [
            ("slipway:pause", "", Some(paused(PauseScope::All, None, None))),
            ("slipway:pause", SINCE, Some(paused(PauseScope::All, Some(SINCE), None))),
            ("slipway:pause", "Docker Hub is down", Some(paused(PauseScope::All, None, Some("Docker Hub is down")))),
            (
                "slipway:pause:queue",
                "2026-11-22T11:00:00+01:00 until noon =2812=29 a=b",
                Some(paused(PauseScope::Queue("jobs".into()), Some(SINCE), Some("until noon (12) a=b"))),
            ),
            ("slipway:pause:tenant:team-a", "a=0Ab=FF=", Some(paused(tenant(), None, Some("ab\u{fffd}=")))),
            ("slipway:pause:profile:arm.64", "true", Some(paused(PauseScope::Profile("arm.64".into()), None, Some("true")))),
            ("slipway:pause:tenant:", "", None),
            ("slipway:pause:tenant:a b", "", None),
            ("slipway:pause:other", "", None),
            ("slipway:paused", "", None),
            ("Slipway:Pause:tenat:team-a", "", None),
            ("team", "a", None),
        ] {
            let tags = [(key.to_owned(), value.to_owned())].into();
            let is_strange = expected.is_none() && key != "team";
            let strange = is_strange.then(|| key.to_owned()).into_iter().collect();
            assert_eq!(read(&tags, "jobs"), Tags { pauses: Vec::from_iter(expected), strange }, "{key}={value}");
        }
    }

    #[test]
    fn a_reason_that_does_not_fit_a_tag_is_refused_and_not_cut() {
        let with = |reason: &str| value(&paused(PauseScope::All, Some(SINCE), Some(reason)));
        assert_eq!(with(&"x".repeat(235)).map(|value| value.len()), Ok(256));
        assert!(with(&"x".repeat(236)).is_err() && with(&"(".repeat(79)).is_err() && with("two\nlines").is_err());
        assert_eq!(with("  ").as_deref(), Ok(SINCE));
    }

    proptest! {
        #[test]
        fn a_reason_is_encoded_in_the_characters_of_tags_and_decoded_unchanged(reason in "[^\\p{Cc}]{0,60}") {
            let pause = paused(PauseScope::Tenant("team-a".into()), Some(SINCE), Some(reason.trim()).filter(|reason| !reason.is_empty()));
            if let Ok(value) = value(&pause) {
                prop_assert!(value.chars().all(|letter| letter.is_alphanumeric() || " +-=._:/@".contains(letter)), "{value}");
                prop_assert_eq!(read(&[(key(&pause.scope), value)].into(), "jobs").pauses, vec![pause]);
            }
        }
    }
}
