//! The rules of sources: patterns of what is allowed, and hosts with their credentials.

use std::sync::Arc;

use super::address;
use crate::config::{Credential, SourceHost, document::Document, raw};

/// CodeBuild's source types of a host. S3 is known by its URLs.
const TYPES: [&str; 7] = ["GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET", "CODECOMMIT", "NO_SOURCE"];

/// Patterns of source URLs, at least one.
pub(super) fn patterns(document: &mut Document, path: &str, patterns: Vec<String>) -> Vec<String> {
    if patterns.is_empty() {
        document.fault(path, "must have at least one pattern, like \"https://github.com/acme/*\"");
    }
    for (index, pattern) in patterns.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if let Err(rule) = address::source(pattern) {
            document.fault(&path, rule);
        } else if patterns[..index].contains(pattern) {
            document.fault(&path, "is in the list already");
        }
    }
    patterns
}

/// How sources are fetched, by host. Entries with faults are left out; their faults are noted.
pub(super) fn hosts(document: &mut Document, raw: Vec<raw::Host>) -> Arc<[SourceHost]> {
    raw.into_iter().enumerate().filter_map(|(index, raw)| host(document, index, raw)).collect()
}

fn host(document: &mut Document, index: usize, raw: raw::Host) -> Option<SourceHost> {
    let path = |key| format!("hosts[{index}].{key}");
    let host = document.required(&path("host"), raw.host, address::source_host);
    if let Some(kind) = &raw.kind
        && !TYPES.contains(&kind.as_str())
    {
        document.fault(&path("type"), format!("must be one of {}", TYPES.join(", ")));
    }
    if raw.kind.as_deref() == Some("NO_SOURCE") && raw.connection.is_some() {
        document.fault(&path("connection"), "does not open a source that the build clones itself: use secret");
    }
    let connection = document.optional(&path("connection"), raw.connection, address::connection);
    let secret = document.optional(&path("secret"), raw.secret, address::secret);
    let credential = match (connection, secret) {
        (Some(_), Some(_)) => {
            document.fault(&path("secret"), "must not stand beside connection");
            return None;
        }
        (Some(arn), None) => Credential::Connection(arn),
        (None, Some(id)) => Credential::Secret(id),
        (None, None) => Credential::Project,
    };
    Some(SourceHost { host: host?, source_type: raw.kind, credential })
}
