//! Which sources a profile allows, how they are fetched, and whose they are.

use super::{SourceUrl, Tenant};
use crate::config::{Credential, Profile, SourceHost};

/// Whether a tenant may build the source under the profile.
pub fn may_build(profile: &Profile, tenant: Option<&Tenant>, url: &SourceUrl) -> bool {
    allows(sources(profile, tenant), url)
}

/// The tenant's own patterns where the operator gave it some, else the profile's.
fn sources<'a>(profile: &'a Profile, tenant: Option<&Tenant>) -> &'a [String] {
    let own = tenant.and_then(|tenant| profile.tenant_sources.get(tenant.as_str()));
    own.unwrap_or(&profile.sources)
}

/// Patterns of the paths that a tenant may build at the source's own host: what its submodules may be. An ending `.git` is left out.
pub fn paths_beside(profile: &Profile, tenant: &Tenant, url: &SourceUrl) -> Vec<String> {
    let at_host = |pattern: &String| {
        let (scheme, authority, path) = parts(pattern)?;
        let fits = scheme == url.scheme() && matches(authority.to_ascii_lowercase().as_bytes(), url.authority().as_bytes());
        fits.then(|| bare(path).to_owned())
    };
    sources(profile, Some(tenant)).iter().filter_map(at_host).collect()
}

/// Whether the profile allows a revision. Without patterns of its own it allows none that whoever opens a pull request on a git host writes.
pub fn may_build_revision(profile: &Profile, url: Option<&SourceUrl>, revision: Option<&str>) -> bool {
    let revision = revision.unwrap_or("HEAD");
    // `refs/heads/main^{SHA}` asks for that commit, whether or not the branch leads to it.
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

/// Whether a revision is of a pull or merge request, as GitHub, GitLab and Bitbucket name them, or a reference that is no branch and no
/// tag: hosts keep proposals below many names (`refs/changes/`, `refs/keep-around/`).
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

/// Whether one of the patterns covers the URL. `*` stands for any characters, but one in the host never reaches into the path, and
/// one in the path never into the host. The host's case and an ending `.git` make no difference.
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
    // A pattern that ends within the host with `*` goes on with any path.
    let (authority, path) = rest.split_once('/').unwrap_or((rest, if rest.ends_with('*') { "*" } else { "" }));
    Some((scheme, authority, path))
}

fn bare(path: &str) -> &str {
    path.strip_suffix(".git").unwrap_or(path)
}

/// Matches a pattern with `*`, in time linear in pattern times text: on a mismatch only the last `*` takes one byte more.
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

/// The tenant of a job that names none: the source's host and owner, joined by a dash and in lower case, as hosts take them:
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

/// How a source is fetched: CodeBuild's name for its type, and what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access<'a> {
    /// `NO_SOURCE`: the central buildspec clones it.
    pub source_type: &'a str,
    pub credential: &'a Credential,
}

/// How the operator's hosts say that a source is fetched; a host that nobody names is known by its own name, or cloned in the build.
pub fn access<'a>(hosts: &'a [SourceHost], url: &SourceUrl) -> Access<'a> {
    let authority = url.authority();
    let fits = |host: &&SourceHost| matches(host.host.as_bytes(), authority.as_bytes());
    let host = hosts.iter().find(fits).filter(|_| url.scheme() == "https");
    Access {
        source_type: host.and_then(|host| host.source_type.as_deref()).unwrap_or_else(|| source_type(url)),
        credential: host.map_or(&Credential::Project, |host| &host.credential),
    }
}

/// By the host's own name. A `file` URL is for local mode, whose endpoint clones it as it would a git server's.
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

