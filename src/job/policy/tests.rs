#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn url(text: &str) -> SourceUrl {
    SourceUrl::parse(text).unwrap()
}

#[test]
fn patterns_match_what_they_name_and_nothing_else() {
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
fn a_hostile_pattern_is_matched_quickly() {
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
fn the_list_of_hosts_decides_how_a_source_is_fetched() {
    let host = |host: &str, kind: Option<&str>, credential| SourceHost { host: host.into(), source_type: kind.map(Into::into), credential };
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
fn pull_requests_are_not_built_by_default() {
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
    // Gerrit's changes, and references that GitLab keeps for forks.
    let elsewhere = ["refs/changes/34/1234/5", "refs/keep-around/x", "refs/pipelines/7", "refs/remotes/pull/25", "refs/refs/pull/25/head"];
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
fn the_patterns_of_a_tenant_replace_those_of_the_profile() {
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
