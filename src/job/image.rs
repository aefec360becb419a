//! An image that a job asks for, and the rules for its parts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule;

/// An image to build and push. It has the same shape in `SLIPWAY_IMAGES`, with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The repository path under the profile's registry, such as `team/app`.
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[a-z0-9]+([._/-]+[a-z0-9]+)*$"))]
    pub name: String,
    /// The tags of the image.
    #[serde(default = "latest")]
    #[schemars(length(min = 1, max = 20), inner(regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")))]
    pub tags: Vec<String>,
    /// The build context: a folder, relative to the checkout and inside it.
    #[serde(default = "checkout")]
    #[schemars(length(min = 1, max = 1024))]
    pub context: String,
    /// The Dockerfile, relative to the checkout and inside it. Left out: `Dockerfile` in the context.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(min = 1, max = 1024))]
    pub dockerfile: String,
    /// The stage to build; the last one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"))]
    pub target: Option<String>,
    /// Values for the Dockerfile's `ARG`s. `BUILDKIT_*` and Docker's proxy arguments are refused.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 64))]
    pub build_args: BTreeMap<String, String>,
    /// Names of variables in the job's `env`. The build gets each as the BuildKit secret of that id: `RUN
    /// --mount=type=secret,id=NPM_TOKEN`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 256)))]
    pub secrets: Vec<String>,
    /// The platform that the image is for; the build machine's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Platform")]
    pub platform: Option<Platform>,
    /// Whether the Dockerfile's commands may use the build's role.
    #[serde(default)]
    pub aws_credentials: AwsCredentials,
}

fn latest() -> Vec<String> {
    vec!["latest".into()]
}

fn checkout() -> String {
    ".".into()
}

/// The platform of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Platform {
    /// x86-64
    #[serde(rename = "linux/amd64")]
    Amd64,
    /// Graviton and other 64-bit ARM
    #[serde(rename = "linux/arm64")]
    Arm64,
}

impl Platform {
    /// As Docker writes it: `linux/amd64`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amd64 => "linux/amd64",
            Self::Arm64 => "linux/arm64",
        }
    }
}

/// How the commands of a Dockerfile get the credentials of the build's role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AwsCredentials {
    /// Not at all.
    #[default]
    None,
    /// As short-lived keys in BuildKit secrets. They are not stored in the image.
    Secret,
    /// As the address of the credentials endpoint in build arguments. It works with any Dockerfile, and stays in the image's history.
    BuildArg,
}

/// Docker's default for the Dockerfile of an image.
pub fn dockerfile_in(context: &str) -> String {
    match context.trim_end_matches('/') {
        "." => "Dockerfile".into(),
        context => format!("{context}/Dockerfile"),
    }
}

/// The name of a build argument. Refused are those that replace the Dockerfile's frontend, and those that Docker sets for every command.
pub fn check_build_arg(name: &str) -> Result<(), &'static str> {
    /// In upper case. BuildKit ignores their case.
    const PREDEFINED: [&str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];
    rule::identifier(name)?;
    let upper = name.to_ascii_uppercase();
    if upper.starts_with("BUILDKIT_") || PREDEFINED.contains(&upper.as_str()) {
        return Err("must not be BUILDKIT_*, nor one of Docker's proxy arguments, which every command of the Dockerfile would get");
    }
    Ok(())
}

/// A repository path by the rules of registries.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separator = |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    let part = |part: &str| part.starts_with(alphanumeric) && part.ends_with(alphanumeric) && part.split(alphanumeric).all(separator);
    if name.len() <= 255 && name.split('/').all(part) {
        return Ok(());
    }
    Err("must be a repository path such as team/app: at most 255 lower-case letters and digits, \
         with '.', '_', '__' or dashes between them and '/' between its parts")
}

/// A tag by the rules of registries.
pub fn check_tag(tag: &str) -> Result<(), &'static str> {
    if rule::is_tag_like(tag, b'_') {
        return Ok(());
    }
    Err("must be a letter, digit or '_', then up to 127 letters, digits, '_', '.' and '-'")
}

/// The name of a stage in a Dockerfile.
pub fn check_target(target: &str) -> Result<(), &'static str> {
    if rule::is_tag_like(target, b'0') {
        return Ok(());
    }
    Err("must be the name of a stage: a letter or digit, then up to 127 letters, digits, '_', '.' and '-'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_names_obey_the_rules_of_registries() {
        for good in ["app", "team/app", "a.b_c__d--e/f9", "0"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        let long = "x".repeat(256);
        for bad in [
            "", "App", "/app", "app/", "a//b", "-a", "a-", "a..b", "a___b", "a._b", "a:latest", "a@b", "../x", "a b", "a\n", "$(id)", &long,
        ] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn build_arguments_that_change_buildkit_are_refused() {
        for good in ["RUST_VERSION", "PROXY", "MY_HTTP_PROXY", "BUILDKIT", "SOURCE_DATE_EPOCH"] {
            assert_eq!(check_build_arg(good), Ok(()), "{good}");
        }
        for bad in [
            "BUILDKIT_SYNTAX",
            "buildkit_syntax",
            "BUILDKIT_INLINE_CACHE",
            "HTTP_PROXY",
            "https_proxy",
            "Ftp_Proxy",
            "no_proxy",
            "ALL_PROXY",
            "A-B",
        ] {
            assert!(check_build_arg(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tags_and_targets_are_single_words() {
        let long = "x".repeat(129);
        for (text, tag, target) in [
            ("latest", true, true),
            ("1.4.2", true, true),
            ("_x", true, false),
            ("", false, false),
            ("-rm", false, false),
            (".x", false, false),
            ("a b", false, false),
            ("a:b", false, false),
            ("a\nb", false, false),
            ("$(id)", false, false),
            (&long, false, false),
        ] {
            assert_eq!((check_tag(text).is_ok(), check_target(text).is_ok()), (tag, target), "{text:?}");
        }
    }
}
