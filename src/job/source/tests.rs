#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

#[test]
fn urls_of_every_scheme_are_kept_as_written() {
    for (text, authority, path) in [
        ("https://github.com/acme/app", "github.com", "acme/app"),
        ("https://GitHub.com:443/acme/app.git", "github.com", "acme/app.git"),
        ("https://git.example.com:8443/a/b", "git.example.com:8443", "a/b"),
        ("https://dev.azure.com/org/My%20Project/_git/app", "dev.azure.com", "org/My%20Project/_git/app"),
        ("https://github.com/acme/$(id);`x`'&|", "github.com", "acme/$(id);`x`'&|"),
        ("https://github.com/@acme/app", "github.com", "@acme/app"),
        ("https://dev.azure.com/org/Caf%C3%A9/_git/a;b", "dev.azure.com", "org/Caf%C3%A9/_git/a;b"),
        ("s3://my-bucket/code/app.zip", "my-bucket", "code/app.zip"),
        ("file:///srv/git/app", "", "srv/git/app"),
    ] {
        let url = SourceUrl::parse(text).unwrap();
        assert_eq!((url.as_str(), url.authority().as_str(), url.path()), (text, authority, path));
    }
}

#[test]
fn ambiguous_urls_are_refused() {
    for (text, rule) in [
        ("", "begin with https://"),
        ("http://github.com/acme/app", "begin with https://"),
        ("HTTPS://github.com/acme/app", "begin with https://"),
        ("ssh://git@github.com/acme/app", "begin with https://"),
        ("ext::sh -c id", "printable"),
        ("git@github.com:acme/app", "begin with https://"),
        ("--upload-pack=touch /tmp/x", "option"),
        ("https://user:password@github.com/acme/app", "user or password"),
        ("https://token@github.com/acme/app", "user or password"),
        ("https://github.com@evil.example/acme/app", "user or password"),
        ("https://github.com/acme/../evil/app", "'..'"),
        ("https://github.com/acme/%2e%2E/evil/app", "escape"),
        ("https://github.com/acme/%252e%252e/evil", "escape"),
        ("https://github.com/acme%2fapp", "escape"),
        ("https://github.com/acme/%0aapp", "escape"),
        ("https://github.com/acme/%zz", "hexadecimal"),
        ("https://github.com/acme/app%2", "hexadecimal"),
        ("https://github.com/acme/..;/evil/app", "'..'"),
        ("https://github.com/acme/..;x=1/evil/app", "'..'"),
        ("https://github.com/acme/..%3B/evil/app", "'..'"),
        ("https://github.com/acme/..%20/evil/app", "'..'"),
        ("https://github.com/acme/.../evil/app", "'..'"),
        ("https://github.com/acme/;/evil/app", "empty"),
        ("https://github.com/acme/%C0%AE%C0%AE/evil/app", "letters"),
        ("https://github.com/acme/%EF%BC%8E%EF%BC%8E/evil/app", "letters"),
        ("https://github.com/acme/%E2%80%A5/evil/app", "letters"),
        ("https://github.com/acme/..%C0%AFevil/app", "letters"),
        ("https://github.com/acme/..%EF%BC%8Fevil/app", "letters"),
        ("https://github.com/acme/%u002e%u002e/evil/app", "hexadecimal"),
        ("https://github.com/acme/\u{ff0e}\u{ff0e}/evil/app", "printable"),
        ("https://github.com/acme/\u{e9}", "printable"),
        ("https://github.com/acme\\..\\evil", "backslashes"),
        ("https://github.com/acme/app?x=1", "query"),
        ("https://github.com/acme/app#main", "fragment"),
        ("https://github.com/acme//app", "empty"),
        ("https://github.com/acme/app/", "empty"),
        ("https://github.com", "a repository, like https://github.com/acme/app"),
        ("https://github.com/", "a repository"),
        ("https://github.com./acme/app", "host"),
        ("https:///acme/app", "host"),
        ("https://[::1]/acme/app", "host"),
        ("https://-x.example/acme/app", "host"),
        ("https://github.com:x/acme/app", "host"),
        ("https://github.com:+1/acme/app", "host"),
        ("https://github.com:99999/acme/app", "host"),
        ("s3://Bucket/key.zip", "bucket"),
        ("s3://bucket", "an object, like s3://bucket/key.zip"),
        ("file://host/path", "file:///path"),
        ("https://github.com/acme/app\n", "control"),
        (&format!("https://github.com/{}", "x".repeat(1_024)), "1,024"),
    ] {
        let rules = SourceUrl::parse(text).unwrap_err();
        assert!(rules.contains(rule), "{text:?}: {rules}");
    }
}

#[test]
fn the_problem_of_an_ssh_url_shows_its_https_form() {
    for (text, https) in [
        ("git@github.com:acme/app.git", "https://github.com/acme/app.git"),
        ("ssh://git@github.com/acme/app", "https://github.com/acme/app"),
        ("ssh://git@git.example.com:2222/acme/app.git", "https://git.example.com/acme/app.git"),
        ("git://github.com/acme/app", "https://github.com/acme/app"),
        ("http://me:secret@github.com/acme/app", "https://github.com/acme/app"),
    ] {
        assert_eq!(SourceUrl::read(text), Err(format!("must begin with https://, s3:// or file:///: write {https}")), "{text}");
    }
    for text in ["ext::sh -c id", "git@github.com:../x", "github.com:acme/app", "ssh://git@/x", "ftp://github.com/acme/app", "a:b"] {
        let problem = SourceUrl::read(text).unwrap_err();
        assert!(!problem.contains("write https"), "{text}: {problem}");
    }
}

#[test]
fn revisions_obey_the_rules_of_git() {
    for good in ["main", "feature/x-1", "v1.4.2", "pr/25", "9f1c3b7", "ümlaut", "a@b", "dependabot/npm/$x;y", "aAbB_3.x"] {
        assert_eq!(check_revision(good), Ok(()), "{good}");
    }
    let commit = "0123456789abcdef0123456789ABCDEF01234567";
    assert_eq!(check_revision(&format!("refs/pull/25/head^{{{commit}}}")), Ok(()));
    let longer = format!("{commit}0");
    for (reference, commit) in
        [("refs/pull/25/head", "0123"), ("refs/heads/a", &longer), ("main", commit), ("refs/a b", commit), ("refs/-/../x", commit)]
    {
        assert!(check_revision(&format!("{reference}^{{{commit}}}")).is_err(), "{reference} {commit}");
    }
    assert!(check_revision("refs/heads/main^{commit}").is_err());
    let bad = "-b --upload-pack=x a..b a.lock a/b.lock .a a/.b /a a/ a//b a~1 a^ a:b a? a* a[ a\\b @ @{u} a@{1} a.";
    for bad in bad.split(' ').chain(["", "a b", "a\tb", "a\nb", "a\u{7f}", "a\u{a0}b", "+main", "+refs/pull/25/head"]) {
        assert!(check_revision(bad).is_err(), "{bad:?}");
    }
}
