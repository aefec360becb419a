//! The source of a job: a URL, a revision, and the depth of its history.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule;

/// The longest source URL, in characters.
const MAX_URL: usize = 1_024;

/// The source of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A git URL (`https://`), `s3://bucket/key.zip`, or `file:///path` where the profile allows it.
    pub url: SourceUrl,
    /// A branch, tag or commit; on GitHub also `pr/25`; on S3 the object's version. The default branch when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 255))]
    pub revision: Option<String>,
    /// How many commits to fetch; 0 for all.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub depth: u32,
    /// Whether to fetch submodules.
    #[serde(default)]
    pub submodules: bool,
}

impl Source {
    /// The commit, if the revision is a whole commit id.
    pub fn pinned_commit(&self) -> Option<&str> {
        let revision = self.revision.as_deref()?;
        let named = revision.strip_suffix('}').and_then(|text| text.rsplit_once("^{")).map_or(revision, |(_, commit)| commit);
        Some(named).filter(|commit| is_commit(commit))
    }
}

fn one() -> u32 {
    1
}

/// The URL of a source, checked: printable ASCII without user, password and query, and a path without `.` and `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("maxLength" = 1024, "pattern" = "^(https://[^/@?#\\s]+|s3://[^/@?#\\s]+|file://)/[^?#\\s]+$"))]
pub struct SourceUrl(String);

impl SourceUrl {
    /// Takes a URL as the sender wrote it. The error is the rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        rule::not_an_option(text)?;
        if text.len() > MAX_URL {
            return Err("must be at most 1,024 characters");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('\\') {
            return Err("must be a URL: printable ASCII without spaces and backslashes (a space is written %20)");
        }
        if text.contains(['?', '#']) {
            return Err("must have no query and no fragment");
        }
        let url = Self(text.to_owned());
        let (scheme, authority, path) = url.parts();
        match scheme {
            "file" if !authority.is_empty() => return Err("must be file:///path, without a host"),
            "https" | "s3" if authority.contains('@') => {
                return Err("must not contain a user or password; credentials belong to the operator's configuration");
            }
            "https" => check_host(authority)?,
            "s3" => check_bucket(authority)?,
            "file" => {}
            _ => return Err("must begin with https://, s3:// or file:///"),
        }
        match (scheme, path) {
            ("https", "") => return Err("must name a repository, like https://github.com/acme/app"),
            ("s3", "") => return Err("must name an object, like s3://bucket/key.zip"),
            _ => check_path(path)?,
        }
        Ok(url)
    }

    /// The same. The error also shows the `https://` form, if the URL names a repository in another form.
    pub fn read(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|rule| match https_form(text) {
            Some(url) => format!("{rule}: write {url}"),
            None => rule.to_owned(),
        })
    }

    /// The URL as the sender wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `https`, `s3` or `file`.
    pub fn scheme(&self) -> &str {
        self.parts().0
    }

    /// The host in lower case, with a port other than 443. The bucket for S3; empty for files.
    pub fn authority(&self) -> String {
        let (_, authority, _) = self.parts();
        let authority = authority.to_ascii_lowercase();
        authority.strip_suffix(":443").map(str::to_owned).unwrap_or(authority)
    }

    /// The part after the host, without its first slash.
    pub fn path(&self) -> &str {
        self.parts().2
    }

    fn parts(&self) -> (&str, &str, &str) {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        (scheme, authority, path)
    }
}

/// The `https://` form of a repository in another form that git takes: `git@HOST:PATH`, `ssh://`, `git://` or `http://`. A user, a password
/// or a port of SSH is left out.
fn https_form(text: &str) -> Option<SourceUrl> {
    let (host, path) = match text.split_once("://") {
        Some(("ssh" | "git" | "git+ssh" | "http", rest)) => {
            let (authority, path) = rest.split_once('/')?;
            let host = authority.rsplit('@').next()?;
            (host.split(':').next()?, path)
        }
        Some(_) => return None,
        None => {
            let (host, path) = text.split_once(':')?;
            let (user, host) = host.split_once('@')?;
            (Some(host).filter(|_| !user.is_empty())?, path.trim_start_matches('/'))
        }
    };
    SourceUrl::parse(&format!("https://{host}/{path}")).ok()
}

