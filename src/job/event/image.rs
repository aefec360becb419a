//! The images a build says it has pushed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::build::Build;

/// The exported variable in which a build lists what it has pushed.
pub const RESULT_VARIABLE: &str = "SLIPWAY_RESULT";

/// An image that was pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageResult {
    /// Registry, repository and tag.
    pub reference: String,
    /// `sha256:…`, if the build knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub digest: Option<String>,
}

/// What a build says it has pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageResults {
    pub images: Vec<ImageResult>,
    /// It says something that cannot be read.
    pub malformed: bool,
}

/// Reads a build's `SLIPWAY_RESULT`: `[{"reference": …, "digest": …}]`, or an object with that list as `images`.
pub fn image_results(build: &Build) -> ImageResults {
    todo!("{build:?}")
}
