//! Projects and builds, and CodeBuild's rules for them.

pub(crate) mod build;
pub(super) mod merge;
pub mod phase;
pub(super) mod project;
pub(super) mod token;
pub(super) mod transcript;
