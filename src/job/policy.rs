//! Which sources a profile allows, how they are fetched, and which tenant they imply.

use super::{SourceUrl, Tenant};
use crate::config::{Credential, Profile, SourceHost};

/// Whether a tenant may build the source under the profile.
pub fn may_build(profile: &Profile, tenant: Option<&Tenant>, url: &SourceUrl) -> bool {
    allows(sources(profile, tenant), url)
}

/// The tenant's own patterns if the operator gave it some, else the profile's.
fn sources<'a>(profile: &'a Profile, tenant: Option<&Tenant>) -> &'a [String] {
    let own = tenant.and_then(|tenant| profile.tenant_sources.get(tenant.as_str()));
    own.unwrap_or(&profile.sources)
}

/// Patterns of the paths at the source's host that a tenant may build: those that submodules may have. A final `.git` is left out.
pub fn paths_beside(profile: &Profile, tenant: &Tenant, url: &SourceUrl) -> Vec<String> {
    let at_host = |pattern: &String| {
        let (scheme, authority, path) = parts(pattern)?;
        let fits = scheme == url.scheme() && matches(authority.to_ascii_lowercase().as_bytes(), url.authority().as_bytes());
        fits.then(|| bare(path).to_owned())
    };
    sources(profile, Some(tenant)).iter().filter_map(at_host).collect()
}

/// Whether the profile allows a revision. A profile without patterns allows none that anybody can create by opening a pull request.
pub fn may_build_revision(profile: &Profile, url: Option<&SourceUrl>, revision: Option<&str>) -> bool {
    let revision = revision.unwrap_or("HEAD");
    // `refs/heads/main^{SHA}` asks for that commit, also if the branch does not contain it.
    let (name, commit) = match revision.strip_suffix('}').and_then(|revision| revision.split_once("^{")) {
        Some((name, commit)) => (name, Some(commit)),
        None => (revision, None),
    };
    let is_hosted = url.is_none_or(|url| url.scheme() == "https" && source_type(url) != "CODECOMMIT");
    match profile.revisions.as_slice() {
        [] => !(is_hosted && is_proposed(name)),
        patterns => {
            let fits = |name: &str| patterns.iter().any(|pattern| matches(pattern.as_bytes(), name.as_bytes()));
            fits(name) && commit.is_none_or(fits)
        }
    }
}

/// Whether a revision is a pull or merge request, as GitHub, GitLab and Bitbucket name them, or a reference other than a branch or tag:
/// hosts keep proposed changes under many names (`refs/changes/`, `refs/keep-around/`).
fn is_proposed(revision: &str) -> bool {
    let name = revision.to_ascii_lowercase();
    match name.strip_prefix("refs/") {
        Some(name) => !(name.starts_with("heads/") || name.starts_with("tags/")),
        None => ["pr/", "pull/", "merge-requests/", "pull-requests/"].iter().any(|prefix| name.starts_with(prefix)),
    }
}

/// Whether a tenant may use the profile at all.
pub fn may_use(profile: &Profile, tenant: &Tenant) -> bool {
    profile.tenants.is_empty() || profile.tenants.iter().any(|allowed| allowed == tenant.as_str())
}

/// Whether one of the patterns matches the URL. `*` matches any characters. One in the host does not match a part of the path, and one in
/// the path does not match a part of the host. The host's case and a final `.git` are ignored.
pub fn allows(patterns: &[String], url: &SourceUrl) -> bool {
    patterns.iter().any(|pattern| covers(pattern, url))
}

fn covers(pattern: &str, url: &SourceUrl) -> bool {
    let Some((scheme, authority, path)) = parts(pattern) else { return pattern == "*" };
    scheme == url.scheme()
        && matches(authority.to_ascii_lowercase().as_bytes(), url.authority().as_bytes())
        && (matches(path.as_bytes(), url.path().as_bytes()) || matches(bare(path).as_bytes(), bare(url.path()).as_bytes()))
}

/// Scheme, authority and path of a pattern.
fn parts(pattern: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = pattern.split_once("://")?;
    // A pattern that ends with a `*` in the host matches any path.
    let (authority, path) = rest.split_once('/').unwrap_or((rest, if rest.ends_with('*') { "*" } else { "" }));
    Some((scheme, authority, path))
}

fn bare(path: &str) -> &str {
    path.strip_suffix(".git").unwrap_or(path)
}

/// Matches a pattern with `*`. The time is at most linear in pattern times text: after a mismatch only the last `*` takes one more byte.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

/// The tenant of a job that names none: the source's host and owner, joined by a dash and in lower case, because hosts ignore case:
/// `github.com-acme` for `https://github.com/Acme/app`, `s3-bucket` and `file` for the other schemes.
pub fn tenant(url: &SourceUrl) -> Tenant {
    let authority = url.authority();
    let owner = url.path().split('/').next().unwrap_or_default().to_ascii_lowercase();
    let name = match url.scheme() {
        "s3" => format!("s3-{authority}"),
        "file" => "file".to_owned(),
        _ => format!("{authority}-{owner}"),
    };
    Tenant::fitting(&name)
}

/// How a source is fetched: CodeBuild's name of its type, and the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access<'a> {
    /// CodeBuild's source type. `NO_SOURCE`: the central buildspec clones it.
    pub source_type: &'a str,
    pub credential: &'a Credential,
}

/// How a source is fetched, by the operator's list of hosts. A host that is not listed is known by its name, or else cloned in the build.
pub fn access<'a>(hosts: &'a [SourceHost], url: &SourceUrl) -> Access<'a> {
    let authority = url.authority();
    let fits = |host: &&SourceHost| matches(host.host.as_bytes(), authority.as_bytes());
    let host = hosts.iter().find(fits).filter(|_| url.scheme() == "https");
    Access {
        source_type: host.and_then(|host| host.source_type.as_deref()).unwrap_or_else(|| source_type(url)),
        credential: host.map_or(&Credential::Project, |host| &host.credential),
    }
}

/// By the host's name. A `file` URL is for local mode: the embedded endpoint clones it like one from a git server.
fn source_type(url: &SourceUrl) -> &'static str {
    match (url.scheme(), url.authority().as_str()) {
        ("s3", _) => "S3",
        ("file", _) => "GITHUB_ENTERPRISE",
        (_, "github.com") => "GITHUB",
        (_, "gitlab.com") => "GITLAB",
        (_, "bitbucket.org") => "BITBUCKET",
        (_, host) if matches(b"git-codecommit.*.amazonaws.com", host.as_bytes()) => "CODECOMMIT",
        _ => "NO_SOURCE",
    }
}

/// The source's location for CodeBuild: `bucket/key.zip` on S3, else the URL.
pub fn source_location(url: &SourceUrl) -> String {
    match url.scheme() {
        "s3" => format!("{}/{}", url.authority(), url.path()),
        _ => url.to_string(),
    }
}

/// The source's short name, for filter policies and people: `github.com/acme/app`, `bucket/key.zip`, `srv/git/app`.
pub fn repository(url: &SourceUrl) -> String {
    let path = url.path().strip_suffix(".git").unwrap_or(url.path());
    match url.authority() {
        none if none.is_empty() => path.to_owned(),
        authority => format!("{authority}/{path}"),
    }
}

#[cfg(test)]
mod tests;