/// Where CodeBuild finds the source: `bucket/key.zip` on S3, else the URL.
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
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn url(text: &str) -> SourceUrl {
        SourceUrl::parse(text).unwrap()
    }

    #[test]
    fn patterns_cover_what_they_name_and_nothing_beside_it() {
        for (pattern, text, expected) in [
            ("https://github.com/acme/*", "https://github.com/acme/app", true),
            ("https://github.com/acme/*", "https://GITHUB.com:443/acme/app.git", true),
            ("https://GitHub.com/acme/*", "https://github.com/acme/deep/er", true),
            ("https://github.com/acme/*", "https://github.com.evil/acme/x", false),
            ("https://github.com/acme/*", "https://evil/github.com/acme/x", false),
            ("https://github.com/acme/*", "https://github.com/acme-evil/x", false),
            ("https://github.com/acme/*", "https://github.com/ACME/x", false),
            ("https://github.com/acme/*", "https://github.com:8443/acme/x", false),
            ("https://github.com/acme/*", "https://xgithub.com/acme/x", false),
            ("https://github.com/acme/app", "https://github.com/acme/app.git", true),
            ("https://github.com/acme/app.git", "https://github.com/acme/app", true),
            ("https://github.com/acme/app", "https://github.com/acme/apple", false),
            ("https://github.com/*/app", "https://github.com/acme/app.git", true),
            ("https://github.com/*/app", "https://github.com/acme/other", false),
            ("https://*.example.com/*", "https://git.example.com/a/b", true),
            ("https://*.example.com/*", "https://evil.test/x.example.com/b", false),
            ("https://*.example.com/*", "https://example.com.evil.test/b", false),
            ("https://*", "https://any.example/a/b", true),
            ("https://*", "file:///a", false),
            ("https://github.com", "https://github.com/acme/app", false),
            ("https://git.example.com:8443/*", "https://git.example.com:8443/a", true),
            ("s3://bucket/code/*", "s3://bucket/code/app.zip", true),
            ("s3://bucket/code/*", "s3://bucket/other/app.zip", false),
            ("file:///*", "file:///srv/git/app", true),
            ("file:///srv/*", "file:///etc/passwd", false),
            ("*", "file:///etc", true),
            ("", "https://github.com/acme/app", false),
            ("github.com/acme/*", "https://github.com/acme/app", false),
        ] {
            assert_eq!(allows(&[pattern.to_owned()], &url(text)), expected, "{pattern} on {text}");
        }
        assert!(!allows(&[], &url("https://github.com/acme/app")));
        assert!(allows(&["s3://a-b/*".to_owned(), "file:///*".to_owned()], &url("file:///a")), "any pattern will do");
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let text = format!("https://github.com/{}", "a".repeat(1_000));
        assert!(!allows(&[format!("https://github.com/{}b", "a*".repeat(500))], &url(&text)));
    }

    #[test]
    fn sources_have_a_tenant_a_type_a_location_and_a_short_name() {
        for (text, owner, kind, location, repository) in [
            ("https://github.com/Acme/app.git", "github.com-acme", "GITHUB", "https://github.com/Acme/app.git", "github.com/Acme/app"),
            ("https://gitlab.com/a/b/c", "gitlab.com-a", "GITLAB", "https://gitlab.com/a/b/c", "gitlab.com/a/b/c"),
            ("https://bitbucket.org/a/b", "bitbucket.org-a", "BITBUCKET", "https://bitbucket.org/a/b", "bitbucket.org/a/b"),
            ("https://git.test/a/b", "git.test-a", "NO_SOURCE", "https://git.test/a/b", "git.test/a/b"),
            ("https://github.com.evil/a/b", "github.com.evil-a", "NO_SOURCE", "https://github.com.evil/a/b", "github.com.evil/a/b"),
            ("s3://bucket/k/app.zip", "s3-bucket", "S3", "bucket/k/app.zip", "bucket/k/app.zip"),
            ("file:///srv/app", "file", "GITHUB_ENTERPRISE", "file:///srv/app", "srv/app"),
        ] {
            let url = url(text);
            let found = (tenant(&url).to_string(), source_type(&url), source_location(&url), super::repository(&url));
            assert_eq!(found, (owner.into(), kind, location.into(), repository.into()));
        }
        assert_eq!(source_type(&url("https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app")), "CODECOMMIT");
        let odd = tenant(&url("https://git.test:8443/a$b/c"));
        assert!(odd.as_str().starts_with("git.test-8443-a-b-"), "{odd}");
    }

    #[test]
    fn the_operators_hosts_say_how_a_source_is_fetched() {
        let host =
            |host: &str, kind: Option<&str>, credential| SourceHost { host: host.into(), source_type: kind.map(Into::into), credential };
        let connection = Credential::Connection("arn:aws:codeconnections:eu-west-1:123456789012:connection/x".into());
        let secret = Credential::Secret("git/token".into());
        let hosts = [
            host("github.com", None, connection.clone()),
            host("git.example.com", Some("GITLAB_SELF_MANAGED"), secret.clone()),
            host("*.example.com", Some("NO_SOURCE"), secret.clone()),
        ];
        for (text, source_type, credential) in [
            ("https://github.com/a/b", "GITHUB", &connection),
            ("https://gitlab.com/a/b", "GITLAB", &Credential::Project),
            ("https://git.example.com/a/b", "GITLAB_SELF_MANAGED", &secret),
            ("https://other.example.com/a/b", "NO_SOURCE", &secret),
            ("https://example.com.evil.test/a/b", "NO_SOURCE", &Credential::Project),
            ("s3://github.com/a.zip", "S3", &Credential::Project),
        ] {
            assert_eq!(access(&hosts, &url(text)), Access { source_type, credential }, "{text}");
        }
    }

    #[test]
    fn unless_the_operator_says_otherwise_a_pull_requests_code_is_not_built() {
        let github = url("https://github.com/acme/app");
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let pinned = format!("refs/pull/25/head^{{{commit}}}");
        let may = |patterns: &[&str], url: &SourceUrl, revision| {
            let profile = Profile { revisions: patterns.iter().map(|&pattern| pattern.to_owned()).collect(), ..Profile::default() };
            may_build_revision(&profile, Some(url), revision)
        };
        for allowed in [None, Some("main"), Some("v1.2"), Some(commit), Some("prod/x"), Some("refs/heads/pr"), Some("refs/tags/v1")] {
            assert!(may(&[], &github, allowed), "{allowed:?}");
        }
        let proposed = ["pr/25", "PR/25", "refs/pull/25/head", "refs/pull/25/merge", &pinned, "pull/25/head", "refs/merge-requests/1/head"];
        // Gerrit's changes, and what GitLab keeps of forks.
        let elsewhere =
            ["refs/changes/34/1234/5", "refs/keep-around/x", "refs/pipelines/7", "refs/remotes/pull/25", "refs/refs/pull/25/head"];
        let proposed = proposed.into_iter().chain(elsewhere);
        for refused in proposed {
            assert!(!may(&[], &github, Some(refused)), "{refused}");
            assert!(may(&["*"], &github, Some(refused)), "{refused}");
        }
        assert!(may(&[], &url("file:///srv/app"), Some("pr/25")) && may(&[], &url("s3://bucket/a.zip"), Some("pr/25")));
        assert!(may(&[], &url("https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app"), Some("pr/25")));
        let patterns = ["HEAD", "release/*", "refs/pull/*"];
        for (revision, expected) in [
            (None, true),
            (Some("release/1"), true),
            (Some("main"), false),
            (Some("refs/pull/25/head"), true),
            (Some(&*pinned), false),
            (Some(commit), false),
        ] {
            assert_eq!(may(&patterns, &github, revision), expected, "{revision:?}");
        }
        assert!(!may(&["main"], &github, None), "the default branch may be any");
    }

    #[test]
    fn a_tenant_with_patterns_of_its_own_has_only_those() {
        let profile = Profile {
            sources: vec!["https://github.com/*".into()],
            tenants: vec!["a".into(), "b".into()],
            tenant_sources: [("b".to_owned(), vec!["https://git.example.com/b/*".to_owned()])].into(),
            ..Profile::default()
        };
        let (a, b, c) = (Tenant::parse("a").unwrap(), Tenant::parse("b").unwrap(), Tenant::parse("c").unwrap());
        assert!(may_build(&profile, Some(&a), &url("https://github.com/x/y")));
        assert!(!may_build(&profile, Some(&b), &url("https://github.com/x/y")));
        assert!(may_build(&profile, Some(&b), &url("https://git.example.com/b/y")));
        assert_eq!(paths_beside(&profile, &b, &url("https://git.example.com/b/y.git")), ["b/*"]);
        assert_eq!(paths_beside(&profile, &a, &url("https://git.example.com/b/y.git")), [""; 0]);
        assert_eq!([&a, &b, &c].map(|tenant| may_use(&profile, tenant)), [true, true, false]);
    }
}