fn check_host(authority: &str) -> Result<(), &'static str> {
    const HOST: &str = "must name a host: letters, digits, '.' and '-', with a port at most";
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    let port_fits =
        port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0));
    if host.len() <= 253 && host.split('.').all(label) && port_fits { Ok(()) } else { Err(HOST) }
}

fn check_bucket(bucket: &str) -> Result<(), &'static str> {
    let plain = bucket.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte));
    if (3..=63).contains(&bucket.len()) && plain && !bucket.starts_with(['.', '-']) {
        return Ok(());
    }
    Err("must name a bucket: 3 to 63 lower-case letters, digits, '.' and '-'")
}

/// A path must name the same place for every server, whichever way and however often it is decoded.
fn check_path(path: &str) -> Result<(), &'static str> {
    let decoded = decoded(path)?;
    // Some servers remove a parameter from each part (`..;x`), and blanks from its end.
    let name = |part: &'_ str| part.split(';').next().is_some_and(|name| name.chars().any(|c| c != '.' && c != ' '));
    if !decoded.split('/').all(name) {
        return Err("must have a path without empty parts, '.' and '..', also before a ';'");
    }
    Ok(())
}

/// The path without its escapes. Beyond ASCII only letters may be escaped: some servers convert dots and slashes of other widths, or
/// overlong encodings of them, to the ASCII ones.
fn decoded(path: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::new();
    let mut rest = path;
    while let Some((plain, escape)) = rest.split_once('%') {
        let byte = escape.get(..2).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = byte.and_then(|hex| u8::from_str_radix(hex, 16).ok()).ok_or("must have two hexadecimal digits after each '%'")?;
        if byte.is_ascii_control() || b"./\\%".contains(&byte) {
            return Err("must not escape '.', '/', '\\', '%' or control characters");
        }
        bytes.extend_from_slice(plain.as_bytes());
        bytes.push(byte);
        rest = &escape[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    let text = String::from_utf8(bytes).ok().filter(|text| text.chars().all(|c| c.is_ascii() || c.is_alphabetic()));
    text.ok_or("must escape no characters beyond ASCII but letters in UTF-8")
}

/// A revision: the name of a branch or tag by git's rules (`git check-ref-format`), a commit, `pr/25`, a reference with the commit that it
/// must have (`refs/pull/25/head^{SHA}`), or the version of an S3 object.
pub fn check_revision(text: &str) -> Result<(), &'static str> {
    rule::not_an_option(text)?;
    if text.starts_with('+') {
        return Err("must not begin with '+', by which git takes what follows for any reference");
    }
    let text = match text.strip_suffix('}').and_then(|text| text.split_once("^{")) {
        Some((reference, commit)) if reference.starts_with("refs/") && is_commit(commit) => reference,
        _ => text,
    };
    let forbidden = |c: char| c.is_whitespace() || "~^:?*[\\".contains(c);
    if text.is_empty() || text == "@" || text.contains(forbidden) || text.contains("..") || text.contains("@{") {
        return Err("must be a branch, tag or commit: no spaces, '..', '@{', or any of ~^:?*[\\");
    }
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.rsplit_once('.').is_none_or(|(_, end)| end != "lock");
    if text.ends_with('.') || !text.split('/').all(part) {
        return Err("must be a branch, tag or commit: no part may be empty, begin with '.' or end with '.lock' or '.'");
    }
    Ok(())
}

/// Whether a text is a whole commit id, of SHA-1 or SHA-256.
pub(crate) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl fmt::Display for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SourceUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<SourceUrl> for String {
    fn from(url: SourceUrl) -> Self {
        url.0
    }
}

#[cfg(test)]
mod tests;
