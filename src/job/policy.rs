//! Which sources a profile allows, and what CodeBuild calls them.

use super::{SourceUrl, Tenant};

/// Whether one of the patterns covers the URL; `*` stands for any characters, but never leaves the host it is written in.
pub fn allows(patterns: &[String], url: &SourceUrl) -> bool {
    todo!("{patterns:?} {url}")
}

/// The tenant of a job that names none: the source's host and owner, `github.com-acme` for `https://github.com/acme/app`.
pub fn tenant(url: &SourceUrl) -> Tenant {
    todo!("{url}")
}

/// CodeBuild's name for the source's type.
pub fn source_type(url: &SourceUrl) -> &'static str {
    todo!("{url}")
}
