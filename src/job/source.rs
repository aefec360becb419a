//! What a job builds: a URL, a revision, how much history.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a job builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A git URL (`https://`), `s3://bucket/key.zip`, or `file:///path` where the profile allows it.
    pub url: SourceUrl,
    /// A branch, tag or commit, on GitHub `pr/25`, on S3 the object's version; the default branch when left out.
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

fn one() -> u32 {
    1
}

/// A source's URL, checked: printable ASCII, no user and password, no query, a path without `.` and `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct SourceUrl(
    #[schemars(length(max = 1024), regex(pattern = r"^(https://[^/@?#\s]+|s3://[^/@?#\s]+|file://)/[^?#\s]+$"))]
    String,
);

impl SourceUrl {
    /// Takes a URL as the sender wrote it; the error is the rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        todo!("{text}")
    }

    /// The URL as the sender wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
