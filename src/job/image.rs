//! An image that a job asks for, and the rules for its parts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An image to build and push. This is also its shape in `SLIPWAY_IMAGES`, where every default is filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The repository path under the profile's registry, such as `team/app`.
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[a-z0-9]+([._/-]+[a-z0-9]+)*$"))]
    pub name: String,
    /// The tags it gets.
    #[serde(default = "latest")]
    #[schemars(length(min = 1, max = 20), inner(regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")))]
    pub tags: Vec<String>,
    /// The folder that is sent to Docker, relative to the checkout and inside it.
    #[serde(default = "checkout")]
    #[schemars(length(min = 1, max = 1024))]
    pub context: String,
    /// The Dockerfile, relative to the checkout and inside it. Left out: `Dockerfile` in the context.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1024))]
    pub dockerfile: String,
    /// The stage to build; the last one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"))]
    pub target: Option<String>,
    /// Values for the Dockerfile's `ARG`s.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 64))]
    pub build_args: BTreeMap<String, String>,
    /// What it runs on; the build machine's own platform when left out.
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

/// What an image runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Platform {
    /// x86-64
    #[serde(rename = "linux/amd64")]
    Amd64,
    /// Graviton and other 64-bit ARM
    #[serde(rename = "linux/arm64")]
    Arm64,
}

/// How the commands of a Dockerfile get at the build's role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AwsCredentials {
    /// Not at all.
    #[default]
    None,
    /// Short-lived keys as BuildKit secrets; nothing stays in the image.
    Secret,
    /// The credentials endpoint as build arguments; works with any Dockerfile, stays in the image's history.
    BuildArg,
}
